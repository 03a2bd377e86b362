#include "worker/publish/publish_task.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/failpoint.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "common/dataset/schema.h"
#include "common/dataset/statistics.h"
#include "worker/publish/claim.h"
#include "worker/publish/staging.h"

namespace millrace {
namespace {

constexpr int64_t kMaxSummaryBytes = kGiB;
constexpr int64_t kMaxManifestBytes = 256 * kMiB;
constexpr int64_t kCopyBytes = kMiB;
constexpr int kCleanupTries = 3;

// One attempt. First everything is prepared, invisibly, so that a full disk or numbers that do not add up show while
// nothing can be seen yet; then it is made visible in order.
class Publisher {
 public:
  explicit Publisher(TaskContext& context)
      : context_(context),
        store_(context.store),
        assignment_(context.assignment),
        work_(context.assignment.publish()),
        output_(context.assignment.spec().output()),
        staging_(AttemptStagingFolder(context.assignment)) {}

  absl::StatusOr<PublishResult> Run() {
    MILLRACE_RETURN_IF_ERROR(Failpoint("publish/begin"));
    MILLRACE_RETURN_IF_ERROR(MayGoOn());
    MILLRACE_ASSIGN_OR_RETURN(const bool published, WasPublished());
    if (!published) MILLRACE_RETURN_IF_ERROR(Publish());
    MILLRACE_RETURN_IF_ERROR(Failpoint("publish/cleanup"));
    CleanUp();
    MILLRACE_RETURN_IF_ERROR(Failpoint("publish/done"));
    return Result();
  }

 private:
  // True if an earlier attempt got as far as _SUCCESS. Then the staging may be gone, so nothing else can be relied on.
  absl::StatusOr<bool> WasPublished();
  absl::Status Publish();
  // Prepares the metadata and computes the manifest from what it then knows of every file.
  absl::Status PrepareMetadata();
  absl::Status PrepareDeadLetters();
  absl::Status MakeManifestText();
  absl::Status PublishManifest();
  // The manifest names the version that made it. If the attempt before us ran another one, its manifest stands,
  // provided that it says the same of the same files.
  absl::Status AcceptEarlierManifest(const absl::Status& conflict);
  void CleanUp();
  PublishResult Result() const;

  // Before each step that others can see: has nobody dropped us, and is OUT still this job's? A worker that slept past
  // its lease must not add files to a folder that another job has taken over since.
  absl::Status MayGoOn() const {
    if (context_.stop.stop_requested()) return absl::CancelledError("the attempt was dropped");
    return CheckClaim(store_, assignment_);
  }
  absl::Status MakeVisible(const PreparedFile& file) {
    MILLRACE_RETURN_IF_ERROR(MayGoOn());
    return store_.Publish(file);
  }
  std::string PathOf(absl::string_view name) const { return absl::StrCat(output_, "/", name); }
  absl::StatusOr<std::unique_ptr<PreparedWriter>> Begin(absl::string_view name) {
    return store_.Prepare(PathOf(name), absl::StrCat(staging_, "/", name));
  }
  absl::StatusOr<PreparedFile> Prepare(absl::string_view name, absl::string_view bytes) {
    MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<PreparedWriter> writer, Begin(name));
    MILLRACE_RETURN_IF_ERROR(writer->Append(bytes));
    return writer->Finish();
  }
  absl::Status PrepareText(absl::string_view name, absl::string_view bytes);
  // Appends the file at `path` (below OUT) and returns its number of lines. `size`: what it must have, -1: any.
  absl::StatusOr<int64_t> Copy(absl::string_view path, int64_t size, PreparedWriter& to) const;

  TaskContext& context_;
  Store& store_;
  const Assignment& assignment_;
  const PublishWork& work_;
  const std::string& output_;
  const std::string staging_;

  std::vector<PreparedFile> metadata_;  // in the order of their publication
  std::vector<ManifestFile> files_;     // all that the manifest names
  int64_t dead_letter_lines_ = 0;
  ScanSummary summary_;
  Manifest manifest_;
  std::string manifest_text_;
};

absl::StatusOr<bool> Publisher::WasPublished() {
  absl::StatusOr<std::string> success = store_.Read(PathOf(kSuccessFile), kMiB);
  if (absl::IsNotFound(success.status())) return false;
  MILLRACE_RETURN_IF_ERROR(success.status());
  MILLRACE_ASSIGN_OR_RETURN(manifest_text_, store_.Read(PathOf(kManifestFile), kMaxManifestBytes));
  if (*success != SuccessText(manifest_text_)) {
    return absl::AlreadyExistsError(absl::StrCat(PathOf(kSuccessFile), ": does not belong to the manifest beside it"));
  }
  MILLRACE_ASSIGN_OR_RETURN(manifest_, ParseManifest(manifest_text_));
  return true;
}

absl::Status Publisher::Publish() {
  MILLRACE_RETURN_IF_ERROR(PrepareMetadata());
  for (const PublishWork::Shard& shard : work_.shards()) {
    MILLRACE_RETURN_IF_ERROR(Failpoint("publish/shard"));
    const std::string name = absl::StrCat(SplitName(shard.work().split()), " shard ", shard.work().shard(), " of ",
                                          shard.work().num_shards());
    MILLRACE_RETURN_IF_ERROR(Annotate(MakeVisible(shard.result().shard()), name));
    if (shard.result().has_index())
      MILLRACE_RETURN_IF_ERROR(Annotate(MakeVisible(shard.result().index()), absl::StrCat(name, ", its index")));
  }
  MILLRACE_RETURN_IF_ERROR(Failpoint("publish/metadata"));
  for (const PreparedFile& file : metadata_) MILLRACE_RETURN_IF_ERROR(MakeVisible(file));
  MILLRACE_RETURN_IF_ERROR(Failpoint("publish/manifest"));
  MILLRACE_RETURN_IF_ERROR(PublishManifest());
  MILLRACE_RETURN_IF_ERROR(Failpoint("publish/success"));
  MILLRACE_ASSIGN_OR_RETURN(const PreparedFile success, Prepare(kSuccessFile, SuccessText(manifest_text_)));
  return MakeVisible(success);
}

absl::Status Publisher::PrepareMetadata() {
  MILLRACE_RETURN_IF_ERROR(CheckScan(store_, assignment_, work_.scan().scan_dir()));
  const std::string path = PathOf(absl::StrCat(work_.scan().scan_dir(), "/summary.pb"));
  MILLRACE_ASSIGN_OR_RETURN(const std::string bytes, store_.Read(path, kMaxSummaryBytes));
  if (!summary_.ParseFromString(bytes)) return absl::DataLossError(absl::StrCat(path, ": not a scan summary"));
  const std::vector<std::string> vocabulary(summary_.vocabulary().begin(), summary_.vocabulary().end());
  MILLRACE_RETURN_IF_ERROR(
      PrepareText(kSchemaFile, SchemaText(summary_.vocabulary_size(), ColumnsOf(assignment_.spec()))));
  MILLRACE_RETURN_IF_ERROR(PrepareText(kVocabularyFile, VocabularyText(vocabulary)));
  MILLRACE_RETURN_IF_ERROR(PrepareDeadLetters());
  MILLRACE_RETURN_IF_ERROR(PrepareText(kStatisticsFile, StatisticsText(MakeStatistics(work_, summary_))));
  return MakeManifestText();
}

absl::Status Publisher::PrepareText(absl::string_view name, absl::string_view bytes) {
  MILLRACE_ASSIGN_OR_RETURN(PreparedFile file, Prepare(name, bytes));
  files_.push_back(DescribeFile(name, FileKind::kMetadata, file));
  metadata_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::Status Publisher::PrepareDeadLetters() {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<PreparedWriter> writer, Begin(kDeadLettersFile));
  MILLRACE_ASSIGN_OR_RETURN(int64_t lines,
                            Copy(absl::StrCat(work_.scan().scan_dir(), "/discarded.jsonl"), -1, *writer));
  for (const PublishWork::Shard& shard : work_.shards()) {
    if (shard.result().dead_letters().empty()) continue;
    if (context_.stop.stop_requested()) return absl::CancelledError("the attempt was dropped");
    MILLRACE_ASSIGN_OR_RETURN(const int64_t more,
                              Copy(shard.result().dead_letters(), shard.result().dead_letter_bytes(), *writer));
    lines += more;
  }
  MILLRACE_ASSIGN_OR_RETURN(PreparedFile file, writer->Finish());
  files_.push_back(DescribeFile(kDeadLettersFile, FileKind::kDeadLetters, file));
  dead_letter_lines_ = lines;
  metadata_.push_back(std::move(file));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Publisher::Copy(absl::string_view path, int64_t size, PreparedWriter& to) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<Source> source, store_.Open(PathOf(path)));
  if (size >= 0 && source->size() != size) {
    return absl::DataLossError(
        absl::StrCat(PathOf(path), ": has ", source->size(), " bytes where ", size, " were written"));
  }
  std::string buffer(std::min(kCopyBytes, source->size()), '\0');
  int64_t lines = 0;
  for (int64_t offset = 0; offset < source->size();) {
    const auto n = static_cast<size_t>(std::min(kCopyBytes, source->size() - offset));
    MILLRACE_RETURN_IF_ERROR(source->ReadAt(offset, n, buffer.data()));
    MILLRACE_RETURN_IF_ERROR(to.Append({buffer.data(), n}));
    lines += std::count(buffer.data(), buffer.data() + n, '\n');
    offset += static_cast<int64_t>(n);
  }
  return lines;
}

absl::Status Publisher::MakeManifestText() {
  std::vector<ManifestFile> files = files_;
  const auto add = [&](const PreparedFile& prepared, FileKind kind) {
    absl::string_view name = prepared.path();
    if (!absl::ConsumePrefix(&name, absl::StrCat(output_, "/")))
      return absl::InternalError(absl::StrCat(prepared.path(), ": a shard that lies outside of ", output_));
    files.push_back(DescribeFile(name, kind, prepared));
    return absl::OkStatus();
  };
  for (const PublishWork::Shard& shard : work_.shards()) {
    MILLRACE_RETURN_IF_ERROR(add(shard.result().shard(), FileKind::kShard));
    if (shard.result().has_index()) MILLRACE_RETURN_IF_ERROR(add(shard.result().index(), FileKind::kIndex));
  }
  MILLRACE_ASSIGN_OR_RETURN(manifest_, MakeManifest(work_, summary_, assignment_.spec(), std::move(files)));
  const int64_t unused = manifest_.counts.discarded() + manifest_.counts.dead_letters();
  if (dead_letter_lines_ != unused) {
    return absl::DataLossError(absl::StrCat(kDeadLettersFile, ": ", dead_letter_lines_, " lines were staged for ",
                                            unused, " rows that could not be used"));
  }
  manifest_text_ = ManifestText(manifest_);
  return absl::OkStatus();
}

absl::Status Publisher::PublishManifest() {
  MILLRACE_ASSIGN_OR_RETURN(const PreparedFile file, Prepare(kManifestFile, manifest_text_));
  absl::Status published = MakeVisible(file);
  return absl::IsAlreadyExists(published) ? AcceptEarlierManifest(published) : published;
}

absl::Status Publisher::AcceptEarlierManifest(const absl::Status& conflict) {
  MILLRACE_ASSIGN_OR_RETURN(std::string text, store_.Read(PathOf(kManifestFile), kMaxManifestBytes));
  absl::StatusOr<Manifest> earlier = ParseManifest(text);
  if (!earlier.ok()) return conflict;
  manifest_.millrace_version = earlier->millrace_version;
  if (ManifestText(manifest_) != text) return conflict;
  manifest_text_ = std::move(text);
  return absl::OkStatus();
}

// The dataset is complete: what cannot be removed (a file still open on NFS, a read error of the disk) is worth a
// warning, not the job.
void Publisher::CleanUp() {
  absl::Status removed = absl::UnknownError("");
  for (int tries = 0; tries < kCleanupTries && !removed.ok(); ++tries) removed = RemoveJobStaging(store_, assignment_);
  if (removed.ok()) return;
  Log(LogLevel::kWarning, "the dataset is complete, but its staging folder could not be removed",
      {{"job", assignment_.task().job_id()}, {"error", std::string(removed.message())}});
}

PublishResult Publisher::Result() const {
  PublishResult result;
  result.set_manifest_sha256(ManifestDigest(manifest_text_));
  result.set_files(static_cast<int64_t>(manifest_.files.size()));
  int64_t bytes = 0;
  for (const ManifestFile& file : manifest_.files) bytes += file.bytes;
  result.set_bytes(bytes);
  return result;
}

}  // namespace

absl::StatusOr<PublishResult> RunPublish(TaskContext& context) {
  if (!context.assignment.has_publish()) return absl::InternalError("a publish task without its work");
  return Publisher(context).Run();
}

}  // namespace millrace
