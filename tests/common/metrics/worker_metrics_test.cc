#include "common/metrics/worker_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(WorkerMetrics, AddsWhatAnAttemptDidSinceTheLastReport) {
  Metrics metrics;
  WorkerMetrics worker(&metrics, {"decode/truncated"}, [] { return WorkerGauges{}; });
  Progress first, second;
  first.mutable_counts()->set_written(10);
  second.mutable_counts()->set_written(25);
  second.mutable_counts()->set_dead_letters(1);
  second.set_bytes_read(1000);
  OperatorStats* decode = second.add_operators();
  decode->set_name("decode");
  decode->set_rows(26);
  decode->set_busy_ns(1'500'000'000);
  worker.AddProgress({}, first);
  worker.AddProgress(first, second);
  worker.AddProgress(second, second);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_worker_rows_total{outcome=\"written\"} 25\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_rows_total{outcome=\"dead_letter\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_read_bytes_total 1000\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_operator_rows_total{operator=\"decode\"} 26\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_operator_busy_seconds_total{operator=\"decode\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_operator_wait_seconds_total{operator=\"gzip\"} 0\n"));
}

TEST(WorkerMetrics, CountsOnlyReasonsOfTheTable) {
  Metrics metrics;
  WorkerMetrics worker(&metrics, {"decode/truncated", "file/not_found"}, [] { return WorkerGauges{}; });
  WriteResult result;
  for (const char* reason : {"decode/truncated", "canary-job-77", "s3://canary/cat.jpg"}) {
    ReasonCount* count = result.add_reasons();
    count->set_reason(reason);
    count->set_rows(2);
  }
  worker.AddDeadLetters(result.reasons());
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_worker_dead_letters_total{reason=\"decode/truncated\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_dead_letters_total{reason=\"other\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_dead_letters_total{reason=\"file/not_found\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("canary")));
}

TEST(WorkerMetrics, ShowsHowTheWorkerIs) {
  Metrics metrics;
  WorkerMetrics worker(&metrics, {"x/y"}, [] {
    return WorkerGauges{.slots = 4, .busy = 3, .memory_budget_bytes = 512, .memory_used_bytes = 100, .connected = true};
  });
  worker.CountAttempt(AttemptOutcome::kHandedBack);
  worker.CountSync(false);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("millrace_worker_slots_busy 3\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_memory_used_bytes 100\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_connected 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_attempts_total{outcome=\"handed_back\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("millrace_worker_syncs_total{result=\"failed\"} 1\n"));
}

}  // namespace
}  // namespace millrace
