#include "common/storage/memory_store.h"

#include <atomic>
#include <thread>

#include "tests/common/storage/store_conformance.h"

namespace millrace {
namespace {

StoreCase MemoryCase(std::string name, MemoryStoreOptions options) {
  return {std::move(name), [=] { return std::make_unique<MemoryStore>(options); },
          [] { return std::string("/bucket/run"); }, options.conditional_create};
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance,
                         testing::Values(MemoryCase("Conditional", {}),
                                         MemoryCase("Unconditional", {.conditional_create = false}),
                                         MemoryCase("SmallParts", {.conditional_create = true, .part_bytes = 5000})),
                         NameOfCase);

PreparedFile Prepare(Store& store, absl::string_view bytes, absl::string_view staging) {
  auto writer = store.Prepare("/out/shard", staging);
  EXPECT_EQ((*writer)->Append(bytes), absl::OkStatus());
  return *(*writer)->Finish();
}

TEST(MemoryStoreTest, ABytesInFlightAreAnUploadWithTaggedParts) {
  MemoryStore store({.conditional_create = true, .part_bytes = 4});
  PreparedFile file = Prepare(store, "0123456789", "/s/1");
  EXPECT_FALSE(file.upload_id().empty());
  EXPECT_EQ(file.part_tags_size(), 3);
  EXPECT_EQ(store.OpenUploads(), 1);
  EXPECT_TRUE(store.Objects().empty());
  ASSERT_EQ(store.Publish(file), absl::OkStatus());
  EXPECT_EQ(store.OpenUploads(), 0);
  EXPECT_EQ(store.Objects().at("/out/shard"), "0123456789");
}

TEST(MemoryStoreTest, AHandleWithOtherPartsIsRefused) {
  MemoryStore store({.conditional_create = true, .part_bytes = 4});
  PreparedFile file = Prepare(store, "0123456789", "/s/1");
  file.set_part_tags(1, "tag of another part");
  EXPECT_EQ(store.Publish(file).code(), absl::StatusCode::kDataLoss);
}

TEST(MemoryStoreTest, ADroppedWriterEndsItsUpload) {
  MemoryStore store;
  { ASSERT_TRUE(store.Prepare("/out/shard", "/s/1").ok()); }
  EXPECT_EQ(store.OpenUploads(), 0);
}

// Why the engine aborts the losers before it publishes: where the store cannot create conditionally, a late publisher
// that looked in time replaces what is there. The docs say so; this shows that the option really is weaker.
TEST(MemoryStoreTest, WithoutConditionalCreateTwoPublishersMayBothBelieveTheyWon) {
  int both = 0;
  for (int round = 0; round < 20000 && both == 0; ++round) {
    MemoryStore store({.conditional_create = false});
    PreparedFile first = Prepare(store, "first", "/s/1"), second = Prepare(store, "second", "/s/2");
    std::atomic<int> waiting = 0;
    auto publish = [&](const PreparedFile& file, absl::Status& status) {
      for (++waiting; waiting < 2;) {
      }
      status = store.Publish(file);
    };
    absl::Status one, two;
    std::thread thread([&] { publish(first, one); });
    publish(second, two);
    thread.join();
    EXPECT_TRUE(one.ok() || two.ok());
    if (one.ok() && two.ok()) ++both;
  }
  if (both == 0) GTEST_SKIP() << "the two never met on this machine";
}

}  // namespace
}  // namespace millrace
