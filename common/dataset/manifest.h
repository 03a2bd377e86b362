// _manifest.json: what a finished dataset consists of, and how it was made. Our readers trust it, never a folder
// listing. A pure function of the input and the options: no times, no host names, no job id (that is in the claim), so
// that its SHA-256 is the digest of the dataset: the same for whoever makes it again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/dataset/schema.h"
#include "common/storage/storage.h"
#include "proto/job.pb.h"
#include "proto/task.pb.h"

namespace millrace {

enum class FileKind { kShard, kMetadata, kDeadLetters, kIndex };

struct ManifestFile {
  std::string path;  // below the dataset's folder, with '/'
  FileKind kind = FileKind::kMetadata;
  std::optional<Split> split;  // shards only
  int64_t rows = 0;            // records of a shard, lines of an index or of the dead letters, else 0
  int64_t bytes = 0;
  uint32_t crc32c = 0;
  std::string xxh3_128;  // 16 raw bytes
};

// A file as Finish() of its writer left it. `path` is relative to the dataset's folder.
ManifestFile DescribeFile(absl::string_view path, FileKind kind, const PreparedFile& prepared);

struct ManifestSplit {
  Split split = SPLIT_TRAIN;
  int64_t rows = 0;  // of the input that belong to this split and passed the scan = written + dead_letters
  int64_t written = 0;
  int64_t dead_letters = 0;  // found while reading the images
  int64_t shards = 0;
};

// How the records were encoded.
struct ManifestOptions {
  Payload payload = PAYLOAD_RAW_BASE64;
  Compression compression = COMPRESSION_GZIP;
  std::optional<GzipLevel> gzip_level;  // of gzip
  std::optional<int32_t> jpeg_quality;  // of the payload jpeg, where an image had to be encoded anew
  ColorMode color = COLOR_KEEP;
  ExifMode exif = EXIF_IGNORE;
  std::optional<Resize> resize;
  std::optional<uint64_t> shuffle_seed;
  bool fixed_vocabulary = false;
  DatasetColumns columns;  // what records hold beside the picture
};

struct Manifest {
  // Grows when a reader of the old version would misread a new file.
  static constexpr int64_t kVersion = 1;

  std::string sha256;  // 32 bytes: the digest of the text that was read; empty in a manifest that is being made
  std::string millrace_version;
  std::string encoding_version;
  ManifestOptions options;
  int64_t labels = 0;  // size of the vocabulary
  RowCounts counts;    // rows = written + discarded + dead_letters
  bool reproducible =
      true;  // false: some rows were lost to their surroundings (file/not_found, …), or came from the network
  std::vector<ManifestSplit> splits;  // those with rows, in the order TRAIN, VALIDATION, TEST
  std::vector<ReasonCount> reasons;   // of the dead letters, by word
  std::vector<ManifestFile> files;    // by path
};

// Puts the numbers of scan and shards together. `files`: everything published before the manifest, in any order.
// INTERNAL if they do not add up (rows, records a shard): a bug of ours, nothing must be published.
absl::StatusOr<Manifest> MakeManifest(const PublishWork& work, const ScanSummary& summary, const ConvertSpec& spec,
                                      std::vector<ManifestFile> files);

std::string ManifestText(const Manifest& manifest);

// Strict: DATA_LOSS names the member that is missing, of another type, out of range or does not add up; a path that
// leaves the folder is refused. A newer version is FAILED_PRECONDITION with its number. Unknown members are ignored.
absl::StatusOr<Manifest> ParseManifest(absl::string_view text);

// Reads and parses FOLDER/_manifest.json, at most 256 MiB. NOT_FOUND says what the folder lacks.
absl::StatusOr<Manifest> ReadManifest(const Store& store, absl::string_view folder);

// The SHA-256 of a manifest's text: 32 bytes. What PublishResult.manifest_sha256 holds.
std::string ManifestDigest(absl::string_view manifest_text);

// "sha256:<64 hex digits>", as people and _SUCCESS see a digest of 32 bytes.
std::string DigestText(absl::string_view sha256);

// The content of _SUCCESS: the manifest's digest and a line feed.
std::string SuccessText(absl::string_view manifest_text);

}  // namespace millrace
