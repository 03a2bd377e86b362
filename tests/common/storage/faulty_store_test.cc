#include "common/storage/testing/faulty_store.h"

#include "common/storage/memory_store.h"
#include "gtest/gtest.h"

namespace millrace {
namespace {

using absl::StatusCode;

TEST(FaultyStoreTest, PassesEverythingThroughAndCountsUntilArmed) {
  MemoryStore memory;
  FaultyStore store(memory);
  EXPECT_EQ(store.CreateExclusive("/a", "1"), absl::OkStatus());
  EXPECT_EQ(store.Read("/a", 9).value_or("?"), "1");
  EXPECT_EQ(store.List("/").value().size(), 1u);
  EXPECT_EQ(store.calls(), 3);
  EXPECT_FALSE(store.fired());
}

TEST(FaultyStoreTest, FailsTheChosenCallOfAKindOnce) {
  MemoryStore memory;
  FaultyStore store(memory);
  store.Arm({.at = 2, .kinds = {StoreCall::kCreateExclusive}, .error = absl::ResourceExhaustedError("full")});
  EXPECT_EQ(store.CreateExclusive("/a", "1"), absl::OkStatus());
  EXPECT_EQ(store.Read("/b", 9).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store.CreateExclusive("/b", "1").code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(store.fired());
  EXPECT_EQ(memory.Objects().count("/b"), 0u);
  EXPECT_EQ(store.CreateExclusive("/b", "1"), absl::OkStatus());
}

TEST(FaultyStoreTest, AnAnswerCanBeLostAfterItsEffect) {
  MemoryStore memory;
  FaultyStore store(memory);
  store.Arm({.at = 1, .after = true});
  EXPECT_EQ(store.CreateExclusive("/a", "1").code(), StatusCode::kUnavailable);
  EXPECT_EQ(memory.Objects().count("/a"), 1u);
}

TEST(FaultyStoreTest, ADeadProcessDoesNothingMoreAndCleansNothingUp) {
  MemoryStore memory;
  FaultyStore store(memory);
  store.Arm({.at = 3, .for_good = true});
  {
    auto writer = store.Prepare("/out", "/staging");
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ((*writer)->Append("half"), absl::OkStatus());
    EXPECT_FALSE((*writer)->Finish().ok());
  }
  EXPECT_EQ(memory.OpenUploads(), 1);
  EXPECT_FALSE(store.CreateExclusive("/a", "1").ok());
  EXPECT_TRUE(memory.Objects().empty());
}

}  // namespace
}  // namespace millrace
