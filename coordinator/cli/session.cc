#include "coordinator/cli/session.h"

#include "common/base/status_macros.h"
#include "coordinator/cli/state_folder.h"

namespace millrace::cli {

absl::StatusOr<Session> Session::Open(const Choice& choice, const EmbeddedOptions& embedded,
                                      const CliEnvironment& environment) {
  Session session;
  if (!choice.embedded()) {
    MILLRACE_ASSIGN_OR_RETURN(session.remote_, environment.connect(choice.address));
    return session;
  }
  MILLRACE_RETURN_IF_ERROR(MakeFolder(embedded.state_dir));
  MILLRACE_ASSIGN_OR_RETURN(session.embedded_, environment.start_embedded(embedded));
  return session;
}

}  // namespace millrace::cli
