#include "common/net/fetch_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

using Time = FetchSchedule::Time;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kA[] = "http://a:80";
constexpr char kB[] = "http://b:80";

// A schedule with a hand-driven clock.
class Story {
 public:
  explicit Story(FetchSchedule::Limits limits = {}) : schedule(limits) {}

  void Add(absl::string_view origin, int n) {
    for (int i = 0; i < n; ++i) schedule.Add(++last, origin);
  }
  // All jobs that may be asked now.
  std::vector<uint64_t> Turns() {
    std::vector<uint64_t> jobs;
    while (const auto turn = schedule.Next(now)) {
      EXPECT_FALSE(turn->host_down);
      jobs.push_back(turn->job);
    }
    return jobs;
  }
  void End(absl::string_view origin, HostAnswer answer, size_t n = 1) {
    for (size_t i = 0; i < n; ++i) schedule.Ended(origin, answer, now, now);
  }
  // So many answered requests, one after the other.
  void WarmUp(absl::string_view origin, int n) {
    for (int i = 0; i < n; ++i) {
      Add(origin, 1);
      ASSERT_EQ(Turns().size(), 1);
      End(origin, HostAnswer::kAnswered);
    }
  }

  FetchSchedule schedule;
  Time now = absl::Seconds(1000);
  uint64_t last = 0;
};

TEST(FetchSchedule, AnUnknownHostGetsFourAtFirstAndMoreWithItsAnswers) {
  Story story;
  story.Add(kA, 100);
  EXPECT_THAT(story.Turns(), ElementsAre(1, 2, 3, 4));
  story.End(kA, HostAnswer::kAnswered, 4);
  EXPECT_EQ(story.Turns().size(), 8);
  story.End(kA, HostAnswer::kAnswered, 8);
  EXPECT_EQ(story.Turns().size(), 16);
  story.End(kA, HostAnswer::kAnswered, 16);
  EXPECT_EQ(story.Turns().size(), 32);
  story.End(kA, HostAnswer::kAnswered, 32);
  EXPECT_EQ(story.Turns().size(), 32);  // max_per_host
}

TEST(FetchSchedule, HostsTakeTurns) {
  Story story({.max_in_flight = 6});
  story.Add(kA, 3);
  story.Add(kB, 3);
  EXPECT_THAT(story.Turns(), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(FetchSchedule, NoMoreThanAllInAll) {
  Story story({.max_in_flight = 5});
  story.Add(kA, 3);
  story.Add(kB, 3);
  EXPECT_EQ(story.Turns().size(), 5);
  EXPECT_EQ(story.schedule.in_flight(), 5);
  story.End(kA, HostAnswer::kNone);
  EXPECT_EQ(story.Turns().size(), 1);
}

TEST(FetchSchedule, AnOverloadedHostGetsHalfOnceARound) {
  Story story;
  story.WarmUp(kA, 40);
  story.Add(kA, 200);
  EXPECT_EQ(story.Turns().size(), 32);
  const Time began = story.now;
  story.now += absl::Seconds(1);
  for (int i = 0; i < 32; ++i) story.schedule.Ended(kA, HostAnswer::kOverloaded, began, story.now);
  EXPECT_EQ(story.Turns().size(), 16);
  story.End(kA, HostAnswer::kAnswered, 16);
  EXPECT_EQ(story.Turns().size(), 16);  // one more a round: 16 answers make not quite 17
  story.End(kA, HostAnswer::kAnswered, 16);
  EXPECT_EQ(story.Turns().size(), 17);
}

TEST(FetchSchedule, APausedHostWaitsAndOthersDoNot) {
  Story story;
  story.Add(kA, 2);
  story.Add(kB, 1);
  story.schedule.Pause(kA, story.now + absl::Seconds(30));
  EXPECT_THAT(story.Turns(), ElementsAre(3));
  EXPECT_EQ(story.schedule.NextTime(story.now), story.now + absl::Seconds(30));
  story.now += absl::Seconds(29);
  EXPECT_THAT(story.Turns(), IsEmpty());
  story.now += absl::Seconds(1);
  EXPECT_THAT(story.Turns(), ElementsAre(1, 2));
  EXPECT_EQ(story.schedule.NextTime(story.now), std::nullopt);
}

TEST(FetchSchedule, ARepetitionComesAfterItsBackoffAndBeforeNewOnes) {
  Story story;
  story.Add(kA, 6);
  EXPECT_THAT(story.Turns(), ElementsAre(1, 2, 3, 4));
  story.schedule.AddLater(1, kA, story.now + absl::Milliseconds(10));
  story.End(kA, HostAnswer::kNone);
  EXPECT_THAT(story.Turns(), ElementsAre(5));
  story.now += absl::Milliseconds(10);
  story.End(kA, HostAnswer::kNone);
  EXPECT_THAT(story.Turns(), ElementsAre(1));
}

TEST(FetchSchedule, RepetitionsHaveABudget) {
  Story story({.retry_ratio = 0.1});
  int retries = 0;
  while (story.schedule.TakeRetry(kA)) ++retries;
  EXPECT_EQ(retries, 10);
  story.Add(kA, 100);
  for (retries = 0; story.schedule.TakeRetry(kA);) ++retries;
  EXPECT_NEAR(retries, 10, 1);
  EXPECT_TRUE(story.schedule.TakeRetry(kB));  // of each host its own
}

// Twenty URIs of a host that does not answer, each request lasting ten seconds.
TEST(FetchSchedule, WhatWaitsForADownHostFailsOnlyWithARequestThatFailed) {
  Story story;
  story.Add(kA, 40);
  for (int round = 0; round < 6; ++round) {
    ASSERT_EQ(story.Turns().size(), 4) << round;
    const Time began = story.now;
    story.now += absl::Seconds(10);
    for (int i = 0; i < 4; ++i) story.schedule.Ended(kA, HostAnswer::kUnreachable, began, story.now);
  }
  // A minute has gone: 24 asked in vain, the other 16 end with them.
  for (uint64_t job = 25; job <= 40; ++job) {
    const auto turn = story.schedule.Next(story.now);
    ASSERT_TRUE(turn.has_value());
    EXPECT_TRUE(turn->host_down);
    EXPECT_EQ(turn->job, job);
  }
  // What comes now is not lost: one request asks, after a pause, whether the host is back.
  story.Add(kA, 3);
  EXPECT_THAT(story.Turns(), IsEmpty());
  story.now += absl::Seconds(2);
  EXPECT_THAT(story.Turns(), ElementsAre(41));
  story.End(kA, HostAnswer::kAnswered);
  EXPECT_THAT(story.Turns(), ElementsAre(42, 43));
}

TEST(FetchSchedule, OldFailuresAreForgotten) {
  Story story({.down_after_failures = 2});
  story.Add(kA, 1);
  story.Turns();
  story.End(kA, HostAnswer::kUnreachable);
  story.now += absl::Hours(1);
  story.Add(kA, 2);
  EXPECT_EQ(story.Turns().size(), 2);
  story.End(kA, HostAnswer::kUnreachable);
  story.Add(kA, 2);
  EXPECT_EQ(story.Turns().size(), 2);  // not down: nothing was tried for an hour
}

TEST(FetchSchedule, AMillionHostsAreNotKept) {
  Story story;
  for (int i = 0; i < 100'000; ++i) {
    const std::string origin = "http://h" + std::to_string(i) + ":80";
    story.Add(origin, 1);
    ASSERT_EQ(story.Turns().size(), 1);
    story.End(origin, HostAnswer::kAnswered);
  }
  EXPECT_LE(story.schedule.known_hosts(), 4096);
}

}  // namespace
}  // namespace millrace
