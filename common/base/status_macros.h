// The two macros through which every fallible call of ours goes, and `Annotate`, by which a layer adds its own noun.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace millrace {

// "shard 7: " + "row 120: …". Keeps the code. Each layer adds its noun exactly once.
inline absl::Status Annotate(const absl::Status& status, absl::string_view noun) {
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(noun, ": ", status.message()));
}

}  // namespace millrace

#define MILLRACE_CONCAT_INNER(a, b) a##b
#define MILLRACE_CONCAT(a, b) MILLRACE_CONCAT_INNER(a, b)

// Returns the status from the enclosing function if it is not OK.
#define MILLRACE_RETURN_IF_ERROR(expression)                                                        \
  do {                                                                                              \
    if (absl::Status millrace_status = (expression); !millrace_status.ok()) return millrace_status; \
  } while (false)

// MILLRACE_ASSIGN_OR_RETURN(auto x, F()): x is F()'s value, or the enclosing function returns F()'s status.
#define MILLRACE_ASSIGN_OR_RETURN(declaration, expression) \
  MILLRACE_ASSIGN_OR_RETURN_INNER(MILLRACE_CONCAT(status_or_, __LINE__), declaration, expression)
#define MILLRACE_ASSIGN_OR_RETURN_INNER(name, declaration, expression) \
  auto name = (expression);                                            \
  if (!name.ok()) return std::move(name).status();                     \
  declaration = std::move(name).value()
