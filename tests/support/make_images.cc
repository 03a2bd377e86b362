// make_images --output FOLDER --count N [--size WxH]: real JPEG files that look and compress like photographs (soft
// light, shapes, sensor noise), in FOLDER/cat and FOLDER/dog, and FOLDER/images.csv with split, image_uri, label. Each
// is at most W x H and at least half of it (480x400); some are grayscale, some progressive. The same numbers give the
// same bytes. For the quick start and tests, which must not need Python or a download.
#include <algorithm>
#include <cstdint>
#include <cstdio>
// jpeglib.h needs cstdio before it.
#include <jpeglib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace millrace {
namespace {

// xorshift64*: a few lines, and the same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  uint32_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 0x2545f4914f6cdd1dull) >> 32);
  }
  int Between(int low, int high) { return low + static_cast<int>(Next() % static_cast<uint32_t>(high - low + 1)); }

 private:
  uint64_t state_;
};

struct Image {
  int width, height, channels;
  std::vector<uint8_t> pixels;  // [height, width, channels]
};

struct Blob {
  int x, y, radius;
  int color[3];
};

std::vector<Blob> MakeBlobs(Random& random, int width, int height) {
  std::vector<Blob> blobs(static_cast<size_t>(random.Between(5, 12)));
  for (Blob& blob : blobs) {
    blob = {
        random.Between(0, width), random.Between(0, height), random.Between(1, std::min(width, height) / 2 + 1), {}};
    for (int& channel : blob.color) channel = random.Between(20, 235);
  }
  return blobs;
}

// One channel of one pixel: a gradient of light, covered by soft discs, with noise of a few steps.
int Shade(const std::vector<Blob>& blobs, int x, int y, int channel, int light) {
  int value = light;
  for (const Blob& blob : blobs) {
    const int dx = x - blob.x, dy = y - blob.y;
    const int inside = blob.radius * blob.radius - dx * dx - dy * dy;
    if (inside > 0) {
      const int cover = std::min(256, inside * 512 / (blob.radius * blob.radius));
      value += (blob.color[channel] - value) * cover / 256;
    }
  }
  return value;
}

struct Options {
  std::string output;
  int count = 0;
  int width = 480, height = 400;  // at most
};

Image Paint(uint64_t seed, const Options& options, int channels) {
  Random random(seed);
  const int width = random.Between((options.width + 1) / 2, options.width);
  const int height = random.Between((options.height + 1) / 2, options.height);
  Image image{width, height, channels, {}};
  const std::vector<Blob> blobs = MakeBlobs(random, image.width, image.height);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x)
      for (int c = 0; c < channels; ++c) {
        const int light = 40 + 150 * y / image.height + 40 * x / image.width + 8 * c;
        const int value = Shade(blobs, x, y, c, light) + random.Between(-6, 6);
        image.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0, 255)));
      }
  return image;
}

// libjpeg's default error handler prints and ends the process: right for a tool.
bool WriteJpeg(const Image& image, const std::string& path, bool progressive) {
  FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  jpeg_stdio_dest(&encoder, file);
  encoder.image_width = static_cast<JDIMENSION>(image.width);
  encoder.image_height = static_cast<JDIMENSION>(image.height);
  encoder.input_components = image.channels;
  encoder.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 90, TRUE);
  if (progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  const size_t stride = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  while (encoder.next_scanline < encoder.image_height) {
    JSAMPROW row = const_cast<uint8_t*>(image.pixels.data()) + encoder.next_scanline * stride;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  jpeg_destroy_compress(&encoder);
  return std::fclose(file) == 0;
}

// 80/10/10, interleaved as in a shuffled file.
const char* SplitOf(int i) {
  if (i % 10 == 3) return "VALIDATION";
  return i % 10 == 7 ? "TEST" : "TRAIN";
}

bool ParseSize(absl::string_view text, Options* options) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('x', 1));
  return absl::SimpleAtoi(parts.first, &options->width) && absl::SimpleAtoi(parts.second, &options->height) &&
         options->width >= 1 && options->height >= 1 && options->width <= 8192 && options->height <= 8192;
}

bool Parse(int argc, char** argv, Options* options) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const absl::string_view flag = argv[i];
    if (flag == "--output") {
      options->output = argv[i + 1];
    } else if (flag == "--count") {
      if (!absl::SimpleAtoi(argv[i + 1], &options->count)) return false;
    } else if (flag != "--size" || !ParseSize(argv[i + 1], options)) {
      return false;
    }
  }
  return argc % 2 == 1 && !options->output.empty() && options->count >= 1;
}

int Main(int argc, char** argv) {
  Options options;
  if (!Parse(argc, argv, &options)) {
    std::fprintf(stderr, "usage: make_images --output FOLDER --count N [--size WxH]\n");
    return 2;
  }
  const std::filesystem::path folder = options.output;
  std::filesystem::create_directories(folder / "cat");
  std::filesystem::create_directories(folder / "dog");
  std::ofstream csv(folder / "images.csv");
  csv << "split,image_uri,label\n";
  for (int i = 0; i < options.count; ++i) {
    const char* label = i % 2 == 0 ? "cat" : "dog";
    const std::string uri = absl::StrCat(label, "/", label, ".", i, ".jpg");
    const Image image = Paint(static_cast<uint64_t>(i) + 1, options, i % 16 == 5 ? 1 : 3);
    if (!WriteJpeg(image, folder / uri, i % 8 == 6)) {
      std::fprintf(stderr, "error: cannot write %s\n", (folder / uri).c_str());
      return 1;
    }
    csv << SplitOf(i) << "," << uri << "," << label << "\n";
  }
  return csv.flush() ? 0 : 1;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
