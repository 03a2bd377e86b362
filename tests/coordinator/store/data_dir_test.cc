#include "coordinator/store/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "tests/coordinator/store/temp_folder.h"

namespace millrace {
namespace {

using testing::HasSubstr;

TEST(DataDir, CreatesAPrivateFolder) {
  TempFolder temp;
  auto dir = DataDir::Open(temp.Name("a/b/data"));
  ASSERT_TRUE(dir.ok()) << dir.status();
  struct stat info;
  ASSERT_EQ(stat(dir->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(dir->journal_path(), temp.Name("a/b/data/journal.db"));
}

TEST(DataDir, ASecondOpenIsRefusedWithThePidOfTheFirst) {
  TempFolder temp;
  auto first = DataDir::Open(temp.Name("data"));
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = DataDir::Open(temp.Name("data"));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat("in use by process ", getpid())));
}

TEST(DataDir, ClosingGivesItFree) {
  TempFolder temp;
  { ASSERT_TRUE(DataDir::Open(temp.Name("data")).ok()); }
  auto moved_from = DataDir::Open(temp.Name("data"));
  ASSERT_TRUE(moved_from.ok()) << moved_from.status();
  DataDir moved = *std::move(moved_from);
  EXPECT_FALSE(DataDir::Open(temp.Name("data")).ok()) << "a move keeps the lock";
}

TEST(DataDir, AKilledOwnerLeavesNoLockBehind) {
  TempFolder temp;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    auto held = DataDir::Open(temp.Name("data"));
    char byte = held.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    pause();
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  auto refused = DataDir::Open(temp.Name("data"));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr(absl::StrCat("process ", child)));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(DataDir::Open(temp.Name("data")).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST(DataDir, AFileInTheWayIsNamed) {
  TempFolder temp;
  std::ofstream(temp.Name("data")) << "x";
  auto dir = DataDir::Open(temp.Name("data"));
  EXPECT_FALSE(dir.ok());
  EXPECT_THAT(std::string(dir.status().message()), HasSubstr(temp.Name("data")));
  EXPECT_FALSE(DataDir::Open("").ok());
}

TEST(DataDir, TellsFreeSpace) {
  TempFolder temp;
  auto dir = DataDir::Open(temp.Name("data"));
  ASSERT_TRUE(dir.ok()) << dir.status();
  auto space = dir->Free();
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->total_bytes, 0);
  EXPECT_LE(space->free_bytes, space->total_bytes);
  EXPECT_LE(space->FreeFraction(), 1.0);
}

}  // namespace
}  // namespace millrace
