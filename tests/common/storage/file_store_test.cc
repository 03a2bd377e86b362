#include "common/storage/file_store.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/storage/disk_space.h"
#include "common/storage/errno_status.h"
#include "tests/common/storage/store_conformance.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::HasSubstr;

std::string FreshFolder() {
  std::string name = testing::TempDir() + "/file_store_XXXXXX";
  return mkdtemp(name.data());
}

StoreCase FileCase(std::string name, FileStoreOptions options) {
  return {std::move(name), [=] { return MakeFileStore(options); }, FreshFolder};
}

INSTANTIATE_TEST_SUITE_P(File, StoreConformance,
                         testing::Values(FileCase("Links", {}), FileCase("NoLinks", {.use_links = false}),
                                         FileCase("EarlyWriteBack", {.write_back_bytes = 4096})),
                         NameOfCase);

class FileStoreTest : public testing::Test {
 protected:
  ~FileStoreTest() override { fs::remove_all(root_); }
  std::string At(absl::string_view path) const { return root_ + "/" + std::string(path); }
  void Put(absl::string_view path, absl::string_view bytes) {
    fs::create_directories(fs::path(At(path)).parent_path());
    std::ofstream(At(path)) << bytes;
  }
  PreparedFile Prepare(absl::string_view path, absl::string_view bytes) {
    auto writer = store_->Prepare(At(path), At("_staging/a/file"));
    EXPECT_EQ((*writer)->Append(bytes), absl::OkStatus());
    return (*writer)->Finish().value_or(PreparedFile());
  }
  // Every name below the root, links and folders too.
  std::vector<std::string> Everything() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) names.push_back(fs::relative(entry, root_));
    std::sort(names.begin(), names.end());
    return names;
  }

  const std::string root_ = FreshFolder();
  const std::unique_ptr<Store> store_ = MakeFileStore();
};

TEST_F(FileStoreTest, PublishedAndStagedAreOneFileSoNothingIsCopied) {
  PreparedFile file = Prepare("shard", "pixels");
  ASSERT_EQ(store_->Publish(file), absl::OkStatus());
  EXPECT_TRUE(fs::equivalent(At("shard"), At("_staging/a/file")));
}

TEST_F(FileStoreTest, ExclusiveCreateLeavesNoOtherName) {
  ASSERT_EQ(store_->CreateExclusive(At("out/claim"), "x"), absl::OkStatus());
  ASSERT_FALSE(store_->CreateExclusive(At("out/claim"), "y").ok());
  ASSERT_EQ(MakeFileStore({.use_links = false})->CreateExclusive(At("out/claim2"), "x"), absl::OkStatus());
  ASSERT_FALSE(MakeFileStore({.use_links = false})->CreateExclusive(At("out/claim2"), "x").ok());
  EXPECT_THAT(Everything(), testing::ElementsAre("out", "out/claim", "out/claim2"));
}

TEST_F(FileStoreTest, WhatAKilledCreateLeftIsNotListed) {
  Put(".millrace-tmp-12ab", "half a cl");
  EXPECT_TRUE(store_->List(root_)->empty());
  EXPECT_TRUE(IsTemporaryName(".millrace-tmp-12ab"));
  EXPECT_FALSE(IsTemporaryName("_millrace.json"));
}

TEST_F(FileStoreTest, RemoveTreeNeverFollowsLinks) {
  Put("precious/photo.jpg", "jpeg");
  fs::create_directories(At("_staging/a"));
  fs::create_directory_symlink(At("precious"), At("_staging/a/link"));
  EXPECT_EQ(store_->RemoveTree(At("_staging")), absl::OkStatus());
  fs::create_directory_symlink(At("precious"), At("_staging"));
  EXPECT_EQ(store_->RemoveTree(At("_staging")), absl::OkStatus());
  EXPECT_THAT(Everything(), testing::ElementsAre("precious", "precious/photo.jpg"));
}

TEST_F(FileStoreTest, ATornStagingFileIsDataLoss) {
  PreparedFile file = Prepare("shard", "pixels");
  fs::resize_file(At("_staging/a/file"), 3);
  EXPECT_EQ(store_->Publish(file).code(), StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(At("shard")));
}

TEST_F(FileStoreTest, AFolderInTheWayOfPublishIsNotReplaced) {
  fs::create_directory(At("shard"));
  EXPECT_EQ(store_->Publish(Prepare("shard", "pixels")).code(), StatusCode::kAlreadyExists);
}

TEST_F(FileStoreTest, OnlyRegularFilesAreRead) {
  fs::create_directory(At("folder"));
  ASSERT_EQ(mkfifo(At("fifo").c_str(), 0600), 0);
  for (absl::string_view name : {"folder", "fifo"}) {
    EXPECT_EQ(store_->Open(At(name)).status().code(), StatusCode::kInvalidArgument) << name;
  }
  Put("file", "x");
  EXPECT_EQ(store_->Open(At("file/below")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->List(At("file")).status().code(), StatusCode::kInvalidArgument);
  absl::Status refused = store_->CreateExclusive(At("file/claim"), "x");
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("file: exists and is not a folder"));
}

TEST_F(FileStoreTest, LinksInListsAreNotFolders) {
  fs::create_directory_symlink("/", At("link"));
  auto entries = store_->List(root_);
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_FALSE((*entries)[0].folder);
}

// A file size limit stands for a full disk: the kernel refuses the write in the same place.
TEST_F(FileStoreTest, AFullDiskIsResourceExhaustedAndSticksAndLeavesNothing) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  {
    auto writer = store_->Prepare(At("shard"), At("_staging/a/file"));
    ASSERT_TRUE(writer.ok());
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    absl::Status first;
    for (int i = 0; i < 8 && first.ok(); ++i) first = (*writer)->Append(std::string(300 << 10, 'x'));
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(first.code(), StatusCode::kResourceExhausted);
    EXPECT_THAT(std::string(first.message()), HasSubstr(At("_staging/a/file")));
    EXPECT_EQ((*writer)->Append("room again"), first);
    EXPECT_EQ((*writer)->Finish().status(), first);
  }
  EXPECT_TRUE(store_->List(At("_staging/a"))->empty());
}

TEST_F(FileStoreTest, AFolderWithoutPermissionIsNamed) {
  fs::create_directory(At("locked"));
  fs::permissions(At("locked"), fs::perms::owner_read);
  fs::permissions(root_, fs::perms::all);
  const bool root = geteuid() == 0;  // who may write everywhere, so it steps down for the call
  ASSERT_EQ(seteuid(root ? 65534 : geteuid()), 0);
  absl::Status refused = store_->CreateExclusive(At("locked/claim"), "x");
  ASSERT_EQ(seteuid(root ? 0 : geteuid()), 0);
  EXPECT_EQ(refused.code(), StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("locked"));
}

TEST(ErrnoStatusTest, SaysPathAndWords) {
  EXPECT_EQ(ErrnoStatus(ENOSPC, "/d/f"), absl::ResourceExhaustedError("/d/f: no space left on device"));
  EXPECT_EQ(ErrnoStatus(EACCES, "/d/f"), absl::PermissionDeniedError("/d/f: permission denied"));
  EXPECT_EQ(ErrnoStatus(ENOENT, "/d/f"), absl::NotFoundError("/d/f: no such file or directory"));
  EXPECT_EQ(ErrnoStatus(EIO, "/d/f").code(), StatusCode::kUnavailable);
  EXPECT_EQ(ErrnoStatus(ESTALE, "/d/f").code(), StatusCode::kUnavailable);
  EXPECT_EQ(ErrnoStatus(EROFS, "/d/f").code(), StatusCode::kPermissionDenied);
}

TEST_F(FileStoreTest, DiskSpaceIsThatOfTheNearestParentThatExists) {
  Put("file", "x");
  auto here = DiskSpace(root_);
  ASSERT_TRUE(here.ok());
  EXPECT_GT(here->total_bytes, 0);
  EXPECT_GE(here->total_bytes, here->free_bytes);
  for (absl::string_view path : {"not/yet/there", "file/below", "file"}) {
    auto there = DiskSpace(At(path));
    ASSERT_TRUE(there.ok()) << there.status();
    EXPECT_EQ(there->total_bytes, here->total_bytes);
  }
}

}  // namespace
}  // namespace millrace
