#include "coordinator/cli/progress.h"

#include "tests/coordinator/cli/cli_fixture.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

ProgressView Half() {
  ProgressView view;
  view.job_id = "3f2a";
  view.stage = "write";
  view.rows = 700;
  view.rows_total = 1400;
  view.discarded = 1;
  view.dead_letters = 2;
  view.shards_done = 1;
  view.shards_total = 3;
  view.rows_per_second = 890.4;
  view.bytes_per_second = 22.14e6;
  view.remaining = absl::Seconds(61);
  view.elapsed = absl::Seconds(2.5);
  return view;
}

TEST(RateMeter, LooksAtTheLastSecondsOnly) {
  RateMeter rate;
  const absl::Time start = absl::UnixEpoch();
  EXPECT_EQ(rate.rows_per_second(), 0);
  rate.Add(start, 1000, 0);  // of an earlier run: no speed of ours
  EXPECT_EQ(rate.rows_per_second(), 0);
  for (int second = 1; second <= 10; ++second) rate.Add(start + absl::Seconds(second), 1000 + 100 * second, 0);
  EXPECT_DOUBLE_EQ(rate.rows_per_second(), 100);
  for (int second = 11; second <= 20; ++second) rate.Add(start + absl::Seconds(second), 2000, 0);
  EXPECT_DOUBLE_EQ(rate.rows_per_second(), 0) << "it stalled long ago";
}

TEST(RateMeter, StartsOverWhenWorkWasLost) {
  RateMeter rate;
  rate.Add(absl::UnixEpoch(), 500, 10);
  rate.Add(absl::UnixEpoch() + absl::Seconds(1), 200, 10);
  EXPECT_EQ(rate.rows_per_second(), 0);
}

TEST(ProgressBar, SaysEverythingOnAWideTerminal) {
  EXPECT_EQ(
      ProgressBar(Half(), 120),
      "write  [===============>              ]   50%  700/1,400 rows  890 rows/s  22.1 MB/s  3 discarded  ETA 1:01");
}

TEST(ProgressBar, GivesTheGaugeWhatIsLeft) {
  EXPECT_EQ(ProgressBar(Half(), 100),
            "write  [===========>          ]   50%  700/1,400 rows  890 rows/s  22.1 MB/s  3 discarded  ETA 1:01");
}

TEST(ProgressBar, DropsTheLeastImportantFirst) {
  EXPECT_EQ(ProgressBar(Half(), 80), "write   50%  700/1,400 rows  890 rows/s  22.1 MB/s  3 discarded  ETA 1:01");
  EXPECT_EQ(ProgressBar(Half(), 60), "write   50%  700/1,400 rows  890 rows/s  ETA 1:01");
  EXPECT_EQ(ProgressBar(Half(), 20), "[=====>     ]   50%");
}

TEST(ProgressBar, NeverFillsTheLine) {
  for (int width = 1; width < 130; ++width)
    EXPECT_LT(ProgressBar(Half(), width).size(), static_cast<size_t>(std::max(width, 5))) << width;
}

TEST(ProgressBar, HasNoPercentBeforeTheScan) {
  ProgressView view;
  view.stage = "scan";
  view.rows = 12345;
  view.waiting_for = "no worker has a free slot";
  EXPECT_EQ(ProgressBar(view, 100),
            "scan  12,345 rows  0 rows/s  0.0 MB/s  0 discarded  waiting: no worker has a free slot");
}

TEST(ProgressLine, CarriesTheShards) {
  EXPECT_EQ(ProgressLine(Half()),
            "write  50%  700/1,400 rows  890 rows/s  22.1 MB/s  3 discarded  1/3 shards  ETA 1:01");
}

TEST(ProgressJson, IsOneObject) {
  EXPECT_EQ(ProgressJson(Half()),
            R"({"job_id":"3f2a","stage":"write","rows":700,"rows_total":1400,"discarded":1,"dead_letters":2,)"
            R"("shards_done":1,"shards_total":3,"rows_per_second":890.4,"mb_per_second":22.14,"eta_seconds":61.0,)"
            R"("seconds":2.5})");
}

TEST(Progress, PlainLinesComeAfterASecondAndThenEveryFive) {
  Cli cli;
  Progress progress(ProgressMode::kLines, cli.environment);
  std::vector<int> at;
  std::string before;
  for (int tenth = 0; tenth < 130; ++tenth) {
    progress.Show(Running("j", tenth, 1000));
    if (cli.err() != before) at.push_back(tenth);
    before = cli.err();
    cli.now += absl::Milliseconds(100);
  }
  EXPECT_EQ(at, (std::vector<int>{10, 60, 110}));
}

TEST(Progress, TheBarIsOneLineRedrawnAndTakenAway) {
  Cli cli;
  Progress progress(ProgressMode::kBar, cli.environment);
  progress.Show(Running("j", 1, 10));
  progress.Say("warning: x");
  progress.Show(Running("j", 2, 10));
  progress.End();
  EXPECT_THAT(cli.err(), testing::MatchesRegex("\rwrite.*\x1b\\[K\r\x1b\\[Kwarning: x\n\rwrite.*\x1b\\[K\r\x1b\\[K"));
}

TEST(Progress, NoneSaysNothing) {
  Cli cli;
  Progress progress(ProgressMode::kNone, cli.environment);
  progress.Show(Running("j", 1, 10));
  progress.End();
  EXPECT_EQ(cli.err(), "");
}

TEST(ProgressMode, AutoDependsOnTheTerminal) {
  EXPECT_EQ(*ParseProgressMode("auto", true), ProgressMode::kBar);
  EXPECT_EQ(*ParseProgressMode("auto", false), ProgressMode::kLines);
  EXPECT_THAT(std::string(ParseProgressMode("fancy", true).status().message()), HasSubstr("fancy is not auto"));
}

TEST(ViewOf, EstimatesTheRestOnlyWhileWriting) {
  RateMeter rate;
  rate.Add(absl::UnixEpoch(), 0, 0);
  rate.Add(absl::UnixEpoch() + absl::Seconds(1), 10, 0);
  EXPECT_EQ(ViewOf(Running("j", 10, 110), rate).remaining, absl::Seconds(10));
  EXPECT_EQ(ViewOf(Running("j"), rate).remaining, std::nullopt);
}

}  // namespace
}  // namespace millrace::cli
