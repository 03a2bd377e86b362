// The exact words in which a job's end is told.
#include "coordinator/cli/report.h"

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

void AddBadRow(JobStatus& job, int64_t line, const std::string& uri, const std::string& shard) {
  BadRow& row = *job.add_first_bad_rows();
  row.set_input("/data/images.csv");
  row.set_line(line);
  row.set_uri(uri);
  row.set_reason("decode/truncated");
  row.set_detail("8,192 of 20,514 bytes");
  row.set_shard(shard);
  row.set_worker("w2");
}

TEST(FailureText, LooksLikeACompilersError) {
  JobStatus job = Ended("3f2a", JOB_FAILED);
  job.set_error("12 of 100 rows could not be used");
  AddBadRow(job, 1042, "cat/cat.7.jpg", "train-00003");
  AddBadRow(job, 1043, "cat/cat.8.jpg", "train-00003");
  AddBadRow(job, 7, "dog\n.jpg", "test-00000");
  EXPECT_EQ(FailureText(job, "/data", "millrace jobs retry 3f2a"),
            "error: 12 of 100 rows could not be used\n"
            "error: images.csv:7: dog\\n.jpg: decode/truncated (8,192 of 20,514 bytes)\n"
            "  job 3f2a, shard test-00000, worker w2\n"
            "error: images.csv:1042: cat/cat.7.jpg: decode/truncated (8,192 of 20,514 bytes)\n"
            "error: images.csv:1043: cat/cat.8.jpg: decode/truncated (8,192 of 20,514 bytes)\n"
            "  job 3f2a, shard train-00003, worker w2\n"
            "  try: millrace jobs retry 3f2a\n");
}

TEST(FailureText, NamesTheJobWhenNoRowIsToBlame) {
  JobStatus job = Ended("3f2a", JOB_FAILED);
  job.set_error("/data/images.csv:12: unclosed quote");
  EXPECT_EQ(FailureText(job, "/data", "x"), "error: images.csv:12: unclosed quote\n  job 3f2a\n  try: x\n");
}

TEST(BadRowLine, LeavesOutWhatIsNotKnown) {
  BadRow row;
  row.set_input("/other/a.csv");
  row.set_line(3);
  row.set_reason("row/ragged");
  EXPECT_EQ(BadRowLine("warning", row, "/data/deep/folder"), "warning: /other/a.csv:3: row/ragged");
}

TEST(ResultText, SaysWhatWasDoneAndHowToCheckIt) {
  JobStatus job = Succeeded("3f2a");
  job.mutable_spec()->mutable_convert()->set_output("/data/out");
  ReasonCount& reason = *job.add_reasons();
  reason.set_reason("decode/truncated");
  reason.set_rows(2);
  EXPECT_EQ(ResultText(job, "/data"),
            "done: 1,399 rows written to out in 1.6 s (876 rows/s)\n"
            "  shards        3, 171.5 MB\n"
            "  dead letters  2 rows (decode/truncated 2), listed in out/discarded-data-00000-of-00001\n"
            "  to check it   millrace datasets verify out\n");
}

TEST(ResultJson, HasTheMembersThatScriptsRely) {
  JobStatus job = Succeeded("3f2a");
  job.mutable_spec()->mutable_convert()->set_output("/data/\"out\"\xff");
  EXPECT_EQ(ResultJson(job),
            R"({"job_id":"3f2a","state":"SUCCEEDED","rows":1401,"written":1399,"discarded":0,"dead_letters":2,)"
            R"("shards":3,"bytes":171500000,"seconds":1.600,"rows_per_second":875.6,)"
            R"("output":"/data/\"out\"\ufffd"})");
}

TEST(ResultJson, TellsWhyAJobFailed) {
  JobStatus job = Ended("3f2a", JOB_FAILED);
  job.set_error("no \"image_uri\"");
  EXPECT_THAT(ResultJson(job), testing::HasSubstr(R"("state":"FAILED")"));
  EXPECT_THAT(ResultJson(job), testing::EndsWith(R"("output":"","error":"no \"image_uri\""})"));
}

}  // namespace
}  // namespace millrace::cli
