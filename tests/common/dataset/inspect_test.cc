#include "common/dataset/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class InspectTest : public testing::Test {
 protected:
  InspectTest() : output_(absl::StrCat(testing::TempDir(), "/inspect_", getpid(), "_", Name())) {
    std::filesystem::remove_all(output_);
  }
  ~InspectTest() override { std::filesystem::remove_all(output_); }

  static std::string Name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::string Csv() const {
    std::ifstream file(output_ + "/data.csv", std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  absl::StatusOr<InspectResult> Inspect(Split split, int64_t records) const {
    return InspectDataset(world_.store, world_.folder, {.split = split, .records = records, .output = output_});
  }

  const std::string output_;
  DatasetWorld world_;
};

std::string ReadPng(const std::string& path, bool gray) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  EXPECT_TRUE(png_image_begin_read_from_file(&image, path.c_str())) << image.message;
  EXPECT_EQ(image.format, gray ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB);
  std::string pixels(PNG_IMAGE_SIZE(image), '\0');
  EXPECT_TRUE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr)) << image.message;
  return pixels;
}

TEST_F(InspectTest, ShowsTheFirstRecordsAcrossShards) {
  world_.Write();
  const auto result = Inspect(SPLIT_TRAIN, 10);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->records, 3);
  EXPECT_EQ(Csv(),
            "picture,image_name,image_height,image_width,image_channels,label,label_name,split\n"
            "0000-a.png,a.jpg,2,3,3,0,dog,TRAIN\n"
            "0001-b.png,b.jpg,2,3,3,1,cat,TRAIN\n"
            "0002-c.png,c.jpg,4,4,1,-1,,TRAIN\n");
  EXPECT_EQ(ReadPng(result->images[1], false), PixelsOf(world_.shards[0][1]));
  EXPECT_EQ(ReadPng(result->images[2], true), PixelsOf(world_.shards[1][0]));
}

TEST_F(InspectTest, ShowsEveryPayload) {
  for (const Payload payload : {PAYLOAD_RAW, PAYLOAD_PNG}) {
    DatasetWorld world;
    world.spec.set_payload(payload);
    world.Write();
    const auto result =
        InspectDataset(world.store, world.folder, {.split = SPLIT_TRAIN, .records = 10, .output = output_});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(ReadPng(result->images[1], false), PixelsOf(world.shards[0][1]));
    EXPECT_EQ(ReadPng(result->images[2], true), PixelsOf(world.shards[1][0]));
  }
}

TEST_F(InspectTest, AContactSheetHasThePicturesInOrder) {
  world_.shards[0] = {{"a.jpg", "TRAIN", 0, 128, 128, 1}, {"b.jpg", "TRAIN", 1, 64, 128, 3}};
  world_.Write();
  const auto result =
      InspectDataset(world_.store, world_.folder,
                     {.split = SPLIT_TRAIN, .records = 3, .output = output_, .montage = output_ + "/sheet.png"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Csv(),
              HasSubstr("label_name,split,montage_row,montage_column\n0000-a.png,a.jpg,128,128,1,0,dog,TRAIN,0,0\n"));
  EXPECT_THAT(Csv(), HasSubstr("c.jpg,4,4,1,-1,,TRAIN,1,0\n"));
  const std::string sheet = ReadPng(result->montage, false);
  const size_t stride = (2 * 132 + 4) * 3;
  ASSERT_EQ(sheet.size(), stride * (2 * 132 + 4));
  const auto pixel = [&](size_t x, size_t y) { return sheet.substr(y * stride + x * 3, 3); };
  EXPECT_EQ(pixel(0, 0), "\xff\xff\xff");
  const std::string gray = PixelsOf(world_.shards[0][0]), color = PixelsOf(world_.shards[0][1]);
  EXPECT_EQ(pixel(4, 4), std::string(3, gray[0]));
  EXPECT_EQ(pixel(4 + 127, 4 + 127), std::string(3, gray.back()));
  EXPECT_EQ(pixel(136, 4), "\xff\xff\xff") << "a wide picture lies in the middle of its square";
  EXPECT_EQ(pixel(136, 4 + 32), color.substr(0, 3));
}

TEST_F(InspectTest, StopsAfterTheRecordsAskedFor) {
  world_.Write();
  EXPECT_EQ(Inspect(SPLIT_TRAIN, 1)->images.size(), 1u);
}

TEST_F(InspectTest, NamesOfRecordsCannotLeaveTheFolderNorBreakTheCsv) {
  world_.shards[2] = {{"../../etc/x\"y.jpg", "TEST"}, {"..", "TEST"}, {"", "TEST"}, {std::string(300, 'n'), "TEST"}};
  world_.Write();
  const auto result = Inspect(SPLIT_TEST, 10);
  ASSERT_TRUE(result.ok()) << result.status();
  for (const std::string& path : result->images)
    EXPECT_EQ(std::filesystem::path(path).parent_path(), std::filesystem::path(output_)) << path;
  EXPECT_THAT(Csv(), HasSubstr("0000-x_y.png,\"../../etc/x\"\"y.jpg\",2,3"));
}

TEST_F(InspectTest, ReadsAFolderWithoutAManifest) {
  world_.Write();
  world_.Remove("_manifest.json");
  EXPECT_EQ(Inspect(SPLIT_TRAIN, 10)->records, 3);
}

TEST_F(InspectTest, SaysWhatIsMissingOrDamaged) {
  world_.Write();
  EXPECT_THAT(std::string(Inspect(SPLIT_VALIDATION, 1).status().message()),
              HasSubstr("no records of split VALIDATION"));
  std::string bytes = world_.Read(world_.Shard(0));
  world_.Replace(world_.Shard(0), bytes.substr(0, bytes.size() / 2));
  const absl::Status status = Inspect(SPLIT_TRAIN, 10).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("train-00000-of-00002.tfrecord.gz: "));
}

}  // namespace
}  // namespace millrace
