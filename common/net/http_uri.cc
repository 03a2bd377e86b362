#include "common/net/http_uri.h"

#include <curl/curl.h>

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr size_t kMostBytes = 8000;  // servers refuse longer ones; a cell that long is no URI

size_t SchemeEnd(absl::string_view uri) { return uri.find("://"); }

// From behind "://" to the path: "user@host:80".
absl::string_view AuthorityOf(absl::string_view uri) {
  const size_t scheme = SchemeEnd(uri);
  if (scheme == absl::string_view::npos) return {};
  const absl::string_view rest = uri.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#\\"));
}

bool MustBeEncoded(unsigned char c) {
  return c >= 0x7f || c == ' ' || absl::StrContains("\"<>\\^`{|}", absl::string_view(reinterpret_cast<char*>(&c), 1));
}

// What browsers do with a path that people typed: "/a b.jpg" → "/a%20b.jpg". Escapes that are there stay.
std::string Encode(absl::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (MustBeEncoded(byte)) {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

std::string CheckText(absl::string_view uri) {
  if (uri.size() > kMostBytes) return absl::StrCat("it has ", uri.size(), " bytes");
  for (const char c : uri)
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) return "it has a control character";
  const absl::string_view authority = AuthorityOf(uri);
  if (authority.empty()) return "it has no host";
  if (absl::StrContains(authority, '@')) return "a user name or password in the URI is not supported";
  const size_t end = SchemeEnd(uri) + 3 + authority.size();
  if (end < uri.size() && uri[end] == '\\') return "it has a backslash behind the host";
  for (const char c : authority)
    if (static_cast<unsigned char>(c) >= 0x7f) return "its host is not ASCII: write it as xn--…";
  return "";
}

struct CurlUrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlUrlDeleter>;

std::string Part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  const unsigned port = part == CURLUPART_URL ? CURLU_NO_DEFAULT_PORT : CURLU_DEFAULT_PORT;
  if (curl_url_get(url, part, &text, port) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

// libcurl decodes escapes in a host, and would read what came out differently when it is sent.
bool IsHost(absl::string_view host) {
  for (const char c : host)
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && !absl::StrContains("-._:", c)) return false;
  return true;
}

std::string HostOf(CURLU* url) {
  std::string host = absl::AsciiStrToLower(Part(url, CURLUPART_HOST));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (!host.empty() && host.back() == '.') host.pop_back();
  return host;
}

}  // namespace

bool IsHttpUri(absl::string_view text) {
  return absl::StartsWithIgnoreCase(text, "http://") || absl::StartsWithIgnoreCase(text, "https://");
}

// libcurl's own parser decides what host and port are, so that there are no two opinions about it.
std::variant<HttpUri, UriError> ParseHttpUri(absl::string_view uri) {
  uri = absl::StripAsciiWhitespace(uri);
  if (!IsHttpUri(uri)) return UriError{FetchReason::kScheme, "only http:// and https:// are fetched"};
  if (std::string wrong = CheckText(uri); !wrong.empty()) return UriError{FetchReason::kUri, std::move(wrong)};
  const CurlUrl url(curl_url());
  const std::string encoded = Encode(uri.substr(0, uri.find('#')));
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, encoded.c_str(), CURLU_DISALLOW_USER);
  if (code != CURLUE_OK) return UriError{FetchReason::kUri, curl_url_strerror(code)};
  HttpUri parsed;
  uint32_t port = 0;
  parsed.host = HostOf(url.get());
  if (!IsHost(parsed.host)) return UriError{FetchReason::kUri, "its host has a character that no host has"};
  const std::string scheme = Part(url.get(), CURLUPART_SCHEME);
  if (!absl::SimpleAtoi(Part(url.get(), CURLUPART_PORT), &port) || port == 0 || port > 65535 || parsed.host.empty()) {
    return UriError{FetchReason::kUri, "it has no host or a wrong port"};
  }
  parsed.port = static_cast<uint16_t>(port);
  parsed.origin = absl::StrCat(scheme, "://", parsed.host, ":", port);
  parsed.text = Part(url.get(), CURLUPART_URL);
  return parsed;
}

std::string HttpFolderOf(absl::string_view uri) {
  const absl::string_view path = uri.substr(0, uri.find_first_of("?#"));
  const size_t last = path.rfind('/');
  return std::string(path.substr(0, last < SchemeEnd(path) + 3 ? path.size() : last));  // "https://host" has no path
}

std::string ResolveHttpUri(absl::string_view cell, absl::string_view folder) {
  if (SchemeEnd(cell) != absl::string_view::npos) return std::string(cell);
  const size_t host = SchemeEnd(folder) + 3;
  if (absl::StartsWith(cell, "//")) return absl::StrCat(folder.substr(0, host - 2), cell);
  if (absl::StartsWith(cell, "/")) return absl::StrCat(folder.substr(0, folder.find('/', host)), cell);
  return absl::StrCat(folder, "/", cell);
}

std::string RedactUri(absl::string_view uri) {
  const size_t scheme = SchemeEnd(uri);
  if (scheme == absl::string_view::npos || absl::StartsWithIgnoreCase(uri, "file:")) return std::string(uri);
  const size_t begin = scheme + 3;
  const size_t secret = uri.find_first_of("?#", begin);
  absl::string_view shown = uri.substr(begin, secret == absl::string_view::npos ? secret : secret - begin);
  // A password may hold a slash that someone forgot to encode: the last @ before the path's end counts.
  const size_t at = shown.substr(0, shown.find('/')).rfind('@');
  std::string out(uri.substr(0, begin));
  if (at != absl::string_view::npos) {
    out += "***@";
    shown.remove_prefix(at + 1);
  }
  absl::StrAppend(&out, shown);
  if (secret != absl::string_view::npos) absl::StrAppend(&out, uri.substr(secret, 1), "***");
  return out;
}

}  // namespace millrace
