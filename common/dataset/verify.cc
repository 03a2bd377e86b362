#include "common/dataset/verify.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/dataset/file_check.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"

namespace millrace {
namespace {

constexpr int64_t kMaxSuccessBytes = 4096;

class Verification {
 public:
  Verification(const Store& store, absl::string_view folder, const VerifyOptions& options, const Manifest& manifest)
      : store_(store), folder_(folder), options_(options), manifest_(manifest) {
    report_.digest = DigestText(manifest.sha256);
    for (const ManifestFile& file : manifest.files) bytes_total_ += file.bytes;
  }

  absl::StatusOr<VerifyReport> Run() {
    CheckSuccess();
    for (absl::string_view name : {kSchemaFile, kVocabularyFile})
      if (!Listed(name)) Add({std::string(name), -1, -1, "the manifest does not name it", "convert again"});
    MILLRACE_RETURN_IF_ERROR(CheckFolder(""));
    CheckFiles();
    std::stable_sort(report_.problems.begin(), report_.problems.end(), [](const auto& a, const auto& b) {
      return std::tie(a.file, a.record) < std::tie(b.file, b.record);
    });
    return std::move(report_);
  }

 private:
  bool Listed(absl::string_view path) const {
    return std::any_of(manifest_.files.begin(), manifest_.files.end(), [&](const auto& f) { return f.path == path; });
  }

  void Add(VerifyProblem problem) {
    MutexLock lock(&mu_);
    AddLocked(std::move(problem));
  }
  void AddLocked(VerifyProblem problem) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ++report_.problems_found;
    if (static_cast<int64_t>(report_.problems.size()) < options_.max_problems)
      report_.problems.push_back(std::move(problem));
  }

  void CheckSuccess() {
    const auto text = store_.Read(absl::StrCat(folder_, "/", kSuccessFile), kMaxSuccessBytes);
    const std::string name(kSuccessFile);
    if (absl::IsNotFound(text.status())) {
      Add({name, -1, -1, "the file is missing: the dataset is not complete",
           "wait for the job, or run the same command again to finish it"});
    } else if (!text.ok()) {
      Add({name, -1, -1, std::string(text.status().message()), "check the disk, the mount and the permissions"});
    } else if (*text != report_.digest + "\n") {
      Add({name, -1, -1,
           absl::StrCat("it says '", JsonEscape(absl::StripSuffix(*text, "\n")), "', the manifest's digest is ",
                        report_.digest),
           "the manifest or _SUCCESS was changed after the job: restore both from a copy, or convert again"});
    }
  }

  // Everything below folder_/`below` (empty, or with '/' at its end) must be expected; an unexpected folder is one
  // problem.
  absl::Status CheckFolder(const std::string& below) {
    std::set<std::string> files, folders;
    for (const ManifestFile& file : manifest_.files) {
      absl::string_view rest = file.path;
      if (!absl::ConsumePrefix(&rest, below)) continue;
      const size_t slash = rest.find('/');
      (slash == rest.npos ? files : folders).insert(std::string(rest.substr(0, slash)));
    }
    if (below.empty())
      for (absl::string_view name : {kClaimFile, kManifestFile, kSuccessFile}) files.insert(std::string(name));
    std::string path = absl::StrCat(folder_, "/", below);
    path.pop_back();
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<StoreEntry> entries, store_.List(path));
    for (const StoreEntry& entry : entries) {
      const bool expected = (entry.folder ? folders : files).count(entry.name) > 0;
      if (!expected) AddStray(below + entry.name, entry.folder);
      if (expected && entry.folder) MILLRACE_RETURN_IF_ERROR(CheckFolder(absl::StrCat(below, entry.name, "/")));
    }
    return absl::OkStatus();
  }

  void AddStray(const std::string& path, bool folder) {
    if (path == kStagingFolder) {
      Add({path, -1, -1, "work of a job that has not cleaned up",
           "wait for the job, or run the same command again to finish it"});
      return;
    }
    Add({path, -1, -1, absl::StrCat("a ", folder ? "folder" : "file", " that the manifest does not name"),
         "readers that list the folder may take it in: move it elsewhere"});
  }

  void CheckFiles() {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const int wanted = options_.threads > 0 ? options_.threads : cores;
    const int count = std::clamp(wanted, 1, std::max(1, static_cast<int>(manifest_.files.size())));
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([this] { TakeFiles(); });
    for (std::thread& thread : threads) thread.join();
  }

  void TakeFiles() {
    const auto add_bytes = [this](int64_t bytes) {
      const int64_t done = bytes_done_ += bytes;
      if (options_.progress) options_.progress(done, bytes_total_);
    };
    const DecodeDepth depth = options_.decode ? DecodeDepth::kPixels : DecodeDepth::kStructure;
    for (size_t i = next_++; i < manifest_.files.size(); i = next_++) {
      FileFindings findings = CheckFile(store_, folder_, manifest_, manifest_.files[i], depth, add_bytes);
      MutexLock lock(&mu_);
      ++report_.files;
      report_.bytes += findings.bytes;
      report_.records += findings.records;
      for (VerifyProblem& problem : findings.problems) AddLocked(std::move(problem));
    }
  }

  const Store& store_;
  const std::string folder_;
  const VerifyOptions& options_;
  const Manifest& manifest_;
  int64_t bytes_total_ = 0;

  std::atomic<size_t> next_{0};
  std::atomic<int64_t> bytes_done_{0};

  Mutex mu_;
  VerifyReport report_;  // guarded by mu_ while threads run
};

}  // namespace

absl::StatusOr<VerifyReport> VerifyDataset(const Store& store, absl::string_view folder, const VerifyOptions& options) {
  absl::ConsumeSuffix(&folder, "/");
  MILLRACE_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(store, folder));
  return Verification(store, folder, options, manifest).Run();
}

}  // namespace millrace
