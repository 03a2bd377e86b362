#include "coordinator/store/sqlite_journal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "absl/cleanup/cleanup.h"
#include "tests/coordinator/store/temp_folder.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Update Submitted(const std::string& job, int64_t unix_ms) {
  Update update;
  update.set_unix_ms(unix_ms);
  update.mutable_job_submitted()->set_job_id(job);
  update.mutable_job_submitted()->set_nonce(std::string("\0\xff nonce", 8));
  return update;
}

Update Archived(const std::string& job, int64_t unix_ms) {
  Update update;
  update.set_unix_ms(unix_ms);
  update.mutable_job_archived()->mutable_status()->set_job_id(job);
  return update;
}

// The journal file as a small language: what to write, what comes back.
class SqliteJournalTest : public testing::Test {
 protected:
  std::unique_ptr<SqliteJournal> OpenFresh() {
    auto journal = SqliteJournal::Open(path_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    if (!journal.ok()) return nullptr;
    replayed_.clear();
    replay_status_ = (*journal)->Replay([this](const Update& update) {
      replayed_.push_back(absl::StrCat(JobIdOf(update), ":", update.unix_ms()));
      return absl::OkStatus();
    });
    return *std::move(journal);
  }
  std::vector<std::string> Replayed() {
    OpenFresh();
    EXPECT_TRUE(replay_status_.ok()) << replay_status_;
    return replayed_;
  }
  std::string ReplayError() {
    OpenFresh();
    return std::string(replay_status_.ToString());
  }
  void Write(const std::vector<Update>& updates) {
    auto journal = OpenFresh();
    for (const Update& update : updates) ASSERT_TRUE(journal->Append(update).ok());
    absl::Status synced = journal->Sync();
    ASSERT_TRUE(synced.ok()) << synced;
  }
  void Damage(const char* sql) {
    auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status();
    absl::Status done = database->Execute(sql);
    ASSERT_TRUE(done.ok()) << done;
  }

  TempFolder temp_;
  std::string path_ = temp_.Name("journal.db");
  std::vector<std::string> replayed_;
  absl::Status replay_status_;
};

TEST_F(SqliteJournalTest, WhatWasSyncedComesBackInOrder) {
  EXPECT_THAT(Replayed(), IsEmpty());
  Write({Submitted("a", 1), Submitted("b", 2)});
  Write({Submitted("a", 3)});
  EXPECT_THAT(Replayed(), ElementsAre("a:1", "b:2", "a:3"));
}

TEST_F(SqliteJournalTest, WhatWasNotSyncedIsGone) {
  Write({Submitted("a", 1)});
  {
    auto journal = OpenFresh();
    ASSERT_TRUE(journal->Append(Submitted("b", 2)).ok());
  }
  EXPECT_THAT(Replayed(), ElementsAre("a:1"));
}

TEST_F(SqliteJournalTest, ReplayComesFirstAndOnce) {
  auto opened = SqliteJournal::Open(path_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_FALSE((*opened)->Append(Submitted("a", 1)).ok());
  auto nothing = [](const Update&) { return absl::OkStatus(); };
  EXPECT_TRUE((*opened)->Replay(nothing).ok());
  EXPECT_FALSE((*opened)->Replay(nothing).ok());
}

TEST_F(SqliteJournalTest, ArchivingLeavesOneRowOfTheJobAndAllOfOthers) {
  Write({Submitted("a", 1), Submitted("b", 2), Submitted("a", 3)});
  {
    auto journal = OpenFresh();
    ASSERT_TRUE(journal->Append(Submitted("a", 4)).ok());
    ASSERT_TRUE(journal->Archive("a", Archived("a", 5)).ok());
    ASSERT_TRUE(journal->Append(Submitted("b", 6)).ok());
    ASSERT_TRUE(journal->Sync().ok());
    ASSERT_TRUE(journal->Append(Submitted("a", 7)).ok());
    ASSERT_TRUE(journal->Sync().ok());
  }
  EXPECT_THAT(Replayed(), ElementsAre("b:2", "a:5", "b:6", "a:7"));
  Write({Submitted("a", 8)});
  EXPECT_THAT(Replayed(), ElementsAre("b:2", "a:5", "b:6", "a:7", "a:8"));
}

TEST_F(SqliteJournalTest, AnUnsyncedArchiveChangesNothing) {
  Write({Submitted("a", 1), Submitted("a", 2)});
  {
    auto journal = OpenFresh();
    ASSERT_TRUE(journal->Archive("a", Archived("a", 3)).ok());
  }
  EXPECT_THAT(Replayed(), ElementsAre("a:1", "a:2"));
}

TEST_F(SqliteJournalTest, AFlippedByteIsFoundAndNamed) {
  Write({Submitted("a", 1), Submitted("b", 2)});
  Damage("UPDATE journal SET body = x'0801' WHERE job = 'b'");
  EXPECT_THAT(ReplayError(), testing::AllOf(HasSubstr("DATA_LOSS"), HasSubstr(path_), HasSubstr("row 0 of job b"),
                                            HasSubstr("damaged")));
  EXPECT_THAT(replayed_, ElementsAre("a:1")) << "nothing after the damage is shown";
}

TEST_F(SqliteJournalTest, ALostRowInTheMiddleIsFoundAndNamed) {
  Write({Submitted("a", 1), Submitted("a", 2), Submitted("a", 3)});
  Damage("DELETE FROM journal WHERE job_row = 1");
  EXPECT_THAT(ReplayError(), testing::AllOf(HasSubstr("DATA_LOSS"), HasSubstr("row 2 of job a"), HasSubstr("missing")));
}

TEST_F(SqliteJournalTest, ALostTailIsFound) {
  Write({Submitted("a", 1), Submitted("a", 2)});
  Damage("DELETE FROM journal WHERE sequence = 2");
  EXPECT_THAT(ReplayError(), testing::AllOf(HasSubstr("DATA_LOSS"), HasSubstr("1 rows"), HasSubstr("but 2")));
}

TEST_F(SqliteJournalTest, ANewerSchemaIsRefusedWithWords) {
  Write({Submitted("a", 1)});
  Damage("PRAGMA user_version=2");
  auto journal = SqliteJournal::Open(path_);
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(journal.status().message()),
              HasSubstr("newer Millrace (journal schema 2, this one knows 1)"));
}

TEST_F(SqliteJournalTest, OtherFilesAreRefusedUntouched) {
  Damage("CREATE TABLE recipes(name TEXT)");
  auto foreign = SqliteJournal::Open(path_);
  EXPECT_EQ(foreign.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(foreign.status().message()), HasSubstr("another program's database"));

  std::string text = temp_.Name("notes.txt");
  std::ofstream(text) << std::string(5000, 'x');
  EXPECT_EQ(SqliteJournal::Open(text).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(SqliteJournal::Open(temp_.Name("no/such/folder/journal.db")).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(SqliteJournalTest, ALockedFileIsToldInWordsAndTheErrorSticks) {
  auto journal = OpenFresh();
  auto other = Database::Open(path_);
  ASSERT_TRUE(other.ok() && other->Execute("BEGIN IMMEDIATE").ok());
  ASSERT_TRUE(journal->Append(Submitted("a", 1)).ok());
  absl::Status busy = journal->Sync();
  EXPECT_EQ(busy.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(busy.message()), HasSubstr("another process holds a lock"));
  ASSERT_TRUE(other->Execute("ROLLBACK").ok());
  EXPECT_EQ(journal->Append(Submitted("b", 2)), busy);
  EXPECT_EQ(journal->Sync(), busy);
  journal.reset();
  EXPECT_THAT(Replayed(), IsEmpty());
}

// Writes rows 1, 2, … and tells each durable one through the pipe, until it is killed or the disk is full. Two rows are
// appended before each Sync, so that most kills fall between appends and their Sync.
[[noreturn]] void WriteForEver(const std::string& path, int pipe) {
  auto journal = SqliteJournal::Open(path);
  if (!journal.ok()) _exit(2);
  int64_t row = 0;
  if (!(*journal)->Replay([&](const Update& update) { return row = update.unix_ms(), absl::OkStatus(); }).ok())
    _exit(3);
  while (true) {
    for (int i = 0; i < 2; ++i) {
      Update update = Submitted("job", ++row);
      update.mutable_job_submitted()->set_nonce(std::string(300, 'n'));
      if (!(*journal)->Append(update).ok()) _exit(4);
    }
    absl::Status synced = (*journal)->Sync();
    if (!synced.ok()) _exit(absl::IsResourceExhausted(synced) ? 50 : 51);
    if (write(pipe, &row, sizeof row) != sizeof row) _exit(5);
  }
}

// Starts a writer; it is killed after `acknowledged` more rows. Returns the last row that it acknowledged.
int64_t RunWriterAndKill(const std::string& path, int acknowledgements) {
  int told[2];
  EXPECT_EQ(pipe(told), 0);
  pid_t child = fork();
  if (child == 0) WriteForEver(path, told[1]);
  close(told[1]);
  int64_t last = 0, row = 0;
  for (int i = 0; i < acknowledgements; ++i) {
    if (read(told[0], &row, sizeof row) == sizeof row) last = row;
  }
  kill(child, SIGKILL);
  while (read(told[0], &row, sizeof row) == sizeof row) last = row;  // told before it died
  waitpid(child, nullptr, 0);
  close(told[0]);
  return last;
}

TEST_F(SqliteJournalTest, AKilledWriterLosesNoAcknowledgedRow) {
  int64_t acknowledged = 0;
  for (int kill_after = 1; kill_after <= 12; ++kill_after) {
    acknowledged = std::max(acknowledged, RunWriterAndKill(path_, kill_after));
    std::vector<std::string> rows = Replayed();
    ASSERT_GE(static_cast<int64_t>(rows.size()), acknowledged);
    EXPECT_EQ(rows.size() % 2, 0u) << "a group is durable as a whole or not at all";
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], absl::StrCat("job:", i + 1));
  }
}

// Runs a writer until the disk stops it; the exit code tells its error. `limit`: largest file, 0: none.
int RunWriterUntilFull(const std::string& path, rlim_t limit, int64_t* acknowledged) {
  int told[2];
  EXPECT_EQ(pipe(told), 0);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit file_size{limit, limit};
    if (limit > 0 && setrlimit(RLIMIT_FSIZE, &file_size) != 0) _exit(1);
    WriteForEver(path, told[1]);
  }
  close(told[1]);
  int64_t row = 0;
  while (read(told[0], &row, sizeof row) == sizeof row) *acknowledged = row;
  close(told[0]);
  int wait_status = 0;
  waitpid(child, &wait_status, 0);
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

TEST_F(SqliteJournalTest, AFileThatMayNotGrowStopsTheWriterButKeepsWhatWasAcknowledged) {
  int64_t acknowledged = 0;
  int code = RunWriterUntilFull(path_, 200'000, &acknowledged);
  EXPECT_TRUE(code == 50 || code == 51) << code;  // EFBIG is an input/output error to SQLite
  EXPECT_GT(acknowledged, 0);
  std::vector<std::string> rows = Replayed();
  ASSERT_GE(static_cast<int64_t>(rows.size()), acknowledged);
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], absl::StrCat("job:", i + 1));
}

TEST_F(SqliteJournalTest, AFullDiskIsToldAsSuchAndTheJournalGoesOnWhenThereIsSpace) {
  std::string disk = temp_.Name("disk");
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) GTEST_SKIP() << "mounting a tmpfs needs root";
  absl::Cleanup unmount = [&] { umount2(disk.c_str(), MNT_DETACH); };
  path_ = disk + "/journal.db";
  std::string filler = disk + "/filler";
  std::ofstream(filler) << std::string(600'000, 'f');

  int64_t acknowledged = 0;
  EXPECT_EQ(RunWriterUntilFull(path_, 0, &acknowledged), 50) << "RESOURCE_EXHAUSTED";
  EXPECT_GT(acknowledged, 0);
  std::filesystem::remove(filler);
  std::vector<std::string> rows = Replayed();
  ASSERT_GE(static_cast<int64_t>(rows.size()), acknowledged);
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], absl::StrCat("job:", i + 1));
  Write({Submitted("next", 1)});
}

}  // namespace
}  // namespace millrace
