#include "coordinator/cli/convert.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "coordinator/cli/dry_run.h"
#include "coordinator/cli/exit_code.h"
#include "coordinator/cli/follow.h"
#include "coordinator/cli/invocation.h"
#include "coordinator/cli/report.h"
#include "coordinator/cli/rows_from_job.h"
#include "coordinator/cli/session.h"
#include "coordinator/cli/state_folder.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

constexpr int64_t kDefaultImageMemory = 320 * kMiB;  // proto/job.proto, max_image_memory_bytes
constexpr int64_t kDefaultMemoryBudget = 512 * kMiB;

// Everything that is known before anybody is asked.
struct Plan {
  Choice choice;
  ProgressMode progress = ProgressMode::kNone;
  ResolvedInputs inputs;
  JobSpec spec;
  std::string job_id;
  EmbeddedOptions embedded;
};

absl::Status CheckCombination(const ConvertFlags& flags, const Choice& choice) {
  if (flags.coordinator.local && !flags.coordinator.address.empty())
    return absl::InvalidArgumentError("--local cannot be combined with --coordinator");
  if (flags.detach && choice.embedded())
    return absl::InvalidArgumentError(
        "--detach needs a coordinator that goes on without this command: start one with `millrace up`, or name one "
        "with --coordinator");
  return absl::OkStatus();
}

absl::StatusOr<EmbeddedOptions> EmbeddedFor(const ConvertFlags& flags, const std::string& state,
                                            const std::string& output, const std::string& folder) {
  EmbeddedOptions options;
  options.workers = flags.workers;
  options.threads = flags.threads;
  options.state_dir = EmbeddedFolder(state, output);
  for (const std::string& root : flags.file_roots) options.file_roots.push_back(AbsolutePath(root, folder));
  options.fetch = flags.fetch.ToOptions();
  if (flags.memory_budget.empty()) return options;
  const auto budget = ParseByteSize(flags.memory_budget);
  if (!budget.ok()) return Annotate(budget.status(), "--memory-budget");
  options.memory_budget = *budget;
  return options;
}

// A coordinator's job waits for a worker that is large enough; here none will come.
absl::Status CheckMemory(const Plan& plan) {
  const int64_t asked = plan.spec.convert().max_image_memory_bytes();
  const int64_t needed = asked > 0 ? asked : kDefaultImageMemory;
  const int64_t budget = plan.embedded.memory_budget > 0 ? plan.embedded.memory_budget : kDefaultMemoryBudget;
  if (budget >= needed) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--memory-budget: ", FormatByteSize(budget), " is less than the ", FormatByteSize(needed),
      " that one image may need; give it more, or allow images less with --max-image-memory (larger ones become dead "
      "letters)"));
}

absl::StatusOr<Plan> MakePlan(const ConvertFlags& flags, const CliEnvironment& environment) {
  Plan plan;
  const std::string& folder = environment.current_folder;
  plan.choice = ChooseCoordinator(flags.coordinator, environment);
  MILLRACE_RETURN_IF_ERROR(CheckCombination(flags, plan.choice));
  MILLRACE_ASSIGN_OR_RETURN(plan.progress, ParseProgressMode(flags.progress, environment.err_is_terminal));
  MILLRACE_ASSIGN_OR_RETURN(const std::string state, StateFolder(environment));
  if (!flags.rows_from_job.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(const JobStatus job, FindFinishedJob(flags, plan.choice, state, environment));
    MILLRACE_ASSIGN_OR_RETURN(plan.spec, SpecOfRows(flags, job, folder));
  } else {
    MILLRACE_ASSIGN_OR_RETURN(plan.inputs,
                              ResolveInputs(flags.inputs, plan.choice.IsThisMachine(), absl::StrCat(state, "/stdin"),
                                            environment, flags.fetch.ToOptions()));
    MILLRACE_ASSIGN_OR_RETURN(plan.spec, MakeConvertSpec(flags, plan.inputs, folder));
  }
  MILLRACE_ASSIGN_OR_RETURN(plan.embedded, EmbeddedFor(flags, state, plan.spec.convert().output(), folder));
  if (plan.choice.embedded()) MILLRACE_RETURN_IF_ERROR(CheckMemory(plan));
  plan.job_id = JobIdFor(flags, plan.spec);
  return plan;
}

void SayWhichCoordinator(const Plan& plan, const ConvertFlags& flags, const CliEnvironment& environment) {
  std::ostream& err = *environment.err;
  if (plan.choice.embedded()) {
    err << "coordinator: inside this process (" << plan.choice.why << "), " << Count(flags.workers, "worker")
        << std::endl;
    return;
  }
  err << "coordinator: " << Printable(plan.choice.address) << " (" << plan.choice.why << ")" << std::endl;
  const bool ignored = flags.workers != 1 || flags.threads != 0 || !flags.memory_budget.empty() ||
                       !flags.file_roots.empty() || flags.fetch.given();
  if (ignored)
    err << "warning: --workers, --threads, --memory-budget, --file-root and --fetch-… are for a run inside this "
           "process; this "
           "coordinator's workers have their own"
        << std::endl;
}

void PrintUpToDate(const JobStatus& job, const ConvertFlags& flags, const CliEnvironment& environment) {
  const std::string text = UpToDateText(job, environment.current_folder);
  if (flags.format == "json") {
    *environment.err << text;
    *environment.out << ResultJson(job) << std::endl;
  } else {
    *environment.out << text << std::flush;
  }
}

int PrintDetached(const JobStatus& job, const Plan& plan, const ConvertFlags& flags,
                  const CliEnvironment& environment) {
  *environment.out << (flags.format == "json" ? ResultJson(job) : job.job_id()) << std::endl;
  *environment.err << "  to follow it: millrace jobs watch " << job.job_id() << plan.choice.FlagAgain() << std::endl;
  return kDone;
}

// Two embedded runs of one output at once: the second waits, and then finds the work done or goes on with it. False:
// Ctrl-C.
bool WaitForTheOther(const Plan& plan, const CliEnvironment& environment) {
  bool said = false;
  while (IsInUse(plan.embedded.state_dir)) {
    if (!said) *environment.err << "note: another command is working on this output; waiting for it" << std::endl;
    said = true;
    if (environment.interrupts() > 0) return false;
    environment.sleep(absl::Milliseconds(100));
  }
  return true;
}

// A run that was faster to take the journal's lock, or only looked at it, is no error.
absl::StatusOr<Session> OpenSession(const Plan& plan, const CliEnvironment& environment) {
  constexpr int kTries = 5;
  for (int tries = 1;; ++tries) {
    auto session = Session::Open(plan.choice, plan.embedded, environment);
    if (session.ok() || !plan.choice.embedded() || !absl::IsFailedPrecondition(session.status()) || tries == kTries)
      return session;
    environment.sleep(absl::Milliseconds(20));
    if (!WaitForTheOther(plan, environment)) return absl::CancelledError("interrupted");
  }
}

int Submit(const ConvertFlags& flags, const Plan& plan, const OutputView& output, Session& session,
           const CliEnvironment& environment) {
  if (session.embedded()) {
    const absl::Status given_up = GiveUpOthers(session.client(), plan.job_id, environment);
    if (absl::IsCancelled(given_up)) return kInterrupted;
    if (!given_up.ok()) return Fail(environment, given_up);
  }
  const auto submission =
      SubmitOrContinue(session.client(), plan.job_id, plan.spec, output, session.embedded(), environment);
  if (absl::IsCancelled(submission.status())) return kInterrupted;
  if (!submission.ok()) return Fail(environment, NameCoordinator(submission.status(), plan.choice));
  if (!submission->note.empty()) *environment.err << "note: " << submission->note << std::endl;
  if (submission->up_to_date) {
    PrintUpToDate(submission->job, flags, environment);
    return kDone;
  }
  if (flags.detach) return PrintDetached(submission->job, plan, flags, environment);
  return FollowJob(session.client(), submission->job.job_id(),
                   {.progress = plan.progress, .format = flags.format, .choice = plan.choice, .same_command = true},
                   environment);
}

}  // namespace

int RunConvert(const ConvertFlags& flags, const CliEnvironment& environment) {
  const auto plan = MakePlan(flags, environment);
  if (!plan.ok()) return Fail(environment, plan.status(), "millrace convert --help");
  const std::unique_ptr<Store> store = environment.make_store();
  if (flags.dry_run) {
    const OutputView output = LookAtOutput(*store, plan->spec.convert().output(), plan->choice.IsThisMachine());
    return DryRun(plan->spec, plan->inputs, plan->job_id, output, *store, environment);
  }
  if (plan->choice.embedded() && !WaitForTheOther(*plan, environment)) return kInterrupted;
  // Only an id made from the specification proves that the dataset there is the one asked for.
  if (flags.job_id.empty() && !flags.overwrite) {
    if (const auto job = FinishedBefore(*store, plan->spec, plan->job_id)) {
      PrintUpToDate(*job, flags, environment);
      return kDone;
    }
  }
  SayWhichCoordinator(*plan, flags, environment);
  auto session = OpenSession(*plan, environment);
  if (absl::IsCancelled(session.status())) return kInterrupted;
  if (!session.ok()) return Fail(environment, session.status());
  const OutputView output = LookAtOutput(*store, plan->spec.convert().output(), plan->choice.IsThisMachine());
  const int code = Submit(flags, *plan, output, *session, environment);
  session->Close();
  if (code == kDone && !flags.detach && !plan->inputs.spooled.empty()) unlink(plan->inputs.spooled.c_str());
  return code;
}

}  // namespace millrace::cli
