// TFRecorder's own output, feature by feature: its pixels are Pillow 9.5's.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/image/jpeg.h"
#include "common/io/gzip_reader.h"
#include "common/record/record_reader.h"
#include "tests/support/decoded_example.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

std::vector<DecodedExample> ReadShard(const fs::path& path) {
  absl::StatusOr<FileSource> file = FileSource::Open(path.string());
  EXPECT_TRUE(file.ok()) << file.status();
  GzipReader gzip(*file);
  RecordReader reader(gzip);
  std::vector<DecodedExample> examples;
  ByteBuffer record;
  for (;;) {
    absl::StatusOr<bool> more = reader.Next(record);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) return examples;
    absl::StatusOr<DecodedExample> example = DecodeExample(record.view());
    EXPECT_TRUE(example.ok()) << example.status();
    if (example.ok()) examples.push_back(*std::move(example));
  }
}

std::string PixelsOf(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  JpegDecoder decoder;
  ImageOr<StoredHeader> header = decoder.Open(file, {});
  if (!std::holds_alternative<StoredHeader>(header)) return "not decoded";
  std::string pixels(static_cast<size_t>(std::get<StoredHeader>(header).pixel_bytes()), '\0');
  auto error = decoder.Decode(reinterpret_cast<uint8_t*>(pixels.data()));
  return error.has_value() ? error->detail : pixels;
}

TEST(Golden, PixelsAreThoseThatTfrecorderWrote) {
  const fs::path golden = fs::path(MILLRACE_SHARED_DIR) / "tfrecorder-golden";
  if (!fs::exists(golden)) GTEST_SKIP() << golden << " is not here: the comparison with TFRecorder is left out";
  int images = 0;
  for (const auto& entry : fs::recursive_directory_iterator(golden / "expected")) {
    if (entry.path().extension() != ".gz") continue;
    for (const DecodedExample& example : ReadShard(entry.path())) {
      EXPECT_TRUE(PixelsOf(golden / "images" / example.image_name) == example.pixels) << example.image_name;
      ++images;
    }
  }
  EXPECT_EQ(images, 12) << "of 15 rows: one truncated, one missing, one of an unknown split";
}

}  // namespace
}  // namespace millrace
