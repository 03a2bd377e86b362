// http and https URIs as users write them. Pure text: nothing is resolved or opened.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "common/net/fetch_reason.h"

namespace millrace {

struct HttpUri {
  std::string text;    // as it is sent: spaces and bytes above 0x7f percent-encoded, no fragment
  std::string host;    // lower case, without brackets and without a dot at the end; an IPv4 number as "127.0.0.1"
  std::string origin;  // "https://example.org:443": what connections and limits belong to
  uint16_t port = 0;
};

struct UriError {
  FetchReason reason = FetchReason::kUri;
  std::string detail;
};

// Refused: schemes but http and https (http/scheme); names and passwords in the URI, control characters, backslashes in
// the host, a name that is not ASCII, all that libcurl's parser refuses (http/uri).
std::variant<HttpUri, UriError> ParseHttpUri(absl::string_view uri);

// Whether it begins with "http://" or "https://", in any case.
bool IsHttpUri(absl::string_view text);

// Where the relative URIs of a list lie: "https://host/lists/a.csv?sig=1" → "https://host/lists".
std::string HttpFolderOf(absl::string_view uri);
// A cell of a list in such a folder: "cat/1.jpg" below it, "/cat/1.jpg" at the host's root, "//other/1.jpg" at another
// host, and what has a scheme as it is.
std::string ResolveHttpUri(absl::string_view cell, absl::string_view folder);

// For errors and logs: without user, password, query and fragment, where signatures and tokens stand. Works on any
// text: "https://u:p@host/a.jpg?sig=1" → "https://***@host/a.jpg?***". Paths and file URIs, which have no such parts,
// stay as they are.
std::string RedactUri(absl::string_view uri);

}  // namespace millrace
