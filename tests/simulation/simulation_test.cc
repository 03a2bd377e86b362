#include "tests/simulation/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/numbers.h"
#include "tests/simulation/seeds.h"

namespace millrace::simulation {
namespace {

// tests/run.sh asks for more by MILLRACE_SEEDS.
uint64_t SeedsWanted() {
  uint64_t seeds = 500;
  if (const char* wanted = std::getenv("MILLRACE_SEEDS"); wanted != nullptr && !absl::SimpleAtoi(wanted, &seeds))
    ADD_FAILURE() << "MILLRACE_SEEDS is not a number: " << wanted;
  return seeds;
}

TEST(Simulation, EveryPromiseHoldsInEverySeed) {
  const Summary summary = RunSeeds({1, SeedsWanted()}, 2, {}, 5);
  for (const auto& [seed, violation] : summary.violations)
    ADD_FAILURE() << "simulation --seed " << seed << ": " << violation.promise << ": " << violation.words;
  EXPECT_GT(summary.succeeded, 0);
  EXPECT_GT(summary.cancelled, 0);
  EXPECT_GT(summary.incarnations, summary.seeds) << "no coordinator ever crashed";
  const Coverage& coverage = summary.coverage;
  for (int64_t times : {coverage.adopted, coverage.expired, coverage.copies, coverage.quarantines, coverage.fenced,
                        coverage.duplicates, coverage.refused})
    EXPECT_GT(times, 0) << "a branch of the engine is never taken: the seeds prove nothing about it";
}

TEST(Simulation, ASeedReplaysExactly) {
  for (uint64_t seed : {3, 14, 159}) {
    std::string first, second;
    Simulate(seed, {}, [&](const std::string& line) { first += line + "\n"; });
    Simulate(seed, {}, [&](const std::string& line) { second += line + "\n"; });
    EXPECT_EQ(first, second);
    EXPECT_THAT(first, testing::HasSubstr("coordinator started, incarnation 1"));
  }
}

class PlantedBugs : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(PlantedBugs, AreFoundInUnder1000Seeds) {
  const auto& [bug, promises] = GetParam();
  const Summary summary = RunSeeds({1, 999}, 2, *PlantedBug(bug), 1);
  ASSERT_FALSE(summary.violations.empty()) << bug << " was not found";
  const auto& [seed, violation] = *summary.violations.begin();
  EXPECT_THAT(promises, testing::HasSubstr(violation.promise)) << "seed " << seed << ": " << violation.words;
  const Report sound = Simulate(seed, {});
  EXPECT_FALSE(sound.violation) << "the seed fails without the bug too";
  RecordProperty("seed", std::to_string(seed));
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBugs,
                         testing::Values(std::pair("no_fence", "P3 P4"), std::pair("publish_before_journal", "P6"),
                                         std::pair("acknowledge_before_fsync", "P1 P3 P6"),
                                         std::pair("forget_retry", "P7")),
                         [](const auto& info) { return std::string(info.param.first); });

TEST(PlantedBug, UnknownNamesAreRefused) { EXPECT_FALSE(PlantedBug("no_such_bug").ok()); }

}  // namespace
}  // namespace millrace::simulation
