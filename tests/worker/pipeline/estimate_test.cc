#include "worker/pipeline/estimate.h"

#include <gtest/gtest.h>

#include "tests/worker/pipeline/shard_world.h"

namespace millrace {
namespace {

TEST(Estimate, IsNearTheRealSize) {
  ShardWorld world;
  world.AddImage("a.jpg", {.width = 640, .height = 480});
  world.AddRow("a.jpg");
  const std::string path = world.folder() + "/a.jpg";
  world.spec.set_compression(COMPRESSION_NONE);
  const int64_t plain = EstimateRecordBytes(path, world.spec).value();
  EXPECT_NEAR(static_cast<double>(plain), static_cast<double>(world.Run().bytes.size()), 200);
  world.spec.set_compression(COMPRESSION_GZIP);
  EXPECT_NEAR(static_cast<double>(EstimateRecordBytes(path, world.spec).value()), 0.57 * static_cast<double>(plain),
              200);
}

TEST(Estimate, HasNothingForWhatWillBeADeadLetter) {
  ShardWorld world;
  world.AddFile("page.jpg", "<!DOCTYPE html>");
  world.AddFile("bomb.jpg", WithSize(MakeJpeg({}), 65'500, 65'500));
  for (const char* name : {"/page.jpg", "/bomb.jpg", "/missing.jpg"}) {
    EXPECT_FALSE(EstimateRecordBytes(world.folder() + name, world.spec).has_value()) << name;
  }
}

}  // namespace
}  // namespace millrace
