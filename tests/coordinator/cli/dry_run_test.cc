#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

TEST(DryRun, SaysWhatWouldBeDoneAndWritesNothing) {
  Cli cli;
  cli.Write("a.csv", "split,image_uri,label\nTRAIN,a.jpg,cat\n,b.jpg,\nTRAIN,c.jpg\n");
  ASSERT_EQ(cli.Run("convert --input a.csv --output out --job-id j --dry-run"), 0) << cli.err();
  EXPECT_EQ(cli.out(),
            "a.csv\n"
            "  format      CSV, the first line is the header\n"
            "  first rows  TRAIN  a.jpg  cat\n"
            "              (by hash)  b.jpg  (no label)\n"
            "  not usable  1 of the first 3 rows; a.csv:4: row/ragged (2 cells, the header has 3)\n"
            "job     j\n"
            "inputs  1 file, 58 B\n"
            "output  out (new)\n"
            "shards  of about 134.2 MB\n"
            "dry run: nothing was written\n");
  EXPECT_FALSE(std::filesystem::exists(cli.Path("out")));
  EXPECT_FALSE(std::filesystem::exists(cli.Path("state")));
  EXPECT_TRUE(cli.coordinator.calls.empty());
}

struct BadInput {
  const char* text;
  const char* error;
};

TEST(DryRun, FindsWhatWouldStopTheJob) {
  for (const BadInput& bad :
       {BadInput{"", "a.csv: the file is empty"}, BadInput{"image_uri\n", "a.csv: only a header"},
        BadInput{"split,label\nTRAIN,cat\n", "image_uri"}, BadInput{"image_uri\n\"a.jpg\n", "a.csv:2"}}) {
    Cli cli;
    cli.Write("a.csv", bad.text);
    EXPECT_EQ(cli.Run("convert --input a.csv --output out --dry-run"), 2) << bad.text;
    EXPECT_THAT(cli.err(), HasSubstr(bad.error));
  }
}

TEST(DryRun, LooksAtTheOutput) {
  Cli cli;
  constexpr char kCommand[] = "convert --input a.csv --output out --job-id j --dry-run";
  cli.Write("out/_millrace.json", R"({"job_id":"j","nonce":"00"})");
  EXPECT_EQ(cli.Run(kCommand), 0) << cli.err();
  EXPECT_THAT(cli.out(), HasSubstr("begun by this job: it would be continued"));
  cli.Write("out/_millrace.json", R"({"job_id":"other","nonce":"00"})");
  EXPECT_EQ(cli.Run(kCommand), 2);
  EXPECT_THAT(cli.err(), HasSubstr("belongs to job other (--overwrite replaces it)"));
  EXPECT_EQ(cli.Run(absl::StrCat(kCommand, " --overwrite")), 0);
  std::filesystem::remove(cli.Path("out/_millrace.json"));
  cli.Write("out/thesis.doc", "");
  EXPECT_EQ(cli.Run(kCommand), 2);
  EXPECT_THAT(cli.err(), HasSubstr("holds files that are not a Millrace dataset"));
  cli.Write("file", "");
  EXPECT_EQ(cli.Run("convert --input a.csv --output file/out --dry-run"), 2);
  EXPECT_THAT(cli.err(), HasSubstr("is a file"));
}

}  // namespace
}  // namespace millrace::cli
