// The files of a dataset folder. Readers of ours go by the manifest; these names are for writers, TFRecorder's readers
// and people. docs/dataset.md shows each with an example.
//
//   OUT/_millrace.json              claim: which job may write here; created before anything else
//       _staging/                   while the job runs
//       train-00000-of-00004.tfrecord.gz, validation-…, test-…
//       _index/train-00000-of-00004.idx     of uncompressed shards; not beside them, where TFRecorder's loader globs
//       train* transformed_metadata/schema.pbtxt transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary
//       discarded-data-00000-of-00001
//       _stats.json
//       _manifest.json              names every file above but the claim
//       _SUCCESS                    the dataset is complete; holds the manifest's SHA-256
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "proto/task.pb.h"

namespace millrace {

inline constexpr absl::string_view kClaimFile = "_millrace.json";
inline constexpr absl::string_view kStagingFolder = "_staging";
inline constexpr absl::string_view kIndexFolder = "_index";
inline constexpr absl::string_view kSchemaFile = "transformed_metadata/schema.pbtxt";
inline constexpr absl::string_view kVocabularyFile =
    "transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary";
inline constexpr absl::string_view kDeadLettersFile = "discarded-data-00000-of-00001";
inline constexpr absl::string_view kStatisticsFile = "_stats.json";
inline constexpr absl::string_view kManifestFile = "_manifest.json";
inline constexpr absl::string_view kSuccessFile = "_SUCCESS";

// "_index/train-00003-of-00064.idx" for the shard "train-00003-of-00064.tfrecord".
std::string IndexFileName(absl::string_view shard);

// "TRAIN", "VALIDATION", "TEST": as in CSVs, records, manifest and statistics.
absl::string_view SplitName(Split split);
// False if `name` is none of the three, matched exactly.
bool ParseSplitName(absl::string_view name, Split& split);

}  // namespace millrace
