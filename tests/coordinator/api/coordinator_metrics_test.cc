#include "coordinator/api/coordinator_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "common/metrics/fetch_metrics.h"
#include "common/metrics/worker_metrics.h"
#include "coordinator/api/rpc_metrics.h"

namespace millrace {
namespace {

using testing::HasSubstr;

std::set<std::string> AllMatches(const std::string& text, const char* pattern) {
  std::set<std::string> found;
  const std::regex expression(pattern);
  for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) found.insert((*it)[1]);
  return found;
}

TEST(CoordinatorMetrics, EverySampleBelongsToADeclaredFamilyAndValue) {
  std::set<std::string> given;
  const std::vector<MetricFamily> families = CoordinatorFamilies();
  for (const MetricSample& sample : SamplesOf({})) {
    const auto family = std::find_if(families.begin(), families.end(),
                                     [&](const MetricFamily& family) { return family.name == sample.family; });
    ASSERT_NE(family, families.end()) << sample.family;
    if (!family->label.empty()) {
      EXPECT_THAT(family->values, testing::Contains(std::string(sample.value)));
    }
    given.insert(std::string(sample.family));
  }
  for (const MetricFamily& family : families) EXPECT_TRUE(given.contains(family.name)) << family.name;
}

TEST(CoordinatorMetrics, ShowsTheEnginesNumbers) {
  EngineMetrics engine;
  engine.jobs_running = 2;
  engine.syncs = 10;
  engine.syncs_superseded = 3;
  engine.commits_fenced = 4;
  engine.journal_seconds = 0.25;
  Metrics metrics;
  metrics.AddSource(CoordinatorFamilies(), [&] { return SamplesOf(engine); });
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_jobs{state=\"running\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_syncs_total{result=\"answered\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("millrace_commits_total{result=\"fenced\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE millrace_journal_seconds_total counter\nmillrace_journal_seconds_total 0.25\n"));
}

TEST(RpcMetrics, CountsCallsErrorsAndTimeByMethod) {
  Metrics metrics;
  const RpcMetrics rpc(&metrics);
  rpc.Count("SubmitJob", absl::StatusCode::kOk, absl::Milliseconds(3));
  rpc.Count("SubmitJob", absl::StatusCode::kResourceExhausted, absl::Milliseconds(30));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_rpc_requests_total{method=\"SubmitJob\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_rpc_errors_total{method=\"SubmitJob\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_rpc_seconds_bucket{method=\"SubmitJob\",le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_rpc_requests_total{method=\"Sync\"} 0\n")) << "from the start";
}

// docs/metrics.md is what an operator reads: it names every family that the daemons show, and no other.
TEST(MetricsPage, NamesEveryFamilyAndNoOther) {
  Metrics metrics;
  WorkerMetrics worker(&metrics, {"decode/truncated"}, [] { return WorkerGauges{}; });
  AddFetchMetrics(&metrics, {"http/404"}, [] { return FetchNumbers{}; });
  metrics.AddSource(CoordinatorFamilies(), [] { return SamplesOf({}); });
  const RpcMetrics rpc(&metrics);
  std::stringstream page;
  page << std::ifstream(MILLRACE_DOCS "/metrics.md").rdbuf();
  EXPECT_EQ(AllMatches(page.str(), "`((?:millrace|process)_[a-z_]+)[`{]"),
            AllMatches(metrics.Text(), "# TYPE ([a-z_]+) "));
}

}  // namespace
}  // namespace millrace
