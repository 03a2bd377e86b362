// What a core does with the images of a folder, by step: marker walk, decoding, resizing, encoding.
//   picture_benchmark [--folder ../shared/data/catsdogs] [--rounds 3] [--size 256x256]: images a second of CPU time
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/image/image_decoder.h"
#include "common/image/image_encoder.h"
#include "common/image/jpeg_structure.h"

namespace millrace {
namespace {

using Fit = PictureOptions::Fit;

// The machine may be shared; what other programs do is not our speed.
double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::vector<std::string> ReadAll(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().extension() == ".csv") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return files;
}

// Runs `step` on every file, several times; the best round counts.
template <typename Step>
void Measure(const char* what, const std::vector<std::string>& files, int rounds, Step step) {
  double best = 1e30;
  int64_t bytes = 0;
  for (int k = 0; k < rounds; ++k) {
    bytes = 0;
    const double start = CpuSeconds();
    for (const std::string& file : files) bytes += step(file);
    best = std::min(best, CpuSeconds() - start);
  }
  const double count = static_cast<double>(files.size());
  std::printf("%-34s %9.0f images/s  %7.3f ms  %9.0f bytes each\n", what, count / best, best / count * 1e3,
              static_cast<double>(bytes) / count);
}

class Pictures {
 public:
  int64_t Decode(const std::string& file, const PictureOptions& options) {
    ImageOr<ImageHeader> opened = decoder_.Open(file, options, {});
    if (!std::holds_alternative<ImageHeader>(opened)) return 0;
    header_ = std::get<ImageHeader>(opened);
    pixels_.resize(static_cast<size_t>(header_.pixel_bytes()));
    decoder_.Decode(pixels_.data());
    return header_.pixel_bytes();
  }
  int64_t Recode(const std::string& file, const PictureOptions& options) {
    ImageOr<ImageHeader> opened = decoder_.Open(file, options, {});
    if (!std::holds_alternative<ImageHeader>(opened) || !std::get<ImageHeader>(opened).recodes) return 0;
    out_.clear();
    decoder_.RecodeJpeg(95, out_);
    return static_cast<int64_t>(out_.size());
  }
  int64_t Encode(bool png) {
    out_.clear();
    const PictureView view{pixels_.data(), header_.width, header_.height, header_.channels};
    png ? encoder_.AppendPng(view, out_) : encoder_.AppendJpeg(view, 95, out_);
    return static_cast<int64_t>(out_.size());
  }

 private:
  ImageDecoder decoder_;
  ImageEncoder encoder_;
  ImageHeader header_;
  std::vector<uint8_t> pixels_;
  std::string out_;
};

void Run(const std::vector<std::string>& files, int rounds, int32_t width, int32_t height) {
  Pictures pictures;
  Measure("marker walk", files, rounds * 10, [](const std::string& file) {
    ImageOr<JpegStructure> checked = CheckJpegStructure(file, {});
    return std::holds_alternative<JpegStructure>(checked) ? std::get<JpegStructure>(checked).image_bytes : 0;
  });
  Measure("decode", files, rounds, [&](const std::string& file) { return pictures.Decode(file, {}); });
  const PictureOptions stretch{.resize = PictureOptions::Resize{width, height, Fit::kStretch}};
  const PictureOptions fit{.resize = PictureOptions::Resize{width, height, Fit::kInside}};
  const PictureOptions crop{.resize = PictureOptions::Resize{width, height, Fit::kCenterCrop}};
  Measure("decode, stretch", files, rounds, [&](const std::string& f) { return pictures.Decode(f, stretch); });
  Measure("decode, fit", files, rounds, [&](const std::string& f) { return pictures.Decode(f, fit); });
  Measure("decode, center_crop", files, rounds, [&](const std::string& f) { return pictures.Decode(f, crop); });
  Measure("recode, stretch, JPEG 95", files, rounds, [&](const std::string& f) { return pictures.Recode(f, stretch); });
  Measure("recode, fit, JPEG 95", files, rounds, [&](const std::string& f) { return pictures.Recode(f, fit); });
  for (bool png : {false, true}) {
    Measure(png ? "decode, stretch, PNG" : "decode, stretch, JPEG 95", files, rounds, [&](const std::string& file) {
      pictures.Decode(file, stretch);
      return pictures.Encode(png);
    });
    Measure(png ? "decode, fit, PNG" : "decode, fit, JPEG 95", files, rounds, [&](const std::string& file) {
      pictures.Decode(file, fit);
      return pictures.Encode(png);
    });
  }
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  CLI::App app("Measures common/image.");
  std::string folder = "../shared/data/catsdogs", size = "256x256";
  int rounds = 3;
  app.add_option("--folder", folder);
  app.add_option("--rounds", rounds);
  app.add_option("--size", size);
  CLI11_PARSE(app, argc, argv);
  int width = 0, height = 0;
  if (std::sscanf(size.c_str(), "%dx%d", &width, &height) != 2) return 2;
  millrace::Run(millrace::ReadAll(folder), rounds, width, height);
  return 0;
}
