// From a cell of the input to a file of this machine. Pure text: nothing is opened, links are not followed.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// "cat/1.jpg" below `base`, "/data/1.jpg" as it is, "file:///data/1%20b.jpg" percent-decoded ("file://localhost/…"
// too). UNIMPLEMENTED for any other scheme, INVALID_ARGUMENT for a file URI with a host, a bad escape or a NUL.
absl::StatusOr<std::string> ResolveUri(absl::string_view cell, absl::string_view base);

// The folder of a path: "/data/images.csv" → "/data".
absl::string_view FolderOf(absl::string_view path);

}  // namespace millrace
