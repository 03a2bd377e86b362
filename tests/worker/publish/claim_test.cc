#include "worker/publish/claim.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/worker/publish/publish_world.h"

namespace millrace {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

class ClaimTest : public testing::TestWithParam<const char*> {
 protected:
  ClaimTest() : world_(GetParam()) {}
  absl::Status Take(absl::string_view job_id = "", char nonce = 'n') {
    return TakeClaim(world_.store(), world_.Of(TASK_SCAN, 1, job_id, nonce));
  }
  absl::Status Check(absl::string_view job_id = "", char nonce = 'n') {
    return CheckClaim(world_.store(), world_.Of(TASK_WRITE, 2, job_id, nonce));
  }
  void ExpectRefused(const absl::Status& refused, absl::string_view words) {
    EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists) << refused;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(std::string(words)));
    EXPECT_THAT(std::string(refused.message()), HasSubstr(world_.output()));
  }

  PublishWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Stores, ClaimTest, testing::Values("memory", "file"));

TEST_P(ClaimTest, AnAbsentFolderIsTakenAndMayBeTakenAgainByTheSameJob) {
  EXPECT_EQ(Take(), absl::OkStatus());
  EXPECT_EQ(Take(), absl::OkStatus());
  EXPECT_EQ(Check(), absl::OkStatus());
  EXPECT_EQ(world_.All().at("_millrace.json"),
            "{\"job_id\":\"cats\",\"nonce\":\"6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e\",\"version\":\"" MILLRACE_VERSION
            "\"}\n");
  EXPECT_EQ(ReadClaim(world_.store(), world_.output())->nonce, std::string(16, 'n'));
}

TEST_P(ClaimTest, AnotherJobsFolderIsRefusedWithItsNameAndState) {
  ASSERT_EQ(Take(), absl::OkStatus());
  ExpectRefused(Take("birds"), "holds the dataset of job cats (unfinished); choose another folder, or --overwrite");
  world_.Put("_SUCCESS", "sha256:…\n");
  ExpectRefused(Take("birds"), "holds the dataset of job cats (finished)");
}

TEST_P(ClaimTest, AnEarlierLifeOfTheSameJobIsRefused) {
  ASSERT_EQ(Take("", 'a'), absl::OkStatus());
  ExpectRefused(Take("", 'b'), "an earlier job of the same name, cats (unfinished)");
}

TEST_P(ClaimTest, AFolderThatHoldsSomethingIsRefusedByTheNameOfThatThing) {
  world_.Put("holiday.jpg", "jpeg");
  ExpectRefused(Take(), "is not empty: it holds holiday.jpg");
  EXPECT_THAT(world_.All(), ElementsAre(Key("holiday.jpg")));
}

TEST_P(ClaimTest, StagingThatASleeperLeftBehindIsNoObstacle) {
  world_.Put("_staging/dogs.61616161/write-0.0.1-1/shard", "half");
  EXPECT_EQ(Take(), absl::OkStatus());
}

TEST_P(ClaimTest, WhatOnlyLooksLikeAClaimIsNotTouched) {
  for (absl::string_view text : {"", "not json", "[]", "{\"job_id\":7}", "{\"job_id\":\"../../etc\",\"nonce\":\"6e\"}",
                                 "{\"job_id\":\"cats\",\"nonce\":\"xyz\"}"}) {
    world_.Put("_millrace.json", text);
    ExpectRefused(Take(), "is not a claim of Millrace's");
    EXPECT_EQ(Check().code(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(world_.All().at("_millrace.json"), text);
    ASSERT_EQ(world_.store().Remove(world_.At("_millrace.json")), absl::OkStatus());
  }
}

TEST_P(ClaimTest, OfManyJobsThatComeAtOnceOneGetsTheFolder) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> waiting = 0, winners = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        for (++waiting; waiting < 6;) std::this_thread::yield();
        absl::Status taken = Take("job-" + std::to_string(i));
        EXPECT_TRUE(taken.ok() || absl::IsAlreadyExists(taken)) << taken;
        if (taken.ok()) ++winners;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(winners, 1);
    ASSERT_EQ(world_.store().Remove(world_.At("_millrace.json")), absl::OkStatus());
  }
}

TEST_P(ClaimTest, WorkersOfOneJobMayComeAtOnce) {
  std::atomic<int> winners = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { winners += Take().ok() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(winners, 6);
}

TEST_P(ClaimTest, AWorkerOnAnotherDiskIsToldApart) {
  absl::Status none = Check();
  EXPECT_EQ(none.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(none.message(), "this worker sees another disk at " + world_.output() +
                                ": there is no _millrace.json, not that of job cats");
  ASSERT_EQ(Take("dogs"), absl::OkStatus());
  EXPECT_THAT(std::string(Check().message()), HasSubstr("_millrace.json there is of job dogs"));
  EXPECT_THAT(std::string(Check("dogs", 'x').message()), HasSubstr("of an earlier job of the same name"));
  EXPECT_EQ(Check("dogs", 'x').code(), StatusCode::kFailedPrecondition);
}

TEST_P(ClaimTest, AnErrorOfTheDiskIsNotMistakenForAnotherDisk) {
  ASSERT_EQ(Take(), absl::OkStatus());
  FaultyStore faulty(world_.store());
  faulty.Arm({.at = 1, .error = absl::UnavailableError("input/output error")});
  EXPECT_EQ(CheckClaim(faulty, world_.Of(TASK_WRITE)).code(), StatusCode::kUnavailable);
  faulty.Arm({.at = 1, .error = absl::UnavailableError("input/output error")});
  EXPECT_EQ(TakeClaim(faulty, world_.Of(TASK_SCAN)).code(), StatusCode::kUnavailable);
}

TEST_P(ClaimTest, AFullOrLockedDiskIsNamedAndLeavesNothing) {
  FaultyStore faulty(world_.store());
  for (const absl::Status& error :
       {absl::ResourceExhaustedError("no space left on device"), absl::PermissionDeniedError("permission denied")}) {
    faulty.Arm({.at = 1, .kinds = {StoreCall::kCreateExclusive}, .error = error});
    EXPECT_EQ(TakeClaim(faulty, world_.Of(TASK_SCAN)),
              absl::Status(error.code(), "output: " + std::string(error.message())));
  }
  EXPECT_TRUE(world_.All().empty());
}

TEST_P(ClaimTest, AClaimKilledAnywhereIsTakenTheNextTime) {
  for (int k = 1; k <= 6; ++k) {
    for (bool after : {false, true}) {
      PublishWorld world(GetParam());
      FaultyStore faulty(world.store());
      faulty.Arm({.at = k, .after = after, .for_good = true});
      TakeClaim(faulty, world.Of(TASK_SCAN)).IgnoreError();
      EXPECT_EQ(TakeClaim(world.store(), world.Of(TASK_SCAN, 2)), absl::OkStatus()) << k;
      EXPECT_THAT(world.All(), ElementsAre(Key("_millrace.json")));
    }
  }
}

}  // namespace
}  // namespace millrace
