#include "common/dataset/manifest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/dataset/layout.h"
#include "common/dataset/option_words.h"
#include "common/record/shard_name.h"

namespace millrace {
namespace {

absl::string_view KindName(FileKind kind) {
  switch (kind) {
    case FileKind::kShard:
      return "shard";
    case FileKind::kDeadLetters:
      return "dead_letters";
    case FileKind::kIndex:
      return "index";
    default:
      return "metadata";
  }
}

ManifestOptions OptionsOf(const ConvertSpec& spec) {
  ManifestOptions options;
  options.payload = spec.payload();
  options.compression = spec.compression();
  if (spec.compression() == COMPRESSION_GZIP) options.gzip_level = spec.gzip_level();
  if (spec.payload() == PAYLOAD_JPEG) options.jpeg_quality = JpegQualityOf(spec);
  options.color = spec.color();
  options.exif = spec.exif();
  if (spec.has_resize()) options.resize = spec.resize();
  if (spec.has_shuffle_seed()) options.shuffle_seed = spec.shuffle_seed();
  options.fixed_vocabulary = spec.fixed_vocabulary();
  options.columns = ColumnsOf(spec);
  return options;
}

absl::Status Wrong(absl::string_view what) {
  return absl::InternalError(absl::StrCat("the manifest does not add up: ", what, "; this is a bug of Millrace"));
}

// Every shard's own numbers, and each split's sum.
absl::StatusOr<std::map<Split, ManifestSplit>> AddShards(const PublishWork& work) {
  std::map<Split, ManifestSplit> splits;
  for (const PublishWork::Shard& shard : work.shards()) {
    const RowCounts& counts = shard.result().counts();
    const int64_t planned = shard.work().end() - shard.work().begin();
    if (counts.rows() != planned || counts.written() + counts.dead_letters() != planned || counts.discarded() != 0) {
      return Wrong(absl::StrCat(SplitName(shard.work().split()), " shard ", shard.work().shard(), " has ", planned,
                                " rows, ", counts.written(), " written, ", counts.dead_letters(), " dead letters"));
    }
    ManifestSplit& split = splits[shard.work().split()];
    split.split = shard.work().split();
    split.rows += planned;
    split.written += counts.written();
    split.dead_letters += counts.dead_letters();
    ++split.shards;
  }
  return splits;
}

std::vector<ReasonCount> AddReasons(const PublishWork& work) {
  std::map<std::string, int64_t> sums;
  for (const ReasonCount& reason : work.scan().reasons()) sums[reason.reason()] += reason.rows();
  for (const PublishWork::Shard& shard : work.shards())
    for (const ReasonCount& reason : shard.result().reasons()) sums[reason.reason()] += reason.rows();
  std::vector<ReasonCount> reasons;
  for (const auto& [word, rows] : sums) {
    reasons.emplace_back().set_reason(word);
    reasons.back().set_rows(rows);
  }
  return reasons;
}

// Gives every shard's file its split and rows, and every index its rows; each planned shard must be there once.
absl::Status NameShards(const PublishWork& work, const ConvertSpec& spec, std::vector<ManifestFile>& files) {
  std::map<std::string, const PublishWork::Shard*> planned, indexed;
  for (const PublishWork::Shard& shard : work.shards()) {
    const std::string name =
        ShardFileName(shard.work().split(), shard.work().shard(), shard.work().num_shards(), spec.compression());
    planned[name] = &shard;
    if (shard.result().has_index()) indexed[IndexFileName(name)] = &shard;
  }
  for (ManifestFile& file : files) {
    if (file.kind == FileKind::kIndex) {
      const auto found = indexed.find(file.path);
      if (found == indexed.end()) return Wrong(absl::StrCat(file.path, " is not the index of a planned shard"));
      file.rows = found->second->result().counts().written();
    }
    if (file.kind != FileKind::kShard) continue;
    const auto found = planned.find(file.path);
    if (found == planned.end()) return Wrong(absl::StrCat(file.path, " is not a planned shard"));
    file.split = found->second->work().split();
    file.rows = found->second->result().counts().written();
    planned.erase(found);
  }
  if (!planned.empty()) return Wrong(absl::StrCat(planned.begin()->first, " was not published"));
  return absl::OkStatus();
}

absl::Status SortFiles(std::vector<ManifestFile>& files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  for (size_t i = 1; i < files.size(); ++i)
    if (files[i].path == files[i - 1].path) return Wrong(absl::StrCat(files[i].path, " is listed twice"));
  return absl::OkStatus();
}

std::string CountsText(const RowCounts& counts) {
  return absl::StrFormat(R"({"rows": %d, "written": %d, "discarded": %d, "dead_letters": %d})", counts.rows(),
                         counts.written(), counts.discarded(), counts.dead_letters());
}

std::string Quoted(absl::string_view word) { return absl::StrCat("\"", word, "\""); }

std::string ResizeText(const Resize& resize) {
  return absl::StrFormat(R"({"width": %d, "height": %d, "mode": "%s"})", resize.width(), resize.height(),
                         WordOf(kResizeWords, resize.mode()));
}

std::string ColumnsText(const DatasetColumns& columns) {
  if (columns.columns.empty()) return "null";
  return absl::StrCat("[",
                      absl::StrJoin(columns.columns, ", ",
                                    [](std::string* out, const Column& column) {
                                      absl::StrAppend(out, "{\"name\": \"", JsonEscape(column.name()),
                                                      "\", \"type\": \"", WordOf(kColumnWords, column.type()), "\"}");
                                    }),
                      "]");
}

std::string OptionsText(const ManifestOptions& options) {
  const std::pair<absl::string_view, std::string> members[] = {
      {"payload", Quoted(WordOf(kPayloadWords, options.payload))},
      {"compression", Quoted(WordOf(kCompressionWords, options.compression))},
      {"gzip_level", options.gzip_level ? Quoted(WordOf(kGzipLevelWords, *options.gzip_level)) : "null"},
      {"jpeg_quality", options.jpeg_quality ? absl::StrCat(*options.jpeg_quality) : "null"},
      {"color", Quoted(WordOf(kColorWords, options.color))},
      {"exif", Quoted(WordOf(kExifWords, options.exif))},
      {"resize", options.resize ? ResizeText(*options.resize) : "null"},
      {"shuffle_seed", options.shuffle_seed ? absl::StrCat(*options.shuffle_seed) : "null"},
      {"vocabulary", Quoted(options.fixed_vocabulary ? "given" : "counted")},
      {"multi_label", options.columns.multi_label ? "true" : "false"},
      {"columns", ColumnsText(options.columns)}};
  return absl::StrCat("{",
                      absl::StrJoin(members, ", ",
                                    [](std::string* out, const auto& member) {
                                      absl::StrAppend(out, Quoted(member.first), ": ", member.second);
                                    }),
                      "}");
}

std::string SplitText(const ManifestSplit& split) {
  return absl::StrFormat(R"({"split": "%s", "rows": %d, "written": %d, "dead_letters": %d, "shards": %d})",
                         SplitName(split.split), split.rows, split.written, split.dead_letters, split.shards);
}

std::string FileText(const ManifestFile& file) {
  return absl::StrFormat(
      R"({"path": "%s", "kind": "%s", %s"rows": %d, "bytes": %d, "crc32c": "%08x", "xxh3_128": "%s"})",
      JsonEscape(file.path), KindName(file.kind),
      file.split ? absl::StrCat("\"split\": \"", SplitName(*file.split), "\", ") : "", file.rows, file.bytes,
      file.crc32c, ToHex(file.xxh3_128));
}

// A list with one item a line, so that people and diff can read it.
template <typename Items, typename Text>
std::string ListText(const Items& items, Text text) {
  std::string out = "[";
  for (const auto& item : items) absl::StrAppend(&out, out.size() == 1 ? "\n    " : ",\n    ", text(item));
  return absl::StrCat(out, out.size() == 1 ? "]" : "\n  ]");
}

std::string ReasonsText(const std::vector<ReasonCount>& reasons) {
  std::string out = "{";
  for (const ReasonCount& reason : reasons)
    absl::StrAppend(&out, out.size() == 1 ? "" : ", ", "\"", JsonEscape(reason.reason()), "\": ", reason.rows());
  return out + "}";
}

}  // namespace

ManifestFile DescribeFile(absl::string_view path, FileKind kind, const PreparedFile& prepared) {
  ManifestFile file;
  file.path = std::string(path);
  file.kind = kind;
  file.bytes = prepared.size();
  file.crc32c = prepared.crc32c();
  file.xxh3_128 = prepared.xxh3_128();
  return file;
}

absl::StatusOr<Manifest> MakeManifest(const PublishWork& work, const ScanSummary& summary, const ConvertSpec& spec,
                                      std::vector<ManifestFile> files) {
  MILLRACE_ASSIGN_OR_RETURN(const auto splits, AddShards(work));
  Manifest manifest;
  manifest.millrace_version = std::string(kVersion);
  manifest.encoding_version = work.scan().encoding_version();
  manifest.options = OptionsOf(spec);
  manifest.labels = summary.vocabulary_size();
  manifest.counts = work.scan().counts();
  for (const auto& [name, split] : splits) {
    manifest.splits.push_back(split);
    manifest.counts.set_written(manifest.counts.written() + split.written);
    manifest.counts.set_dead_letters(manifest.counts.dead_letters() + split.dead_letters);
  }
  const RowCounts& counts = manifest.counts;
  if (counts.rows() != counts.written() + counts.discarded() + counts.dead_letters()) {
    return Wrong(absl::StrCat(counts.rows(), " rows, but ", counts.written(), " written + ", counts.discarded(),
                              " discarded + ", counts.dead_letters(), " dead letters"));
  }
  for (const PublishWork::Shard& shard : work.shards())
    if (shard.result().environmental() > 0 || shard.result().remote() > 0) manifest.reproducible = false;
  manifest.reasons = AddReasons(work);
  MILLRACE_RETURN_IF_ERROR(NameShards(work, spec, files));
  for (ManifestFile& file : files)
    if (file.kind == FileKind::kDeadLetters) file.rows = counts.discarded() + counts.dead_letters();
  MILLRACE_RETURN_IF_ERROR(SortFiles(files));
  manifest.files = std::move(files);
  return manifest;
}

std::string ManifestText(const Manifest& manifest) {
  return absl::StrCat("{\n  \"format\": \"millrace-dataset\",\n  \"version\": ", Manifest::kVersion,
                      ",\n  \"millrace\": \"", JsonEscape(manifest.millrace_version), "\",\n  \"encoding\": \"",
                      JsonEscape(manifest.encoding_version), "\",\n  \"options\": ", OptionsText(manifest.options),
                      ",\n  \"labels\": ", manifest.labels, ",\n  \"counts\": ", CountsText(manifest.counts),
                      ",\n  \"reproducible\": ", manifest.reproducible ? "true" : "false",
                      ",\n  \"splits\": ", ListText(manifest.splits, SplitText),
                      ",\n  \"reasons\": ", ReasonsText(manifest.reasons),
                      ",\n  \"files\": ", ListText(manifest.files, FileText), "\n}\n");
}

std::string ManifestDigest(absl::string_view manifest_text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(manifest_text.data(), manifest_text.size(), digest, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<const char*>(digest), size);
}

std::string DigestText(absl::string_view sha256) { return absl::StrCat("sha256:", ToHex(sha256)); }

std::string SuccessText(absl::string_view manifest_text) {
  return absl::StrCat(DigestText(ManifestDigest(manifest_text)), "\n");
}

}  // namespace millrace
