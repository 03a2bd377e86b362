// `millrace datasets`: its words, and its exit codes for folders that are no datasets.
#include "coordinator/cli/dataset_text.h"

#include <nlohmann/json.hpp>

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

VerifyReport Damaged() {
  VerifyReport report;
  report.files = 5;
  report.problems = {{"train-00000-of-00001.tfrecord.gz", 12, 3456, "CRC32C is 0a", "convert again"},
                     {"", -1, -1, "no _SUCCESS", ""}};
  report.problems_found = 9;
  return report;
}

TEST(Verify, ProblemsLookLikeErrors) {
  EXPECT_EQ(ProblemLines(Damaged(), "out"),
            "error: out/train-00000-of-00001.tfrecord.gz: record 12 at offset 3,456: CRC32C is 0a\n"
            "  try: convert again\n"
            "error: out: no _SUCCESS\n"
            "error: and 7 more problems\n");
}

TEST(Verify, JsonSaysTheSame) {
  const auto json = nlohmann::json::parse(VerifyJson(Damaged(), "/out"));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["problems_found"], 9);
  EXPECT_EQ(json["problems"][0]["record"], 12);
}

TEST(Verify, AWholeDatasetIsOneLineAndItsDigest) {
  VerifyReport report;
  report.files = 7;
  report.records = 1399;
  report.bytes = 171500000;
  report.digest = "sha256:ab";
  EXPECT_EQ(VerifyText(report, "out"), "ok: out is whole: 1,399 records, 7 files, 171.5 MB\n  sha256:ab\n");
}

TEST(Stats, ShowSplitsAndLabels) {
  DatasetStatistics statistics;
  statistics.counts.set_rows(5);
  statistics.counts.set_written(4);
  statistics.counts.set_dead_letters(1);
  statistics.warnings = {"label cat is 120 times as common as dog"};
  SplitStatistics train;
  train.rows = 5;
  train.written = 4;
  train.dead_letters = 1;
  train.min_width = train.max_width = 100;
  train.min_height = 50;
  train.max_height = 80;
  train.mean_pixels = 6500;
  train.labels = {{0, "cat", 4, 3}, {-1, "do\x1bg", 1, 0}};
  statistics.splits = {train};
  EXPECT_EQ(StatsText(statistics),
            "5 rows: 4 written, 0 discarded, 1 dead letters\n"
            "warning: label cat is 120 times as common as dog\n"
            "\n"
            "TRAIN\n"
            "  rows    5: 4 written, 1 dead letters\n"
            "  images  width 100, height 50 to 80, mean 6,500 pixels\n"
            "  bytes   0 B of image files, 0 B of records, 0 B on disk\n"
            "  LABEL      ID  ROWS  WRITTEN\n"
            "  cat         0     4        3\n"
            "  do\\u001bg   -     1        -\n");
}

TEST(Datasets, AFolderThatIsNoneFailsWithItsName) {
  Cli cli;
  cli.Write("empty/x", "");
  for (const char* command : {"datasets verify empty", "dataset verify nowhere"}) {
    EXPECT_EQ(cli.Run(command), 1) << command;
    EXPECT_THAT(cli.err(), testing::StartsWith("error: ")) << command;
  }
  EXPECT_EQ(cli.Run("datasets inspect empty --split SIDEWAYS --output o"), 2);
  EXPECT_THAT(cli.err(), HasSubstr("--split: must be TRAIN, VALIDATION or TEST"));
}

TEST(Inspect, NamesThePicturesFromWhereOneIs) {
  InspectResult result;
  result.records = 2;
  result.images = {"/data/shown/0.png", "/data/shown/1.png"};
  result.csv = "/data/shown/data.csv";
  EXPECT_EQ(InspectText(result, "/data"), "shown/0.png\nshown/1.png\n2 records, described in shown/data.csv\n");
  EXPECT_EQ(nlohmann::json::parse(InspectJson(result))["images"].size(), 2u);
}

}  // namespace
}  // namespace millrace::cli
