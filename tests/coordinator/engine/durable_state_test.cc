#include "coordinator/engine/state/durable_state.h"

#include <gtest/gtest.h>

#include "coordinator/engine/journal/journaled_state.h"
#include "coordinator/engine/journal/memory_journal.h"

namespace millrace {
namespace {

Update Submitted(const std::string& id, int64_t unix_ms = 1000) {
  Update update;
  update.set_unix_ms(unix_ms);
  update.mutable_job_submitted()->set_job_id(id);
  update.mutable_job_submitted()->mutable_spec()->mutable_convert()->set_output("/out");
  return update;
}

Update Finished(const std::string& id, JobState state) {
  Update update;
  update.set_unix_ms(2000);
  update.mutable_job_finished()->set_job_id(id);
  update.mutable_job_finished()->set_state(state);
  return update;
}

Update Retried(const std::string& id) {
  Update update;
  update.mutable_job_retried()->set_job_id(id);
  return update;
}

TEST(DurableState, RunningJobsAreInOrderOfSubmission) {
  DurableState state;
  state.Apply(Submitted("younger", 2));
  state.Apply(Submitted("older", 1));
  EXPECT_EQ(state.running().begin()->second, "older");
  state.Apply(Finished("older", JOB_FAILED));
  EXPECT_EQ(state.running().begin()->second, "younger");
}

TEST(DurableState, RowsThatDoNotFitAreIgnored) {
  DurableState state;
  state.Apply(Update());
  state.Apply(Finished("nobody", JOB_FAILED));
  Update won;
  won.mutable_shard_won()->mutable_task()->set_job_id("job");
  won.mutable_shard_won()->mutable_task()->set_index(7);
  state.Apply(Submitted("job"));
  const std::string before = state.DebugString();
  state.Apply(won);
  state.Apply(Submitted("job", 5));
  EXPECT_EQ(state.DebugString(), before);
}

TEST(DurableState, TheArchiveRowIsTheJob) {
  DurableState state;
  state.Apply(Submitted("job"));
  state.Apply(Finished("job", JOB_SUCCEEDED));
  DurableState other;
  other.Apply(DurableState::ArchiveOf(*state.Find("job"), 0));
  EXPECT_EQ(other.DebugString(), state.DebugString());
}

TEST(DurableState, ALogKeepsItsLastLinesOnly) {
  DurableState state;
  state.Apply(Submitted("job"));
  for (size_t i = 0; i < DurableState::kLogLines; ++i) {
    state.Apply(Finished("job", JOB_FAILED));
    state.Apply(Retried("job"));
  }
  const JobRecord& job = *state.Find("job");
  EXPECT_EQ(job.log.size(), DurableState::kLogLines);
  EXPECT_EQ(job.log_first, static_cast<int64_t>(DurableState::kLogLines) + 1);
  EXPECT_EQ(job.generation, DurableState::kLogLines);
}

TEST(JournaledState, ReplaysToTheSameState) {
  MemoryJournal journal;
  JournaledState written(&journal);
  ASSERT_TRUE(written.Stage(Submitted("one")).ok());
  ASSERT_TRUE(written.Stage(Submitted("two")).ok());
  ASSERT_TRUE(written.Stage(Finished("one", JOB_SUCCEEDED)).ok());
  ASSERT_TRUE(written.Archive("one", 3000).ok());
  EXPECT_TRUE(written.dirty());
  ASSERT_TRUE(written.Commit().ok());
  EXPECT_FALSE(written.dirty());
  EXPECT_EQ(journal.Rows().size(), 2u) << "job two, and the archive row of job one";
  JournaledState replayed(&journal);
  ASSERT_TRUE(replayed.Replay().ok());
  EXPECT_EQ(replayed.state().DebugString(), written.state().DebugString());
}

TEST(JournaledState, ACommitWithoutRowsDoesNotTouchTheJournal) {
  MemoryJournal journal;
  journal.FailSync(absl::DataLossError("not asked"));
  JournaledState state(&journal);
  EXPECT_TRUE(state.Commit().ok());
  EXPECT_EQ(state.commits(), 0);
}

TEST(JournaledState, TheFirstErrorSticks) {
  MemoryJournal journal;
  JournaledState state(&journal);
  journal.FailSync(absl::ResourceExhaustedError("disk full"));
  ASSERT_TRUE(state.Stage(Submitted("job")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(state.Commit()));
  journal.FailSync(absl::OkStatus());
  EXPECT_TRUE(absl::IsResourceExhausted(state.Stage(Submitted("other"))));
  EXPECT_TRUE(absl::IsResourceExhausted(state.Commit()));
}

TEST(MemoryJournal, ACrashKeepsAPrefixOfWhatWasNotSynced) {
  MemoryJournal journal;
  ASSERT_TRUE(journal.Append(Submitted("one")).ok());
  ASSERT_TRUE(journal.Sync().ok());
  ASSERT_TRUE(journal.Append(Submitted("two")).ok());
  ASSERT_TRUE(journal.Append(Submitted("three")).ok());
  journal.Crash(1);
  ASSERT_EQ(journal.Rows().size(), 2u);
  EXPECT_EQ(JobIdOf(journal.Rows()[1]), "two");
  EXPECT_EQ(journal.unsynced(), 0u);
}

}  // namespace
}  // namespace millrace
