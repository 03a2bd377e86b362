// From an image_uri cell to a path of the local file system.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// The folder against which relative URIs of the CSV `input_file` are resolved: `uri_base` (ConvertSpec), or the folder
// of the CSV if that is empty.
std::string UriBase(absl::string_view uri_base, absl::string_view input_file);

// "cat/1.jpg" → base/cat/1.jpg; "/data/1.jpg" as it is; "file:///data/a%20b.jpg" percent-decoded. Nothing is looked up
// and ".." is left to the file system. INVALID_ARGUMENT, for a dead letter file/scheme, if it is another scheme, a
// file:// URI of another host, or has a broken or NUL percent escape.
absl::StatusOr<std::string> ResolveUri(absl::string_view cell, absl::string_view base);

}  // namespace millrace
