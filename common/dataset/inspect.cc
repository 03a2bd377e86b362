#include "common/dataset/inspect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "common/dataset/png_file.h"
#include "common/dataset/schema.h"
#include "common/dataset/shard_reader.h"
#include "common/record/decoded_example.h"
#include "common/record/shard_name.h"

namespace millrace {
namespace {

constexpr int64_t kMaxVocabularyBytes = 256 * kMiB;
constexpr size_t kMaxNameBytes = 100;

// By the manifest where there is one, else by TFRecorder's names.
absl::StatusOr<std::vector<std::string>> ShardsOf(const Store& store, absl::string_view folder, Split split) {
  std::vector<std::string> shards;
  const absl::StatusOr<Manifest> manifest = ReadManifest(store, folder);
  if (manifest.ok()) {
    for (const ManifestFile& file : manifest->files)
      if (file.split == split) shards.push_back(file.path);
  } else if (!absl::IsNotFound(manifest.status())) {
    return manifest.status();
  } else {
    const std::string prefix = absl::StrCat(SplitFileName(split), "-");
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<StoreEntry> entries, store.List(folder));
    for (const StoreEntry& entry : entries) {
      const bool record = absl::EndsWith(entry.name, ".tfrecord") || absl::EndsWith(entry.name, ".tfrecord.gz");
      if (!entry.folder && record && absl::StartsWith(entry.name, prefix)) shards.push_back(entry.name);
    }
  }
  std::sort(shards.begin(), shards.end());
  if (!shards.empty()) return shards;
  return absl::NotFoundError(absl::StrCat(folder, ": no records of split ", SplitName(split),
                                          ": not a dataset, not finished, or without rows of this split"));
}

// Position = id. Empty where the dataset has none.
absl::StatusOr<std::vector<std::string>> VocabularyOf(const Store& store, absl::string_view folder) {
  const auto text = store.Read(absl::StrCat(folder, "/", kVocabularyFile), kMaxVocabularyBytes);
  if (absl::IsNotFound(text.status())) return std::vector<std::string>();
  if (!text.ok()) return text.status();
  std::vector<std::string> tokens = absl::StrSplit(absl::StripSuffix(*text, "\n"), '\n');
  if (tokens.size() == 1 && tokens[0] == kEmptyVocabularyToken) tokens.clear();
  return tokens;
}

std::string CsvCell(absl::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(cell);
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

// "0007-cat.7.png": in the order of the records, unique, and a name on every file system whatever the record says.
std::string PictureName(int64_t number, absl::string_view image_name) {
  image_name = image_name.substr(image_name.find_last_of('/') + 1);
  const size_t dot = image_name.find_last_of('.');
  if (dot != absl::string_view::npos && dot > 0) image_name = image_name.substr(0, dot);
  std::string stem(image_name.substr(0, kMaxNameBytes));
  for (char& c : stem)
    if (static_cast<unsigned char>(c) < 0x20 || absl::StrContains("\\:*?\"<>|", c) || c == 0x7f) c = '_';
  return absl::StrFormat("%04d-%s.png", number, stem);
}

class Inspection {
 public:
  Inspection(const Store& store, absl::string_view folder, const InspectOptions& options)
      : store_(store), folder_(folder), options_(options) {}

  absl::StatusOr<InspectResult> Run() {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> shards, ShardsOf(store_, folder_, options_.split));
    MILLRACE_ASSIGN_OR_RETURN(vocabulary_, VocabularyOf(store_, folder_));
    MILLRACE_RETURN_IF_ERROR(OpenOutput());
    for (const std::string& shard : shards) {
      if (result_.records >= options_.records) break;
      const absl::Status status = ShowShard(absl::StrCat(folder_, "/", shard));
      if (!status.ok()) return Annotate(status, absl::StrCat(folder_, "/", shard));
    }
    csv_.close();
    if (csv_.fail()) return absl::UnavailableError(absl::StrCat(result_.csv, ": cannot write: ", strerror(errno)));
    return std::move(result_);
  }

 private:
  absl::Status OpenOutput() {
    std::error_code error;
    std::filesystem::create_directories(options_.output, error);
    if (error) return absl::UnavailableError(absl::StrCat(options_.output, ": cannot create: ", error.message()));
    result_.csv = absl::StrCat(options_.output, "/data.csv");
    csv_.open(result_.csv, std::ios::binary | std::ios::trunc);
    if (!csv_) return absl::UnavailableError(absl::StrCat(result_.csv, ": cannot write: ", strerror(errno)));
    csv_ << "picture,image_name,image_height,image_width,image_channels,label,label_name,split\n";
    return absl::OkStatus();
  }

  absl::Status ShowShard(const std::string& path) {
    MILLRACE_ASSIGN_OR_RETURN(const auto shard, ShardReader::Open(store_, path));
    std::string record;
    while (result_.records < options_.records) {
      const std::string place = absl::StrCat("record ", shard->records(), " at byte ", shard->offset());
      MILLRACE_ASSIGN_OR_RETURN(const bool more, shard->Next(record));
      if (!more) break;
      const absl::StatusOr<DecodedExample> example = DecodeExample(record);
      if (!example.ok()) return Annotate(example.status(), place);
      MILLRACE_RETURN_IF_ERROR(ShowRecord(*example));
    }
    return absl::OkStatus();
  }

  absl::Status ShowRecord(const DecodedExample& example) {
    const std::string picture = PictureName(result_.records, example.image_name);
    const std::string path = absl::StrCat(options_.output, "/", picture);
    MILLRACE_RETURN_IF_ERROR(WritePng(path, example.pixels, example.height, example.width, example.channels));
    const bool named = example.label >= 0 && example.label < static_cast<int64_t>(vocabulary_.size());
    csv_ << absl::StrCat(CsvCell(picture), ",", CsvCell(example.image_name), ",", example.height, ",", example.width,
                         ",", example.channels, ",", example.label, ",",
                         named ? CsvCell(vocabulary_[static_cast<size_t>(example.label)]) : "", ",",
                         CsvCell(example.split), "\n");
    ++result_.records;
    result_.images.push_back(path);
    return absl::OkStatus();
  }

  const Store& store_;
  const std::string folder_;
  const InspectOptions& options_;
  std::vector<std::string> vocabulary_;
  std::ofstream csv_;
  InspectResult result_;
};

}  // namespace

absl::StatusOr<InspectResult> InspectDataset(const Store& store, absl::string_view folder,
                                             const InspectOptions& options) {
  absl::ConsumeSuffix(&folder, "/");
  return Inspection(store, folder, options).Run();
}

}  // namespace millrace
