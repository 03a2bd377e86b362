#include "tests/common/storage/store_conformance.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/base/hash.h"
#include "common/io/crc32c.h"

namespace millrace {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Noise(size_t size) {
  std::string bytes(size, '\0');
  uint64_t x = 88172645463325252u + size;
  for (char& byte : bytes) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    byte = static_cast<char>(x);
  }
  return bytes;
}

// Runs `call(i)` on `n` threads that start together; how many answered true.
int CountWinners(int n, const std::function<bool(int)>& call) {
  std::atomic<int> waiting = 0, winners = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, i] {
      for (++waiting; waiting < n;) std::this_thread::yield();
      if (call(i)) ++winners;
    });
  }
  for (std::thread& thread : threads) thread.join();
  return winners;
}

}  // namespace

std::string StoreConformance::At(absl::string_view path) const { return absl::StrCat(root_, "/", path); }

PreparedFile StoreConformance::Prepare(absl::string_view path, absl::string_view bytes, absl::string_view attempt) {
  auto writer = store_->Prepare(At(path), At(absl::StrCat("_staging/", attempt, "/", path)));
  EXPECT_EQ(writer.status(), absl::OkStatus());
  if (!writer.ok()) return {};
  for (size_t piece = 1; !bytes.empty(); piece = piece * 3 + 1) {
    EXPECT_EQ((*writer)->Append(bytes.substr(0, piece)), absl::OkStatus());
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  auto file = (*writer)->Finish();
  EXPECT_EQ(file.status(), absl::OkStatus());
  return file.ok() ? *file : PreparedFile();
}

std::string StoreConformance::Get(absl::string_view path) const {
  auto bytes = store_->Read(At(path), 1 << 30);
  return bytes.ok() ? *bytes : absl::StatusCodeToString(bytes.status().code());
}

std::vector<std::string> StoreConformance::Names(absl::string_view folder) const {
  auto entries = store_->List(At(folder));
  EXPECT_EQ(entries.status(), absl::OkStatus());
  std::vector<std::string> names;
  if (!entries.ok()) return names;
  for (const StoreEntry& entry : *entries) {
    names.push_back(entry.folder ? absl::StrCat(entry.name, "/") : absl::StrCat(entry.name, " ", entry.size));
  }
  return names;
}

TEST_P(StoreConformance, NothingIsVisibleUntilPublish) {
  PreparedFile file = Prepare("out/shard", "pixels");
  EXPECT_EQ(Get("out/shard"), "NOT_FOUND");
  EXPECT_THAT(Names("out"), IsEmpty());
  EXPECT_EQ(Publish(file), StatusCode::kOk);
  EXPECT_EQ(Get("out/shard"), "pixels");
  EXPECT_THAT(Names("out"), ElementsAre("shard 6"));
}

TEST_P(StoreConformance, TheHandleDescribesTheBytesOfEverySize) {
  for (size_t size : {0, 1, 7, 4096, 262143, 262144, 262145, 3 << 20, (9 << 20) + 11}) {
    const std::string bytes = Noise(size), name = absl::StrCat("of-", size);
    PreparedFile file = Prepare(name, bytes);
    EXPECT_EQ(file.path(), At(name));
    EXPECT_EQ(file.size(), static_cast<int64_t>(size));
    EXPECT_EQ(file.crc32c(), Crc32c(bytes));
    EXPECT_EQ(file.xxh3_128(), Xxh3Of(bytes));
    ASSERT_EQ(Publish(file), StatusCode::kOk);
    EXPECT_TRUE(Get(name) == bytes) << size;
  }
}

TEST_P(StoreConformance, PiecesOfAnySizeKeepTheirOrder) {
  const std::vector<size_t> sizes = {1,       40'000,  140'000, 100'000, 200'000, 3,
                                     262'144, 131'073, 131'072, 50'000,  300'000};
  std::string bytes;
  for (size_t turn = 0; turn < sizes.size(); ++turn) {
    const std::string name = absl::StrCat("turn-", turn);
    auto writer = store_->Prepare(At(name), At(absl::StrCat("_staging/", name)));
    ASSERT_EQ(writer.status(), absl::OkStatus());
    bytes.clear();
    for (size_t i = 0; i < sizes.size(); ++i) {
      const std::string piece(sizes[(turn + i) % sizes.size()], static_cast<char>('a' + i));
      ASSERT_EQ((*writer)->Append(piece), absl::OkStatus());
      bytes += piece;
    }
    auto file = (*writer)->Finish();
    ASSERT_EQ(file.status(), absl::OkStatus());
    ASSERT_EQ(Publish(*file), StatusCode::kOk);
    EXPECT_TRUE(Get(name) == bytes) << "beginning with a piece of " << sizes[turn];
  }
}

TEST_P(StoreConformance, PublishMayBeRepeatedEvenWhenTheStagingIsGone) {
  PreparedFile file = Prepare("shard", "pixels");
  EXPECT_EQ(Publish(file), StatusCode::kOk);
  EXPECT_EQ(Publish(file), StatusCode::kOk);
  ASSERT_EQ(store_->RemoveTree(At("_staging")), absl::OkStatus());
  EXPECT_EQ(Publish(file), StatusCode::kOk);
  EXPECT_EQ(Get("shard"), "pixels");
}

TEST_P(StoreConformance, AHandleSurvivesTheProcessThatPreparedIt) {
  std::string wire = Prepare("shard", "pixels").SerializeAsString();
  PreparedFile file;
  ASSERT_TRUE(file.ParseFromString(wire));
  EXPECT_EQ(Publish(file), StatusCode::kOk);
  EXPECT_EQ(Get("shard"), "pixels");
}

TEST_P(StoreConformance, PublishNeverOverwrites) {
  ASSERT_EQ(store_->CreateExclusive(At("shard"), "theirs"), absl::OkStatus());
  absl::Status refused = store_->Publish(Prepare("shard", "ours!!"));
  EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(At("shard")));
  EXPECT_EQ(Publish(Prepare("shard", "of another size", "b.1-2")), StatusCode::kAlreadyExists);
  EXPECT_EQ(Get("shard"), "theirs");
}

TEST_P(StoreConformance, TwoAttemptsWithTheSameBytesMayBothPublish) {
  PreparedFile first = Prepare("shard", "pixels", "a.1-1"), second = Prepare("shard", "pixels", "a.1-2");
  EXPECT_EQ(Publish(first), StatusCode::kOk);
  EXPECT_EQ(Publish(second), StatusCode::kOk);
  EXPECT_EQ(Get("shard"), "pixels");
}

TEST_P(StoreConformance, AnAbortedHandleCanNeverBecomeVisible) {
  PreparedFile file = Prepare("shard", "pixels");
  EXPECT_EQ(store_->Abort(file), absl::OkStatus());
  EXPECT_EQ(store_->Abort(file), absl::OkStatus());
  EXPECT_EQ(Publish(file), StatusCode::kNotFound);
  EXPECT_EQ(Get("shard"), "NOT_FOUND");
}

TEST_P(StoreConformance, APublishedHandleCannotBeAborted) {
  PreparedFile file = Prepare("shard", "pixels");
  ASSERT_EQ(Publish(file), StatusCode::kOk);
  EXPECT_EQ(store_->Abort(file).code(), StatusCode::kFailedPrecondition);
  ASSERT_EQ(store_->RemoveTree(At("_staging")), absl::OkStatus());
  EXPECT_EQ(store_->Abort(file).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Get("shard"), "pixels");
}

TEST_P(StoreConformance, AbortOfALoserLeavesTheWinnerAlone) {
  PreparedFile winner = Prepare("shard", "pixels", "a.1-1"), loser = Prepare("shard", "others", "a.1-2");
  ASSERT_EQ(Publish(winner), StatusCode::kOk);
  EXPECT_EQ(store_->Abort(loser), absl::OkStatus());
  EXPECT_EQ(Get("shard"), "pixels");
}

TEST_P(StoreConformance, AbortAndPublishInTheSameInstantAgree) {
  for (int round = 0; round < 200; ++round) {
    const std::string name = absl::StrCat("shard-", round);
    PreparedFile file = Prepare(name, "pixels");
    absl::Status published, aborted;
    EXPECT_EQ(CountWinners(2,
                           [&](int i) {
                             return (i == 0 ? published = store_->Publish(file) : aborted = store_->Abort(file)).ok();
                           }),
              1)
        << published << " " << aborted;
    EXPECT_EQ(Get(name), published.ok() ? "pixels" : "NOT_FOUND");
  }
}

TEST_P(StoreConformance, OneOfManyExclusiveCreatorsWins) {
  if (!GetParam().conditional_create) GTEST_SKIP() << "this store promises less";
  for (int round = 0; round < 20; ++round) {
    const std::string path = At(absl::StrCat("folder-", round, "/claim"));
    auto text = [](int i) { return absl::StrCat("worker ", i); };
    std::atomic<int> winner = -1;
    int winners = CountWinners(8, [&](int i) {
      absl::Status created = store_->CreateExclusive(path, text(i));
      EXPECT_TRUE(created.ok() || absl::IsAlreadyExists(created)) << created;
      if (created.ok()) winner = i;
      return created.ok();
    });
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(store_->Read(path, 100).value_or("?"), text(winner));
  }
}

TEST_P(StoreConformance, OneOfManyPublishersOfDifferentBytesWins) {
  if (!GetParam().conditional_create) GTEST_SKIP() << "this store promises less";
  std::vector<PreparedFile> files;
  for (int i = 0; i < 8; ++i) files.push_back(Prepare("shard", absl::StrCat("bytes ", i), absl::StrCat("a.1-", i)));
  EXPECT_EQ(CountWinners(8, [&](int i) { return store_->Publish(files[i]).ok(); }), 1);
}

TEST_P(StoreConformance, ExclusiveCreateNeverReplaces) {
  EXPECT_EQ(store_->CreateExclusive(At("a/b/claim"), "first"), absl::OkStatus());
  absl::Status refused = store_->CreateExclusive(At("a/b/claim"), "first");
  EXPECT_EQ(refused.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(refused.message()), HasSubstr(At("a/b/claim")));
  EXPECT_EQ(Get("a/b/claim"), "first");
  EXPECT_THAT(Names("a/b"), ElementsAre("claim 5"));
}

TEST_P(StoreConformance, NamesMayHoldAnythingButNulAndSlash) {
  for (absl::string_view name : {"with space", "na\xc3\xafve-\xe7\x8c\xab", "quo\"te's", "line\nbreak", "%2e%2e",
                                 "*?[x]", "\xff\xfe not UTF-8", "-rf", "back\\slash"}) {
    EXPECT_EQ(Publish(Prepare(absl::StrCat("names/", name, "/", name), name)), StatusCode::kOk) << name;
    EXPECT_EQ(Get(absl::StrCat("names/", name, "/", name)), name);
    EXPECT_THAT(Names(absl::StrCat("names/", name)), ElementsAre(absl::StrCat(name, " ", name.size())));
  }
  EXPECT_EQ(Names("names").size(), 9u);
}

TEST_P(StoreConformance, PathsMustBeAbsoluteAndWhole) {
  for (absl::string_view path :
       {absl::string_view("relative/file"), absl::string_view(""), absl::string_view("/a\0b", 4)}) {
    EXPECT_EQ(store_->Open(path).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->CreateExclusive(path, "x").code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->Prepare(path, At("staging")).status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->Remove(path).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->RemoveTree(path).code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->List(path).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST_P(StoreConformance, ListGivesOneLevelByName) {
  for (absl::string_view path : {"x/b/deep/file", "x/a", "x/c", "x/Z", "x/b/file", "xy/other"}) {
    ASSERT_EQ(store_->CreateExclusive(At(path), "123"), absl::OkStatus());
  }
  EXPECT_THAT(Names("x"), ElementsAre("Z 3", "a 3", "b/", "c 3"));
  EXPECT_THAT(Names("x/"), ElementsAre("Z 3", "a 3", "b/", "c 3"));
  EXPECT_THAT(Names("absent"), IsEmpty());
}

TEST_P(StoreConformance, ReadsKnowTheirOffsetsAndTheEnd) {
  ASSERT_EQ(store_->CreateExclusive(At("digits"), "0123456789"), absl::OkStatus());
  auto source = store_->Open(At("digits"));
  ASSERT_TRUE(source.ok());
  EXPECT_EQ((*source)->size(), 10);
  char buffer[4] = {};
  EXPECT_EQ((*source)->ReadAt(6, 4, buffer), absl::OkStatus());
  EXPECT_EQ(absl::string_view(buffer, 4), "6789");
  EXPECT_EQ((*source)->ReadAt(10, 0, buffer), absl::OkStatus());
  EXPECT_EQ((*source)->ReadAt(7, 4, buffer).code(), StatusCode::kOutOfRange);
  EXPECT_EQ((*source)->ReadAt(11, 1, buffer).code(), StatusCode::kOutOfRange);
  EXPECT_EQ(store_->Read(At("digits"), 10).value_or("?"), "0123456789");
  EXPECT_EQ(store_->Read(At("digits"), 9).status().code(), StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, AnOpenSourceOutlivesItsName) {
  ASSERT_EQ(store_->CreateExclusive(At("digits"), "0123456789"), absl::OkStatus());
  auto source = store_->Open(At("digits"));
  ASSERT_TRUE(source.ok());
  ASSERT_EQ(store_->Remove(At("digits")), absl::OkStatus());
  char buffer[2] = {};
  EXPECT_EQ((*source)->ReadAt(4, 2, buffer), absl::OkStatus());
  EXPECT_EQ(absl::string_view(buffer, 2), "45");
}

TEST_P(StoreConformance, WhatDoesNotExistIsNotFoundByName) {
  absl::Status missing = store_->Open(At("none")).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr(At("none")));
  EXPECT_EQ(store_->Read(At("none"), 9).status().code(), StatusCode::kNotFound);
}

TEST_P(StoreConformance, RemoveMayBeRepeatedAndTakesOneObject) {
  ASSERT_EQ(store_->CreateExclusive(At("a/one"), "1"), absl::OkStatus());
  ASSERT_EQ(store_->CreateExclusive(At("a/two"), "2"), absl::OkStatus());
  EXPECT_EQ(store_->Remove(At("a/one")), absl::OkStatus());
  EXPECT_EQ(store_->Remove(At("a/one")), absl::OkStatus());
  EXPECT_EQ(store_->Remove(At("a/absent/folder")), absl::OkStatus());
  EXPECT_EQ(store_->Remove(At("a")).code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Names("a"), ElementsAre("two 1"));
  EXPECT_EQ(store_->Remove(At("a/two")), absl::OkStatus());
  EXPECT_EQ(store_->Remove(At("a")), absl::OkStatus());
  EXPECT_THAT(Names(""), IsEmpty());
}

TEST_P(StoreConformance, RemoveTreeTakesEverythingBelowAndUploadsBegunThere) {
  ASSERT_EQ(store_->CreateExclusive(At("_staging/a.1-1/rows/log"), "1"), absl::OkStatus());
  ASSERT_EQ(store_->CreateExclusive(At("_staging/a.1-10/log"), "2"), absl::OkStatus());
  PreparedFile file = Prepare("shard", "pixels", "a.1-1");
  EXPECT_EQ(store_->RemoveTree(At("_staging/a.1-1")), absl::OkStatus());
  EXPECT_EQ(store_->RemoveTree(At("_staging/a.1-1")), absl::OkStatus());
  EXPECT_EQ(Publish(file), StatusCode::kNotFound);
  EXPECT_THAT(Names("_staging"), ElementsAre("a.1-10/"));
}

TEST_P(StoreConformance, ADroppedWriterLeavesNothing) {
  {
    auto writer = store_->Prepare(At("shard"), At("_staging/a.1-1/shard"));
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ((*writer)->Append(Noise(3 << 20)), absl::OkStatus());
  }
  EXPECT_THAT(Names("_staging/a.1-1"), IsEmpty());
  EXPECT_EQ(Get("shard"), "NOT_FOUND");
}

TEST_P(StoreConformance, ARemovedStagingFailsItsWriterForGood) {
  auto writer = store_->Prepare(At("shard"), At("_staging/a.1-1/shard"));
  ASSERT_TRUE(writer.ok());
  ASSERT_EQ((*writer)->Append("fenced"), absl::OkStatus());
  ASSERT_EQ(store_->RemoveTree(At("_staging")), absl::OkStatus());
  absl::Status first = (*writer)->Finish().status();
  EXPECT_EQ(first.code(), StatusCode::kUnavailable);
  EXPECT_EQ((*writer)->Append("more"), first);
  EXPECT_EQ((*writer)->Finish().status(), first);
}

TEST_P(StoreConformance, ALeftoverUnderTheSameStagingNameIsReplacedNotChanged) {
  PreparedFile first = Prepare("shard", "first bytes");
  ASSERT_EQ(Publish(first), StatusCode::kOk);
  PreparedFile second = Prepare("shard", "second");
  EXPECT_EQ(Get("shard"), "first bytes");
  EXPECT_EQ(Publish(second), StatusCode::kAlreadyExists);
}

}  // namespace millrace
