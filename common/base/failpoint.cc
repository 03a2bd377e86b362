#include "common/base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

struct Action {
  std::string verb;
  int at = 0;  // 0: every hit
  int hits = 0;
};

struct Registry {
  Mutex mu;
  std::map<std::string, Action, std::less<>> actions ABSL_GUARDED_BY(mu);
  std::atomic<bool> armed = false;

  Registry() {
    if (const char* text = std::getenv("MILLRACE_FAILPOINT")) Set(text);
  }
  void Set(absl::string_view specification) {
    MutexLock lock(&mu);
    actions.clear();
    for (absl::string_view part : absl::StrSplit(specification, ';', absl::SkipEmpty())) {
      std::pair<absl::string_view, absl::string_view> name_rest = absl::StrSplit(part, absl::MaxSplits('=', 1));
      std::pair<absl::string_view, absl::string_view> verb_at =
          absl::StrSplit(name_rest.second, absl::MaxSplits('@', 1));
      Action action{std::string(verb_at.first)};
      if (!verb_at.second.empty() && !absl::SimpleAtoi(verb_at.second, &action.at)) action.at = 0;
      actions[std::string(name_rest.first)] = action;
    }
    armed = !actions.empty();
  }
};

Registry& GetRegistry() {
  static auto* registry = new Registry;
  return *registry;
}

// The verb that fires at this hit, or empty.
std::string Fires(absl::string_view name) {
  Registry& registry = GetRegistry();
  MutexLock lock(&registry.mu);
  auto it = registry.actions.find(name);
  if (it == registry.actions.end()) return "";
  Action& action = it->second;
  ++action.hits;
  return action.at == 0 || action.hits == action.at ? action.verb : "";
}

}  // namespace

absl::Status Failpoint(absl::string_view name) {
  if (!GetRegistry().armed) return absl::OkStatus();
  const std::string verb = Fires(name);
  if (verb.empty()) return absl::OkStatus();
  Log(LogLevel::kWarning, "failpoint", {{"name", std::string(name)}, {"action", verb}});
  if (verb == "kill") kill(getpid(), SIGKILL);
  if (verb == "stop") kill(getpid(), SIGSTOP);
  if (verb == "error") return absl::UnavailableError(absl::StrCat("failpoint ", name));
  if (verb == "ioerror") return absl::DataLossError(absl::StrCat("failpoint ", name, ": input/output error"));
  if (verb == "full")
    return absl::ResourceExhaustedError(absl::StrCat("failpoint ", name, ": no space left on device"));
  return absl::OkStatus();
}

void SetFailpoints(absl::string_view specification) { GetRegistry().Set(specification); }

}  // namespace millrace
