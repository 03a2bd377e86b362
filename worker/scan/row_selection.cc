#include "worker/scan/row_selection.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/dead_letter.h"
#include "common/dataset/layout.h"
#include "common/dataset/reasons.h"
#include "common/dataset/schema.h"
#include "common/net/http_uri.h"

namespace millrace {
namespace {

constexpr int64_t kReadBytes = kMiB;
constexpr int64_t kMaxVocabularyBytes = kGiB;

std::string PathOf(const RowsFrom& from, absl::string_view name) { return absl::StrCat(from.dataset(), "/", name); }

absl::Status NoDataset(const RowsFrom& from, const absl::Status& status) {
  return absl::InvalidArgumentError(
      absl::StrCat("the dataset of job ", from.job_id(), " cannot be read any more: ", status.message()));
}

absl::Status ForLines(const Source& source, const std::function<absl::Status(absl::string_view)>& visit) {
  std::string rest, chunk;
  for (int64_t offset = 0; offset < source.size();) {
    chunk.resize(static_cast<size_t>(std::min(kReadBytes, source.size() - offset)));
    MILLRACE_RETURN_IF_ERROR(source.ReadAt(offset, chunk.size(), chunk.data()));
    offset += static_cast<int64_t>(chunk.size());
    rest += chunk;
    size_t begin = 0;
    for (size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1)
      MILLRACE_RETURN_IF_ERROR(visit(absl::string_view(rest).substr(begin, end - begin)));
    rest.erase(0, begin);
  }
  return rest.empty() ? absl::OkStatus() : visit(rest);
}

// Of a row that could not be understood as it stood (too many cells, an unknown split) any cell may have been mended.
bool IsOfTheImage(absl::string_view reason) {
  const absl::string_view families[] = {"file/", "http/", "decode/", "image/", "encode/"};
  return std::any_of(std::begin(families), std::end(families),
                     [&](absl::string_view family) { return absl::StartsWith(reason, family); });
}

// As a dead letter can tell it.
uint64_t HashOf(absl::string_view uri) { return std::max<uint64_t>(1, Xxh3To64(ValidUtf8(uri))); }

}  // namespace

absl::StatusOr<std::vector<std::string>> RowSelection::Vocabulary(const Store& store, const RowsFrom& from) {
  const absl::StatusOr<std::string> text = store.Read(PathOf(from, kVocabularyFile), kMaxVocabularyBytes);
  if (!text.ok()) return NoDataset(from, text.status());
  return ParseVocabularyText(*text);
}

absl::StatusOr<RowSelection> RowSelection::Load(const Store& store, const RowsFrom& from,
                                                const std::vector<std::string>& files) {
  const std::vector<std::string> names = InputNames(files);
  const absl::StatusOr<std::unique_ptr<Source>> source = store.Open(PathOf(from, kDeadLettersFile));
  if (!source.ok()) return NoDataset(from, source.status());
  std::vector<Wanted> wanted;
  const absl::Status read = ForLines(**source, [&](absl::string_view line) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const BadRow bad, ParseDeadLetterLine(line));
    if (bad.reason() == "split/discard") return absl::OkStatus();  // the user's wish, and no failure
    if (from.transient() && !IsEnvironmental(bad.reason())) return absl::OkStatus();
    const auto name = std::find(names.begin(), names.end(), bad.input());
    if (name == names.end())
      return absl::InvalidArgumentError(absl::StrCat(JsonEscape(bad.input()), " is none of the inputs now"));
    wanted.push_back({name - names.begin(), bad.row(), IsOfTheImage(bad.reason()) ? HashOf(bad.uri()) : 0});
    return absl::OkStatus();
  });
  if (!read.ok()) return NoDataset(from, Annotate(read, PathOf(from, kDeadLettersFile)));
  if (wanted.empty())
    return absl::InvalidArgumentError(absl::StrCat("job ", from.job_id(), " left no ",
                                                   from.transient() ? "row that another try might read" : "failed row",
                                                   ": there is nothing to convert"));
  std::sort(wanted.begin(), wanted.end());
  return RowSelection(from, std::move(wanted));
}

absl::Status RowSelection::Changed(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(what, ": the input has changed since job ", from_.job_id(),
                                                 " read it; put its rows into a file of their own and convert that"));
}

absl::StatusOr<bool> RowSelection::Takes(int64_t file, int64_t row, absl::string_view uri) {
  if (next_ == wanted_.size()) return false;
  const Wanted& wanted = wanted_[next_];
  if (wanted.file != file || wanted.row != row) return false;
  ++next_;
  if (wanted.uri != 0 && wanted.uri != HashOf(uri))
    return Changed(
        absl::StrCat("row ", row, " is not the row that failed (its image is now '", JsonEscape(RedactUri(uri)), "')"));
  return true;
}

absl::Status RowSelection::CheckAllTaken() const {
  if (next_ == wanted_.size()) return absl::OkStatus();
  return Changed(absl::StrCat("row ", wanted_[next_].row, ", which failed, is not there"));
}

}  // namespace millrace
