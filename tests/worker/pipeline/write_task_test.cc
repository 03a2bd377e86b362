// One shard: right, in order, and the same bytes whatever helps.
#include "worker/pipeline/write_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/failpoint.h"
#include "common/image/jpeg.h"
#include "common/io/gzip_reader.h"
#include "common/record/record_reader.h"
#include "tests/worker/pipeline/shard_world.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> NamesOf(const ShardResult& run) {
  std::vector<std::string> names;
  for (const DecodedExample& example : ShardWorld::Records(run.bytes)) names.push_back(example.image_name);
  return names;
}

// `n` good images in two folders, of different sizes and kinds.
void AddMany(ShardWorld& world, int n) {
  for (int i = 0; i < n; ++i) {
    const std::string name = absl::StrCat(i % 2 == 0 ? "cat/" : "dog/", i, ".jpg");
    world.AddImage(name, {.width = 50 + i * 7 % 90,
                          .height = 40 + i * 11 % 60,
                          .components = i % 5 == 4   ? 1
                                        : i % 7 == 6 ? 4
                                                     : 3,
                          .progressive = i % 3 == 2,
                          .seed = i});
    world.AddRow(name, i % 2 == 0 ? "cat" : "dog");
  }
}

std::string Inflate(const std::string& member) {
  MemorySource source(member);
  GzipReader reader(source, GzipMembers::kOne);
  std::string stream(4 << 20, '\0');
  size_t size = 0;
  for (size_t n = 1; n > 0; size += n) n = reader.Read(&stream[size], stream.size() - size).value();
  stream.resize(size);
  return stream;
}

class WriteTask : public testing::Test {
 protected:
  void TearDown() override { SetFailpoints(""); }
  ShardWorld world_;
};

TEST_F(WriteTask, WritesEveryRowInOrder) {
  AddMany(world_, 12);
  ShardResult run = world_.Run();
  ASSERT_TRUE(run.status.ok()) << run.status;
  std::vector<DecodedExample> records = ShardWorld::Records(run.bytes);
  ASSERT_EQ(records.size(), 12u);
  for (int i = 0; i < 12; ++i) {
    const DecodedExample& record = records[static_cast<size_t>(i)];
    EXPECT_EQ(record.image_name, absl::StrCat(i, ".jpg"));
    EXPECT_EQ(record.split, "TRAIN");
    EXPECT_EQ(record.label, i % 2 == 0 ? 1 : 0) << "position in the vocabulary";
    EXPECT_EQ(record.width, 50 + i * 7 % 90);
    EXPECT_EQ(record.height, 40 + i * 11 % 60);
    EXPECT_EQ(record.channels, i % 5 == 4 ? 1 : 3);
  }
}

TEST_F(WriteTask, CountsWhatItWrote) {
  AddMany(world_, 6);
  ShardResult run = world_.Run();
  const ShardStatistics& all = run.result.statistics();
  EXPECT_EQ(run.result.counts().rows(), 6);
  EXPECT_EQ(run.result.counts().written(), 6);
  EXPECT_EQ(all.rows(), 6);
  EXPECT_EQ(all.grayscale(), 1);
  EXPECT_EQ(all.labels().at(0), 3);
  EXPECT_EQ(all.labels().at(1), 3);
  EXPECT_EQ(all.min_width(), 50);
  EXPECT_EQ(all.max_width(), 50 + 5 * 7);
  EXPECT_EQ(run.result.shard().path(), "/out/train-00000-of-00004.tfrecord.gz");
  EXPECT_EQ(run.result.shard().size(), static_cast<int64_t>(run.bytes.size()));
  EXPECT_EQ(run.progress.counts().written(), 6);
  EXPECT_EQ(run.progress.rows_total(), 6);
  EXPECT_EQ(run.progress.bytes_read(), all.source_bytes());
  ASSERT_EQ(run.progress.operators_size(), 6);
  for (const OperatorStats& stats : run.progress.operators()) EXPECT_EQ(stats.rows(), 6) << stats.name();
}

TEST_F(WriteTask, TheBytesDoNotDependOnThreads) {
  AddMany(world_, 40);
  world_.AddRow("missing.jpg");
  ShardResult expected = world_.Run();
  ASSERT_TRUE(expected.status.ok());
  for (int threads : {2, 3, 4}) {
    for (uint64_t sequence : {2, 3}) {
      ShardResult run = world_.Run({.threads = threads, .sequence = sequence});
      EXPECT_TRUE(run.bytes == expected.bytes) << threads;
      EXPECT_EQ(run.result.outcomes_hash(), expected.result.outcomes_hash());
      EXPECT_EQ(run.dead_letters, expected.dead_letters);
    }
  }
}

TEST_F(WriteTask, AttemptsBesideEachOtherWriteTheSameBytes) {
  AddMany(world_, 30);
  PipelineResources resources(4, int64_t{512} << 20);
  std::vector<std::string> alone, together(3);
  for (uint32_t shard = 0; shard < 3; ++shard) {
    alone.push_back(world_.Run({.begin = shard * 10, .end = shard * 10 + 10, .shard = shard}).bytes);
  }
  std::vector<std::thread> threads;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    threads.emplace_back([&, shard] {
      together[shard] =
          world_.Run({.begin = shard * 10, .end = shard * 10 + 10, .shard = shard, .resources = &resources}).bytes;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t shard = 0; shard < 3; ++shard) EXPECT_TRUE(together[shard] == alone[shard]) << shard;
}

TEST_F(WriteTask, ShardsCoverTheRowsOnceAlsoShuffled) {
  AddMany(world_, 20);
  std::vector<std::string> plain = NamesOf(world_.Run());
  world_.spec.set_shuffle_seed(42);
  std::vector<std::string> shuffled;
  for (int64_t begin : {0, 5, 10, 15}) {
    for (const std::string& name : NamesOf(world_.Run({.threads = 2, .begin = begin, .end = begin + 5}))) {
      shuffled.push_back(name);
    }
  }
  EXPECT_NE(shuffled, plain);
  EXPECT_EQ(std::multiset<std::string>(shuffled.begin(), shuffled.end()),
            std::multiset<std::string>(plain.begin(), plain.end()));
}

TEST_F(WriteTask, RowsThatCannotBeUsedAreDeadLetters) {
  const std::string good = MakeJpeg({});
  world_.AddImage("good.jpg");
  world_.AddFile("cut.jpg", good.substr(0, good.size() / 2));
  world_.AddFile("page.jpg", "<!DOCTYPE html>");
  world_.AddFile("empty.jpg", "");
  world_.AddFile("bomb.jpg", WithSize(good, 65'500, 65'500));
  for (const char* uri :
       {"cut.jpg", "good.jpg", "missing.jpg", "page.jpg", "empty.jpg", "bomb.jpg", "http://host/a.jpg", "."}) {
    world_.AddRow(uri);
  }
  ShardResult run = world_.Run({.threads = 2});
  ASSERT_TRUE(run.status.ok()) << run.status;
  EXPECT_THAT(NamesOf(run), ElementsAre("good.jpg"));
  EXPECT_EQ(run.result.counts().rows(), 8);
  EXPECT_EQ(run.result.counts().written(), 1);
  EXPECT_EQ(run.result.counts().dead_letters(), 7);
  EXPECT_EQ(run.result.environmental(), 1) << "only the missing file may be there elsewhere";
  std::map<std::string, int64_t> reasons;
  for (const ReasonCount& count : run.result.reasons()) reasons[count.reason()] = count.rows();
  EXPECT_EQ(reasons, (std::map<std::string, int64_t>{{"decode/truncated", 1},
                                                     {"decode/not_an_image", 1},
                                                     {"file/empty", 1},
                                                     {"file/not_found", 1},
                                                     {"file/not_regular", 1},
                                                     {"file/scheme", 1},
                                                     {"image/too_many_pixels", 1}}));
  ASSERT_EQ(run.result.first_bad_rows_size(), 5);
  EXPECT_EQ(run.result.first_bad_rows(0).uri(), "cut.jpg");
  EXPECT_EQ(run.result.first_bad_rows(0).row(), 1);
  EXPECT_EQ(run.result.first_bad_rows(0).shard(), "train-00000");
  EXPECT_EQ(run.result.first_bad_rows(0).line(), 2);
  EXPECT_EQ(run.result.first_bad_rows(0).input(), world_.folder() + "/images.csv");
  EXPECT_EQ(std::count(run.dead_letters.begin(), run.dead_letters.end(), '\n'), 7);
  EXPECT_EQ(run.result.dead_letter_bytes(), static_cast<int64_t>(run.dead_letters.size()));
  EXPECT_THAT(run.dead_letters, HasSubstr(R"("uri":"missing.jpg","reason":"file/not_found")"));
}

TEST_F(WriteTask, WithoutDeadLettersThereIsNoFileOfThem) {
  AddMany(world_, 2);
  EXPECT_EQ(world_.Run().result.dead_letters(), "");
}

TEST_F(WriteTask, AShardWithoutAGoodRowIsAnEmptyStream) {
  world_.AddRow("missing.jpg");
  ShardResult run = world_.Run();
  ASSERT_TRUE(run.status.ok());
  EXPECT_EQ(ShardWorld::Records(run.bytes).size(), 0u);
  EXPECT_GE(run.bytes.size(), 20u) << "one gzip member, never an empty file";
}

TEST_F(WriteTask, UnknownAndMissingLabelsAreMinusOne) {
  world_.AddImage("a.jpg");
  world_.AddRow("a.jpg", "bird");
  world_.AddRow("a.jpg", "");
  ShardResult run = world_.Run();
  for (const DecodedExample& record : ShardWorld::Records(run.bytes)) EXPECT_EQ(record.label, -1);
  EXPECT_EQ(run.result.statistics().labels().at(-1), 2);
}

TEST_F(WriteTask, TheUriBaseReplacesTheFolderOfTheCsv) {
  world_.AddImage("pictures/a.jpg");
  world_.AddRow("a.jpg");
  EXPECT_EQ(world_.Run().result.counts().written(), 0);
  world_.spec.set_uri_base(world_.folder() + "/pictures");
  EXPECT_EQ(world_.Run().result.counts().written(), 1);
}

TEST_F(WriteTask, FileRootsConfine) {
  AddMany(world_, 4);
  const std::string real = std::filesystem::canonical(world_.folder()).string();
  EXPECT_EQ(world_.Run({.file_roots = {real}}).result.counts().written(), 4);
  ShardResult run = world_.Run({.file_roots = {real + "/cat"}});
  EXPECT_EQ(run.result.counts().written(), 2);
  EXPECT_EQ(run.result.reasons(0).reason(), "file/root");
  EXPECT_EQ(run.result.environmental(), 2);
}

TEST_F(WriteTask, OutcomesDecideTheHash) {
  AddMany(world_, 3);
  const ShardResult first = world_.Run();
  EXPECT_EQ(first.result.outcomes_hash().size(), 16u);
  world_.AddImage("dog/1.jpg", {.seed = 99});
  const ShardResult changed = world_.Run();
  EXPECT_NE(changed.result.outcomes_hash(), first.result.outcomes_hash()) << "another source";
  world_.RemoveFile("dog/1.jpg");
  EXPECT_NE(world_.Run().result.outcomes_hash(), changed.result.outcomes_hash()) << "a reason instead";
}

TEST_F(WriteTask, LargeImagesAreStreamedToTheSameBytes) {
  AddMany(world_, 4);
  world_.AddImage("large.jpg", {.width = 2'000, .height = 1'500});
  world_.AddImage("large_gray.jpg", {.width = 2'001, .height = 1'501, .components = 1});
  world_.AddImage("large_cmyk.jpg", {.width = 1'000, .height = 2'000, .components = 4});
  for (const char* name : {"large.jpg", "large_gray.jpg", "large_cmyk.jpg"}) world_.AddRow(name);
  const ShardResult whole = world_.Run();
  world_.spec.set_max_image_memory_bytes(3'600'000);  // not enough for their pixels
  const ShardResult streamed = world_.Run({.threads = 2});
  EXPECT_EQ(streamed.result.counts().written(), 7) << streamed.dead_letters;
  EXPECT_TRUE(streamed.bytes == whole.bytes);
}

TEST_F(WriteTask, ABudgetOfOneImageIsEnoughForSeveralAttempts) {
  for (int i = 0; i < 24; ++i) {
    world_.AddImage(absl::StrCat(i, ".jpg"), {.width = 1'000, .height = 900, .seed = i});
    world_.AddRow(absl::StrCat(i, ".jpg"));
  }
  world_.spec.set_max_image_memory_bytes(int64_t{6} << 20);
  PipelineResources resources(4, int64_t{10} << 20);  // of which 6.25 MiB are for images: one of them, and no second
  std::vector<ShardResult> runs(3);
  std::vector<std::thread> threads;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    threads.emplace_back([&, shard] {
      runs[shard] = world_.Run({.begin = shard * 8, .end = shard * 8 + 8, .shard = shard, .resources = &resources});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t shard = 0; shard < 3; ++shard) {
    ASSERT_TRUE(runs[shard].status.ok()) << runs[shard].status;
    EXPECT_TRUE(runs[shard].bytes == world_.Run({.begin = shard * 8, .end = shard * 8 + 8, .shard = shard}).bytes);
  }
}

TEST_F(WriteTask, AWorkerThatDoesNotFitSaysSo) {
  AddMany(world_, 1);
  ShardResult small = world_.Run({.memory_budget = int64_t{100} << 20});
  EXPECT_EQ(small.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(small.status.message()), HasSubstr("larger --memory-budget"));
  world_.scan_encoding_version = "millrace-0";
  ShardResult other = world_.Run();
  EXPECT_EQ(other.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(other.status.message()), HasSubstr("millrace-0"));
}

TEST_F(WriteTask, AStopEndsTheAttempt) {
  AddMany(world_, 3);
  std::stop_source source;
  source.request_stop();
  ShardResult run = world_.Run({.stop = source.get_token()});
  EXPECT_EQ(run.status.code(), absl::StatusCode::kCancelled);
}

TEST_F(WriteTask, FailpointsFailTheRowOrTheAttempt) {
  AddMany(world_, 3);
  SetFailpoints("write/read=error@2");
  ShardResult run = world_.Run();
  EXPECT_EQ(run.result.counts().written(), 2);
  EXPECT_EQ(run.result.reasons(0).reason(), "file/io");
  EXPECT_EQ(run.result.environmental(), 1);
  for (const char* name : {"write/begin", "write/row", "write/prepared"}) {
    SetFailpoints(absl::StrCat(name, "=error@1"));
    EXPECT_EQ(world_.Run().status.code(), absl::StatusCode::kUnavailable) << name;
  }
}

TEST_F(WriteTask, EveryGzipLevelHoldsTheSameStream) {
  AddMany(world_, 20);
  world_.spec.set_compression(COMPRESSION_NONE);
  const std::string stream = world_.Run().bytes;
  world_.spec.set_compression(COMPRESSION_GZIP);
  for (GzipLevel level : {GZIP_LEVEL_FAST, GZIP_LEVEL_BALANCED, GZIP_LEVEL_SMALL}) {
    world_.spec.set_gzip_level(level);
    EXPECT_TRUE(Inflate(world_.Run().bytes) == stream) << level;
  }
}

TEST_F(WriteTask, TheFastLevelsBytesDoNotDependOnThreadsOrStreaming) {
  AddMany(world_, 20);
  world_.AddImage("large.jpg", {.width = 2'000, .height = 1'500});
  world_.AddRow("large.jpg");
  world_.spec.set_gzip_level(GZIP_LEVEL_FAST);
  const std::string expected = world_.Run().bytes;
  for (int threads : {2, 3, 4}) EXPECT_TRUE(world_.Run({.threads = threads}).bytes == expected) << threads;
  world_.spec.set_max_image_memory_bytes(3'600'000);  // not enough for its pixels
  EXPECT_TRUE(world_.Run({.threads = 2}).bytes == expected);
}

TEST_F(WriteTask, UncompressedIsTheSameRecords) {
  AddMany(world_, 5);
  const ShardResult gzip = world_.Run();
  world_.spec.set_compression(COMPRESSION_NONE);
  const ShardResult none = world_.Run();
  EXPECT_EQ(none.result.shard().path(), "/out/train-00000-of-00004.tfrecord");
  EXPECT_EQ(static_cast<int64_t>(none.bytes.size()), none.result.statistics().record_bytes());
  EXPECT_EQ(gzip.result.statistics().record_bytes(), none.result.statistics().record_bytes());
}

TEST_F(WriteTask, AnIndexSaysWhereEachRecordOfAnUncompressedShardLies) {
  AddMany(world_, 5);
  EXPECT_FALSE(world_.Run().result.has_index()) << "nothing can be sought in gzip";
  world_.spec.set_compression(COMPRESSION_NONE);
  const ShardResult none = world_.Run();
  EXPECT_EQ(none.result.index().path(), "/out/_index/train-00000-of-00004.idx");
  MemorySource source(none.bytes);
  RecordReader reader(source);
  ByteBuffer record;
  std::string expected;
  for (uint64_t offset = 0; *reader.Next(record); offset = reader.offset())
    absl::StrAppend(&expected, offset, " ", reader.offset() - offset, "\n");
  EXPECT_EQ(none.index, expected);
  EXPECT_EQ(world_.Run({.threads = 3}).index, expected);
}

}  // namespace
}  // namespace millrace
