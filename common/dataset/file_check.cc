#include "common/dataset/file_check.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/feature_check.h"
#include "common/dataset/index_check.h"
#include "common/dataset/layout.h"
#include "common/dataset/sample_decoder.h"
#include "common/dataset/schema.h"
#include "common/dataset/shard_reader.h"
#include "common/io/byte_buffer.h"

namespace millrace {
namespace {

constexpr size_t kMostProblems = 10;
constexpr absl::string_view kLost = "restore it from a copy, or convert again into a new folder";
constexpr absl::string_view kChanged =
    "the file was changed or damaged after the job wrote it: restore it from a copy, or convert again into a new "
    "folder";
constexpr absl::string_view kOurBug = "the bytes are those that the job wrote: please report this as a bug of Millrace";
constexpr absl::string_view kUnreadable = "check the disk, the mount and the permissions, then verify again";

class FileCheck {
 public:
  FileCheck(const Manifest& manifest, const ManifestFile& file, DecodeDepth depth)
      : manifest_(manifest), file_(file), depth_(depth), features_(FeaturesOf(manifest.options.columns)) {}

  FileFindings Run(const Store& store, absl::string_view folder, const std::function<void(int64_t)>& add_bytes) {
    const std::string path = absl::StrCat(folder, "/", file_.path);
    absl::StatusOr<std::unique_ptr<ShardReader>> shard = ShardReader::Open(store, path, FileDigest::kAll);
    if (!shard.ok()) {
      const bool lost = absl::IsNotFound(shard.status());
      Add(lost ? "the file is missing" : std::string(shard.status().message()), lost ? kLost : kUnreadable);
      return std::move(findings_);
    }
    const absl::Status read = file_.kind == FileKind::kShard   ? ReadRecords(**shard, add_bytes)
                              : file_.kind == FileKind::kIndex ? ReadIndex(store, folder, (*shard)->file())
                                                               : ReadText(**shard);
    DigestingSource& bytes = (*shard)->file();
    const absl::Status drained = read.ok() ? bytes.Drain() : read;
    if (!drained.ok()) Add(std::string(drained.message()), kUnreadable);
    if (drained.ok()) Conclude(bytes);
    findings_.bytes = bytes.position();
    return std::move(findings_);
  }

 private:
  void Add(std::string found, absl::string_view advice, int64_t record = -1, int64_t offset = -1) {
    if (findings_.problems.size() >= kMostProblems) return;
    findings_.problems.push_back({file_.path, record, offset, std::move(found), std::string(advice)});
  }

  // An error only if the bytes cannot be read; damage is a problem, and ends the reading of records.
  absl::Status ReadRecords(ShardReader& shard, const std::function<void(int64_t)>& add_bytes) {
    SampleDecoder decoder(manifest_.options.payload, depth_);
    ByteBuffer record;
    Sample sample;
    int64_t told = 0;
    while (true) {
      const int64_t number = shard.records();
      const int64_t offset = shard.offset();
      const absl::StatusOr<bool> more = shard.Next(record);
      add_bytes(shard.file().position() - told);
      told = shard.file().position();
      if (!more.ok() && !absl::IsDataLoss(more.status())) return more.status();
      if (!more.ok()) AddDamage(more.status(), number, offset);
      if (!more.ok() || !*more) break;
      ++findings_.records;
      const auto wrong = [&](std::string found) { Add(std::move(found), "", number, offset); };
      const absl::Status decoded = decoder.Decode(record.view(), sample);
      if (decoded.ok()) CheckSample(sample, decoder.example(), wrong);
      if (!decoded.ok()) wrong(std::string(decoded.message()));
    }
    if (findings_.problems.empty() && findings_.records != file_.rows) {
      Add(absl::StrCat("it has ", WithThousands(findings_.records), " records, the manifest says ",
                       WithThousands(file_.rows)),
          "");
    }
    return absl::OkStatus();
  }

  // The reader's words name the record; a problem has fields for that.
  void AddDamage(const absl::Status& damage, int64_t number, int64_t offset) {
    absl::string_view found = damage.message();
    absl::ConsumePrefix(&found, absl::StrCat("record ", number, " at byte ", WithThousands(offset), ": "));
    Add(std::string(found), "", number, offset);
  }

  void CheckSample(const Sample& sample, const ExampleView& example, const std::function<void(std::string)>& wrong) {
    if (std::string found = FindWrongFeature(example, features_, manifest_.labels); !found.empty()) wrong(found);
    if (sample.split != SplitName(*file_.split))
      wrong(
          absl::StrCat("the record's split is '", JsonEscape(sample.split), "', the file's ", SplitName(*file_.split)));
  }

  // A file of another size is not looked into.
  absl::Status ReadIndex(const Store& store, absl::string_view folder, DigestingSource& file) {
    if (file.size() != file_.bytes) return absl::OkStatus();
    std::string text(static_cast<size_t>(file_.bytes), '\0');
    for (size_t filled = 0; filled < text.size();) {
      MILLRACE_ASSIGN_OR_RETURN(const size_t got, file.Read(&text[filled], text.size() - filled));
      filled += got;
    }
    for (const ManifestFile& shard : manifest_.files) {
      if (shard.kind != FileKind::kShard || IndexFileName(shard.path) != file_.path) continue;
      const auto source = store.Open(absl::StrCat(folder, "/", shard.path));
      if (!source.ok()) return absl::OkStatus();  // a problem of the shard
      MILLRACE_ASSIGN_OR_RETURN(std::string found, DifferenceToShard(text, **source));
      if (!found.empty()) Add(std::move(found), "");
      return absl::OkStatus();
    }
    Add("the manifest has no shard of this name", "");
    return absl::OkStatus();
  }

  // Small files, and the dead letters: what their text must be.
  absl::Status ReadText(ShardReader& shard) {
    DigestingSource& file = shard.file();
    std::string buffer(256 * kKiB, '\0');
    std::string schema;
    int64_t lines = 0;
    char last = '\n';
    while (true) {
      MILLRACE_ASSIGN_OR_RETURN(const size_t got, file.Read(buffer.data(), buffer.size()));
      if (got == 0) break;
      lines += std::count(buffer.begin(), buffer.begin() + static_cast<int64_t>(got), '\n');
      last = buffer[got - 1];
      if (file_.path == kSchemaFile && schema.empty()) schema = buffer.substr(0, got);
    }
    if (file_.path == kSchemaFile && schema != SchemaText(manifest_.labels, manifest_.options.columns))
      Add(absl::StrCat("this is not the schema of a dataset with ", manifest_.labels, " labels"), "");
    if (file_.path == kVocabularyFile) CheckLines("labels", lines, std::max<int64_t>(manifest_.labels, 1), last);
    if (file_.kind == FileKind::kDeadLetters) CheckLines("rows", lines, file_.rows, last);
    return absl::OkStatus();
  }

  void CheckLines(absl::string_view noun, int64_t lines, int64_t expected, char last) {
    if (lines == expected && last == '\n') return;
    Add(absl::StrCat("it has ", WithThousands(lines), " whole lines, the manifest says ", WithThousands(expected), " ",
                     noun),
        "");
  }

  // Every byte is read. Whether they are those of the manifest decides what to advise about all the rest.
  void Conclude(const DigestingSource& bytes) {
    const bool same =
        bytes.size() == file_.bytes && bytes.crc32c() == file_.crc32c && bytes.xxh3_128() == file_.xxh3_128;
    for (VerifyProblem& problem : findings_.problems)
      if (problem.advice.empty()) problem.advice = std::string(same ? kOurBug : kChanged);
    if (same) return;
    std::string found;
    if (bytes.size() != file_.bytes) {
      found = absl::StrCat("it has ", WithThousands(bytes.size()), " bytes, the manifest says ",
                           WithThousands(file_.bytes));
    } else if (bytes.crc32c() != file_.crc32c) {
      found = absl::StrFormat("its CRC32C is %08x, the manifest says %08x", bytes.crc32c(), file_.crc32c);
    } else {
      found = absl::StrCat("its XXH3-128 is ", ToHex(bytes.xxh3_128()), ", the manifest says ", ToHex(file_.xxh3_128));
    }
    const VerifyProblem problem{file_.path, -1, -1, std::move(found), std::string(kChanged)};
    findings_.problems.insert(findings_.problems.begin(), problem);
  }

  const Manifest& manifest_;
  const ManifestFile& file_;
  const DecodeDepth depth_;
  const std::vector<FeatureSpec> features_;  // of every record
  FileFindings findings_;
};

}  // namespace

FileFindings CheckFile(const Store& store, absl::string_view folder, const Manifest& manifest, const ManifestFile& file,
                       DecodeDepth depth, const std::function<void(int64_t)>& add_bytes) {
  return FileCheck(manifest, file, depth).Run(store, folder, add_bytes);
}

}  // namespace millrace
