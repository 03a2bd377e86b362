#include "common/dataset/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/hash.h"
#include "tests/common/dataset/dataset_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string GoodText() {
  DatasetWorld world;
  world.spec.set_shuffle_seed(UINT64_MAX);
  world.Write();
  return world.Read("_manifest.json");
}

TEST(Manifest, WhatIsWrittenReadsBackTheSame) {
  const std::string text = GoodText();
  const auto manifest = ParseManifest(text);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(ManifestText(*manifest), text);
  EXPECT_EQ(manifest->options.shuffle_seed, UINT64_MAX);
  EXPECT_EQ(manifest->counts.rows(), 7);
  EXPECT_EQ(manifest->counts.written(), 5);
  EXPECT_EQ(DigestText(manifest->sha256) + "\n", SuccessText(text));
}

TEST(Manifest, DoesNotKnowWhoMadeItNorInWhichOrder) {
  DatasetWorld world;
  world.Write();
  std::vector<ManifestFile> reversed(world.files.rbegin(), world.files.rend());
  const auto manifest = MakeManifest(world.work, world.summary, world.spec, reversed);
  EXPECT_EQ(ManifestText(*manifest), world.Read("_manifest.json"));
}

TEST(Manifest, DigestIsSha256) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(SuccessText("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
}

TEST(Manifest, AnEnvironmentalDeadLetterMakesItNotReproducible) {
  DatasetWorld world;
  world.Write();
  EXPECT_TRUE(MakeManifest(world.work, world.summary, world.spec, world.files)->reproducible);
  world.work.mutable_shards(1)->mutable_result()->set_environmental(1);
  EXPECT_FALSE(MakeManifest(world.work, world.summary, world.spec, world.files)->reproducible);
}

TEST(Manifest, NumbersThatDoNotAddUpAreNotWritten) {
  const auto error = [](auto change) {
    DatasetWorld world;
    world.Write();
    change(world);
    return std::string(MakeManifest(world.work, world.summary, world.spec, world.files).status().message());
  };
  EXPECT_THAT(error([](DatasetWorld& w) { w.work.mutable_scan()->mutable_counts()->set_rows(8); }),
              HasSubstr("8 rows"));
  EXPECT_THAT(
      error([](DatasetWorld& w) { w.work.mutable_shards(0)->mutable_result()->mutable_counts()->set_written(1); }),
      HasSubstr("TRAIN shard 0"));
  EXPECT_THAT(error([](DatasetWorld& w) { w.files.erase(w.files.begin()); }), HasSubstr("was not published"));
  EXPECT_THAT(error([](DatasetWorld& w) { w.files[0].path = "train-9"; }), HasSubstr("not a planned shard"));
  EXPECT_THAT(error([](DatasetWorld& w) { w.files.push_back(w.files.back()); }), HasSubstr("listed twice"));
}

TEST(Manifest, ANewerVersionIsRefusedByName) {
  const auto status = ParseManifest(absl::StrReplaceAll(GoodText(), {{"\"version\": 1", "\"version\": 2"}})).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("version 2"));
}

TEST(Manifest, EveryDamageIsNamed) {
  const struct {
    const char* from;
    const char* to;
    const char* error;
  } cases[] = {
      {"millrace-dataset", "other", "format: must be"},
      {"\"version\": 1", "\"version\": 1.5", "version: must be an integer"},
      {"\"labels\": 2", "\"labels\": -2", "labels: must be an integer from 0"},
      {"\"labels\": 2", "\"labels\": 18446744073709551615", "labels: must be an integer"},
      {"\"labels\": 2,", "", "labels: missing"},
      {"\"reproducible\": true", "\"reproducible\": 1", "reproducible: must be true or false"},
      {"\"rows\": 7", "\"rows\": 8", "counts.rows: must be written"},
      {"\"split\": \"TEST\", \"rows\"", "\"split\": \"test\", \"rows\"", "must be TRAIN, VALIDATION or TEST"},
      {"\"kind\": \"metadata\"", "\"kind\": \"meta\"", "kind: must be shard"},
      {"\"shards\": 2", "\"shards\": 3", "do not add up to split TRAIN"},
      {"\"path\": \"_stats.json\"", "\"path\": \"../_stats.json\"", "files[0].path: must be a relative path"},
      {"\"path\": \"_stats.json\"", "\"path\": \"/etc/passwd\"", "files[0].path: must be a relative path"},
      {"\"path\": \"_stats.json\"", "\"path\": \"a//b\"", "files[0].path: must be a relative path"},
      {"\"path\": \"_stats.json\"", "\"path\": \"discarded-data-00000-of-00001\"", "is listed twice"},
      {"\"crc32c\": \"", "\"crc32c\": \"x", "crc32c: must be 8 hex digits"},
      {"\"xxh3_128\": \"", "\"xxh3_128\": \"0", "xxh3_128: must be 32 hex digits"},
      {"\"shuffle_seed\": 18446744073709551615", "\"shuffle_seed\": 1e3", "shuffle_seed: must be a non-negative"},
      {"\"files\": [", "\"files\": [7, ", "must be an object"},
  };
  const std::string good = GoodText();
  for (const auto& [from, to, error] : cases) {
    const std::string bad = absl::StrReplaceAll(good, {{from, to}});
    ASSERT_NE(bad, good) << from;
    const absl::Status status = ParseManifest(bad).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << to << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(error)) << to;
  }
}

TEST(Manifest, EveryCutIsRefused) {
  const std::string good = GoodText();
  // The last two bytes are "}\n": a text without the line feed is whole.
  for (size_t size = 0; size + 1 < good.size(); ++size) EXPECT_FALSE(ParseManifest(good.substr(0, size)).ok()) << size;
}

TEST(Manifest, DeepNestingIsNoDanger) {
  EXPECT_FALSE(ParseManifest(std::string(1 << 20, '[')).ok());
  EXPECT_FALSE(ParseManifest(absl::StrCat("{\"a\":", std::string(1 << 20, '['), std::string(1 << 20, ']'), "}")).ok());
}

}  // namespace
}  // namespace millrace
