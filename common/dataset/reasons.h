// Why a row could not be used: one word, the same in dead letters, metrics, error texts and the manifest.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace millrace {

struct Reason {
  absl::string_view word;
  absl::string_view meaning;
  bool environmental = false;  // another machine or time might read the row
};

inline constexpr Reason kReasons[] = {
    {"row/ragged", "the row has more or fewer cells than the header"},
    {"row/nul", "the row has a NUL byte"},
    {"row/several_labels", "the row has several labels, and --multi-label was not said"},
    {"row/value", "a cell is not of its column's type in the schema"},
    {"row/syntax", "the line is not JSON"},
    {"row/type", "the line is no JSON object, or a member is of another kind than it must be"},
    {"row/label_line_break", "the label has a line break"},
    {"row/no_uri", "the row has no image URI"},
    {"split/unknown", "the split is not TRAIN, VALIDATION, TEST, UNASSIGNED or DISCARD"},
    {"split/discard", "the row's split says DISCARD"},
    {"file/scheme", "the URI's scheme is not supported by this version"},
    {"file/root", "the file lies outside the worker's --file-root", true},
    {"file/not_found", "there is no such file", true},
    {"file/permission", "the worker may not read the file", true},
    {"file/io", "reading the file failed", true},
    {"file/not_regular", "it is a folder, a pipe or a device"},
    {"file/empty", "the file has no bytes"},
    {"file/too_large", "the file is larger than one image may be"},
    {"http/uri", "it is not a URI that can be fetched"},
    {"http/scheme", "the URI, or what it redirects to, is neither http nor https"},
    {"http/refused", "the host has an address that this worker may not reach", true},
    {"http/robots", "the server asks not to use the image (X-Robots-Tag)"},
    {"http/dns", "the name of the host cannot be resolved", true},
    {"http/connect", "there is no connection to the host", true},
    {"http/tls", "the host cannot prove who it is, or speaks no TLS that we do", true},
    {"http/timeout", "the image did not come in time", true},
    {"http/too_slow", "the image came slower than the least speed", true},
    {"http/too_large", "the image is larger than one image may be"},
    {"http/short_body", "the connection ended before the image did", true},
    {"http/empty", "the answer has no bytes"},
    {"http/redirects", "more redirects than allowed"},
    {"http/401", "the server wants a login", true},
    {"http/403", "the server forbids it", true},
    {"http/404", "the server does not have the image"},
    {"http/410", "the server does not have the image any more"},
    {"http/429", "the server was asked too much", true},
    {"http/4xx", "another answer from 400 to 499"},
    {"http/5xx", "the server failed", true},
    {"http/status", "an answer that carries no image"},
    {"decode/not_an_image", "the bytes are not an image"},
    {"decode/format", "an image, but neither JPEG, PNG, WebP nor BMP"},
    {"decode/truncated", "the image ends too early"},
    {"decode/corrupt", "the image is damaged"},
    {"decode/unsupported", "a kind of JPEG, PNG, WebP or BMP that is not decoded"},
    {"image/too_many_pixels", "more pixels than --max-pixels"},
    {"image/too_large_for_memory", "decoding needs more memory than the job allows one image"},
    {"encode/too_large", "a side is longer than the chosen payload's format can have"},
};

// Null for a word that is none.
constexpr const Reason* FindReason(absl::string_view word) {
  for (const Reason& reason : kReasons)
    if (reason.word == word) return &reason;
  return nullptr;
}
constexpr bool IsEnvironmental(absl::string_view word) {
  const Reason* reason = FindReason(word);
  return reason != nullptr && reason->environmental;
}
inline std::vector<std::string> ReasonWords() {
  std::vector<std::string> words;
  for (const Reason& reason : kReasons) words.emplace_back(reason.word);
  return words;
}

}  // namespace millrace
