// The strict reader of _manifest.json: everything it returns can be relied on by the rest of the code.
#include <map>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/dataset/json_object.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "common/dataset/option_words.h"

namespace millrace {
namespace {

constexpr int64_t kMaxManifestBytes = 256 * kMiB;
constexpr int64_t kMaxSide = 65500;  // of a picture, as JPEG

bool IsHex(absl::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

// Below the folder, and nowhere else, on any store.
bool IsSafePath(absl::string_view path) {
  if (path.empty() || path.find_first_of(absl::string_view("\\\0", 2)) != absl::string_view::npos) return false;
  for (absl::string_view part : absl::StrSplit(path, '/'))
    if (part.empty() || part == "." || part == "..") return false;
  return true;
}

Split ReadSplit(const JsonObject& json) {
  Split split = SPLIT_TRAIN;
  if (!ParseSplitName(json.Text("split"), split)) json.Fail("split", "must be TRAIN, VALIDATION or TEST");
  return split;
}

FileKind ReadKind(const JsonObject& json) {
  const std::string kind = json.Text("kind");
  if (kind == "shard") return FileKind::kShard;
  if (kind == "dead_letters") return FileKind::kDeadLetters;
  if (kind == "index") return FileKind::kIndex;
  if (kind != "metadata") json.Fail("kind", "must be shard, index, metadata or dead_letters");
  return FileKind::kMetadata;
}

ManifestFile ReadFile(const JsonObject& json) {
  ManifestFile file;
  file.path = json.Text("path");
  if (!IsSafePath(file.path)) json.Fail("path", "must be a relative path that stays in the dataset's folder");
  file.kind = ReadKind(json);
  if (file.kind == FileKind::kShard) file.split = ReadSplit(json);
  file.rows = json.Int("rows");
  file.bytes = json.Int("bytes");
  const std::string crc32c = json.Text("crc32c");
  if (!IsHex(crc32c, 8) || !absl::SimpleHexAtoi(crc32c, &file.crc32c)) json.Fail("crc32c", "must be 8 hex digits");
  const std::string hash = json.Text("xxh3_128");
  if (!IsHex(hash, 32)) json.Fail("xxh3_128", "must be 32 hex digits");
  file.xxh3_128 = IsHex(hash, 32) ? absl::HexStringToBytes(hash) : "";
  return file;
}

template <typename Enum, size_t N>
Enum ReadWord(const JsonObject& json, absl::string_view member, const OptionWord<Enum> (&words)[N]) {
  const std::optional<Enum> value = FindOption(words, json.Text(member));
  if (!value.has_value()) json.Fail(member, absl::StrCat("must be one of ", absl::StrJoin(WordsOf(words), ", ")));
  return value.value_or(words[0].value);
}

Resize ReadResize(const JsonObject& json) {
  Resize resize;
  resize.set_width(static_cast<int32_t>(json.Int("width", 1, kMaxSide)));
  resize.set_height(static_cast<int32_t>(json.Int("height", 1, kMaxSide)));
  resize.set_mode(ReadWord(json, "mode", kResizeWords));
  return resize;
}

std::vector<Column> ReadColumns(const JsonObject& json) {
  std::vector<Column> columns;
  for (const JsonObject& item : json.Objects("columns")) {
    columns.emplace_back().set_name(item.Text("name"));
    columns.back().set_type(ReadWord(item, "type", kColumnWords));
  }
  return columns;
}

// The members about pictures and columns are not in the manifests of the first version.
ManifestOptions ReadOptions(const JsonObject& json) {
  ManifestOptions options;
  options.payload = ReadWord(json, "payload", kPayloadWords);
  options.compression = ReadWord(json, "compression", kCompressionWords);
  if (json.Has("gzip_level")) options.gzip_level = ReadWord(json, "gzip_level", kGzipLevelWords);
  if (json.Has("jpeg_quality")) options.jpeg_quality = static_cast<int32_t>(json.Int("jpeg_quality", 1, 100));
  if (json.Has("color")) options.color = ReadWord(json, "color", kColorWords);
  if (json.Has("exif")) options.exif = ReadWord(json, "exif", kExifWords);
  if (json.Has("resize")) options.resize = ReadResize(json.Object("resize"));
  if (json.Has("shuffle_seed")) options.shuffle_seed = json.Uint64("shuffle_seed");
  options.fixed_vocabulary = json.Text("vocabulary") == "given";
  if (json.Has("multi_label")) options.columns.multi_label = json.Bool("multi_label");
  if (json.Has("columns")) options.columns.columns = ReadColumns(json);
  return options;
}

RowCounts ReadCounts(const JsonObject& json) {
  RowCounts counts;
  counts.set_rows(json.Int("rows"));
  counts.set_written(json.Int("written"));
  counts.set_discarded(json.Int("discarded"));
  counts.set_dead_letters(json.Int("dead_letters"));
  if (counts.rows() != counts.written() + counts.discarded() + counts.dead_letters())
    json.Fail("rows", "must be written + discarded + dead_letters");
  return counts;
}

ManifestSplit ReadManifestSplit(const JsonObject& json) {
  ManifestSplit split;
  split.split = ReadSplit(json);
  split.rows = json.Int("rows");
  split.written = json.Int("written");
  split.dead_letters = json.Int("dead_letters");
  split.shards = json.Int("shards");
  if (split.rows != split.written + split.dead_letters) json.Fail("rows", "must be written + dead_letters");
  return split;
}

// The files must tell the same story as the splits, and the splits as the whole. Sums are unsigned: a forged file may
// make them wrap, never undefined.
void CheckSums(const JsonObject& json, const Manifest& manifest) {
  std::map<Split, std::pair<uint64_t, uint64_t>> shards;  // number, records
  std::set<absl::string_view> paths;
  for (const ManifestFile& file : manifest.files) {
    if (!paths.insert(file.path).second) json.Fail("files", absl::StrCat(file.path, " is listed twice"));
    if (!file.split) continue;
    ++shards[*file.split].first;
    shards[*file.split].second += static_cast<uint64_t>(file.rows);
  }
  uint64_t written = 0;
  for (const ManifestSplit& split : manifest.splits) {
    const auto [number, records] = shards[split.split];
    if (number != static_cast<uint64_t>(split.shards) || records != static_cast<uint64_t>(split.written))
      json.Fail("files", absl::StrCat("do not add up to split ", SplitName(split.split)));
    written += static_cast<uint64_t>(split.written);
    shards.erase(split.split);
  }
  if (!shards.empty()) json.Fail("splits", "a shard's split is not listed, or one is listed twice");
  if (written != static_cast<uint64_t>(manifest.counts.written()))
    json.Fail("counts", "'written' is not the sum of the splits");
}

void ReadBody(const JsonObject& json, Manifest& manifest) {
  manifest.millrace_version = json.Text("millrace");
  manifest.encoding_version = json.Text("encoding");
  manifest.options = ReadOptions(json.Object("options"));
  manifest.labels = json.Int("labels");
  manifest.counts = ReadCounts(json.Object("counts"));
  manifest.reproducible = json.Bool("reproducible");
  for (const JsonObject& split : json.Objects("splits")) manifest.splits.push_back(ReadManifestSplit(split));
  for (const auto& [word, rows] : json.Object("reasons").Ints()) {
    manifest.reasons.emplace_back().set_reason(word);
    manifest.reasons.back().set_rows(rows);
  }
  for (const JsonObject& file : json.Objects("files")) manifest.files.push_back(ReadFile(file));
  if (json.ok()) CheckSums(json, manifest);
}

}  // namespace

absl::StatusOr<Manifest> ParseManifest(absl::string_view text) {
  Manifest manifest;
  manifest.sha256 = ManifestDigest(text);
  int64_t version = 0;
  MILLRACE_RETURN_IF_ERROR(JsonObject::Parse(text, [&](const JsonObject& json) {
    if (json.Text("format") != "millrace-dataset") json.Fail("format", "must be \"millrace-dataset\"");
    version = json.Int("version", 1);
    if (version == Manifest::kVersion) ReadBody(json, manifest);
  }));
  if (version == Manifest::kVersion) return manifest;
  return absl::FailedPreconditionError(absl::StrCat("the dataset has format version ", version,
                                                    "; this Millrace reads version ", Manifest::kVersion,
                                                    ": use a newer Millrace"));
}

absl::StatusOr<Manifest> ReadManifest(const Store& store, absl::string_view folder) {
  const std::string path = absl::StrCat(folder, "/", kManifestFile);
  absl::StatusOr<std::string> text = store.Read(path, kMaxManifestBytes);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        absl::StrCat(folder, ": no ", kManifestFile, ": not a Millrace dataset, or its job has not finished"));
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<Manifest> manifest = ParseManifest(*text);
  if (!manifest.ok()) return Annotate(manifest.status(), path);
  return manifest;
}

}  // namespace millrace
