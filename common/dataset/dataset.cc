#include "common/dataset/dataset.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/schema.h"
#include "common/record/shard_name.h"

namespace millrace {
namespace {

constexpr int64_t kMaxVocabularyBytes = 256 * kMiB;
constexpr Split kSplits[] = {SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST};

absl::StatusOr<std::vector<DatasetShard>> ShardsByName(const Store& store, absl::string_view folder) {
  std::vector<DatasetShard> shards;
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<StoreEntry> entries, store.List(folder));
  for (const StoreEntry& entry : entries) {
    if (entry.folder || !(absl::EndsWith(entry.name, ".tfrecord") || absl::EndsWith(entry.name, ".tfrecord.gz")))
      continue;
    for (const Split split : kSplits)
      if (absl::StartsWith(entry.name, absl::StrCat(SplitFileName(split), "-")))
        shards.push_back({entry.name, split, std::nullopt, std::nullopt});
  }
  return shards;
}

std::vector<DatasetShard> ShardsOf(const Manifest& manifest) {
  std::vector<DatasetShard> shards;
  for (const ManifestFile& file : manifest.files)
    if (file.kind == FileKind::kShard) shards.push_back({file.path, *file.split, file.rows, file.bytes});
  return shards;
}

absl::StatusOr<std::vector<std::string>> VocabularyOf(const Store& store, absl::string_view folder) {
  const auto text = store.Read(absl::StrCat(folder, "/", kVocabularyFile), kMaxVocabularyBytes);
  if (absl::IsNotFound(text.status())) return std::vector<std::string>();
  if (!text.ok()) return text.status();
  std::vector<std::string> tokens = absl::StrSplit(absl::StripSuffix(*text, "\n"), '\n');
  if (tokens.size() == 1 && tokens[0] == kEmptyVocabularyToken) tokens.clear();
  return tokens;
}

size_t RankOf(Split split) {
  return static_cast<size_t>(std::find(std::begin(kSplits), std::end(kSplits), split) - std::begin(kSplits));
}

}  // namespace

absl::StatusOr<Dataset> OpenDataset(const Store& store, absl::string_view folder) {
  absl::ConsumeSuffix(&folder, "/");
  Dataset dataset;
  dataset.folder = std::string(folder);
  absl::StatusOr<Manifest> manifest = ReadManifest(store, folder);
  if (manifest.ok()) {
    dataset.shards = ShardsOf(*manifest);
    dataset.payload = manifest->options.payload;
    dataset.manifest = *std::move(manifest);
  } else if (absl::IsNotFound(manifest.status())) {
    MILLRACE_ASSIGN_OR_RETURN(dataset.shards, ShardsByName(store, folder));
    if (dataset.shards.empty()) return manifest.status();
  } else {
    return manifest.status();
  }
  MILLRACE_ASSIGN_OR_RETURN(dataset.vocabulary, VocabularyOf(store, folder));
  std::sort(dataset.shards.begin(), dataset.shards.end(), [](const DatasetShard& a, const DatasetShard& b) {
    return std::make_tuple(RankOf(a.split), absl::string_view(a.path)) <
           std::make_tuple(RankOf(b.split), absl::string_view(b.path));
  });
  return dataset;
}

absl::StatusOr<std::vector<ShardRange>> RangesOf(const Dataset& dataset, Split split) {
  std::vector<ShardRange> ranges;
  for (size_t i = 0; i < dataset.shards.size(); ++i)
    if (dataset.shards[i].split == split) ranges.push_back({.shard = i});
  if (!ranges.empty()) return ranges;
  return absl::NotFoundError(absl::StrCat(dataset.folder, ": no records of split ", SplitName(split),
                                          ": not a dataset, not finished, or without rows of this split"));
}

absl::StatusOr<std::vector<ShardRange>> RangesOf(const Dataset& dataset, Split split, int64_t begin, int64_t end) {
  const std::optional<int64_t> rows = RowsOf(dataset, split);
  if (!rows.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat(dataset.folder, ": without ", kManifestFile, " the number of its records is not known"));
  }
  if (begin < 0 || begin > end || end > *rows) {
    return absl::OutOfRangeError(absl::StrCat(dataset.folder, ": records ", begin, " to ", end, " of split ",
                                              SplitName(split), ", which has ", *rows));
  }
  std::vector<ShardRange> ranges;
  int64_t first = 0;  // of the shard
  for (size_t i = 0; i < dataset.shards.size(); ++i) {
    if (dataset.shards[i].split != split) continue;
    const int64_t next = first + *dataset.shards[i].rows;
    const ShardRange range{i, std::max(begin, first) - first, std::min(end, next) - first};
    if (range.begin < range.end) ranges.push_back(range);
    first = next;
  }
  return ranges;
}

std::optional<int64_t> RowsOf(const Dataset& dataset, Split split) {
  if (!dataset.manifest.has_value()) return std::nullopt;
  int64_t rows = 0;
  for (const DatasetShard& shard : dataset.shards)
    if (shard.split == split) rows += *shard.rows;
  return rows;
}

}  // namespace millrace
