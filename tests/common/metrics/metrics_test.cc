#include "common/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace millrace {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

const MetricFamily kRows = {
    MetricType::kCounter, "millrace_test_rows_total", "Rows.", "outcome", {"written", "dead_letter"}};

TEST(Metrics, EverySeriesExistsFromTheStart) {
  Metrics metrics;
  metrics.AddCounter(kRows);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP millrace_test_rows_total Rows.\n# TYPE millrace_test_rows_total counter\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_rows_total{outcome=\"written\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_rows_total{outcome=\"dead_letter\"} 0\n"));
}

TEST(Metrics, AUsersWordNeverBecomesALabel) {
  Metrics metrics;
  CounterFamily rows = metrics.AddCounter(kRows);
  rows.Add("written", 2);
  rows.Add("canary-7f3a\"\n", 3);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_test_rows_total{outcome=\"written\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_rows_total{outcome=\"other\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("canary")));
}

TEST(Metrics, HelpCannotBreakTheExposition) {
  Metrics metrics;
  metrics.AddGauge({MetricType::kGauge, "millrace_test_bytes", "Two\nlines, one \\."}).Set(4);
  EXPECT_THAT(metrics.Text(), HasSubstr("# HELP millrace_test_bytes Two\\nlines, one \\\\.\n"));
}

TEST(Metrics, HistogramsCountBelowTheirBounds) {
  Metrics metrics;
  HistogramFamily seconds =
      metrics.AddHistogram({MetricType::kHistogram, "millrace_test_seconds", "Time.", "", {}, {0.1, 1}});
  for (const double value : {0.05, 0.5, 5.0}) seconds.Observe(value);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_test_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_seconds_count 3\n"));
}

TEST(Metrics, SourcesAreReadAtEachScrape) {
  Metrics metrics;
  double now = 1;
  metrics.AddSource(
      {{MetricType::kGauge, "millrace_test_jobs", "Jobs.", "state", {"running"}},
       {MetricType::kCounter, "millrace_test_never_total", "Has no sample."}},
      [&] {
        return std::vector<MetricSample>{{"millrace_test_jobs", "running", now}, {"millrace_test_jobs", "canary", 9}};
      });
  EXPECT_THAT(metrics.Text(), HasSubstr("millrace_test_jobs{state=\"running\"} 1\n"));
  now = 2;
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE millrace_test_jobs gauge\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_jobs{state=\"running\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_test_jobs{state=\"other\"} 9\n"));
  EXPECT_THAT(text, Not(HasSubstr("never_total")));
}

TEST(Metrics, TellsAboutTheProcessAndTheBuild) {
  const std::string text = Metrics().Text();
  EXPECT_THAT(text, ContainsRegex("millrace_build_info\\{.*version=\"[0-9.]+\".*\\} 1"));
  EXPECT_THAT(text, ContainsRegex("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total [0-9]"));
  EXPECT_THAT(text, ContainsRegex("process_resident_memory_bytes [1-9]"));
  EXPECT_THAT(text, ContainsRegex("process_open_fds [1-9]"));
  EXPECT_THAT(text, ContainsRegex("process_threads [1-9]"));
  EXPECT_THAT(text, ContainsRegex("process_start_time_seconds 1[0-9]+"));
}

TEST(Metrics, CountsExactlyFromManyThreads) {
  Metrics metrics;
  CounterFamily rows = metrics.AddCounter(kRows);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) rows.Add("written", 1);
    });
  const std::string while_running = metrics.Text();
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(while_running, HasSubstr("millrace_test_rows_total"));
  EXPECT_THAT(metrics.Text(), HasSubstr("{outcome=\"written\"} 4000\n"));
}

TEST(MetricsDeathTest, FamiliesThatBreakTheRulesEndTheProcess) {
  Metrics metrics;
  metrics.AddCounter(kRows);
  EXPECT_DEATH(metrics.AddCounter(kRows), "declared twice");
  EXPECT_DEATH(metrics.AddCounter({MetricType::kCounter, "millrace_rows", "x"}), "counters end in _total");
  EXPECT_DEATH(metrics.AddGauge({MetricType::kGauge, "millrace_x_total", "x"}), "counters end in _total");
  EXPECT_DEATH(metrics.AddGauge({MetricType::kGauge, "rows", "x"}), "no known prefix");
  EXPECT_DEATH(metrics.AddGauge({MetricType::kGauge, "millrace_Rows", "x"}), "lower_snake_case");
  EXPECT_DEATH(metrics.AddGauge({MetricType::kGauge, "millrace_rows", ""}), "no help");
  EXPECT_DEATH(metrics.AddGauge({MetricType::kGauge, "millrace_rows", "x", "state"}), "come together");
  EXPECT_DEATH(metrics.AddHistogram({MetricType::kHistogram, "millrace_seconds", "x"}), "buckets");
}

}  // namespace
}  // namespace millrace
