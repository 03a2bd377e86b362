#include "worker/publish/older_dataset.h"

#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/dataset/layout.h"
#include "common/dataset/manifest.h"
#include "worker/publish/staging.h"

namespace millrace {
namespace {

// Paths below the dataset's folder, in byte order.
using Names = std::set<std::string, std::less<>>;

absl::StatusOr<Names> NamesOf(const Store& store, const std::string& output) {
  Names names;
  for (absl::string_view name :
       {kClaimFile, kSchemaFile, kVocabularyFile, kDeadLettersFile, kStatisticsFile, kManifestFile, kSuccessFile}) {
    names.emplace(name);
  }
  absl::StatusOr<Manifest> manifest = ReadManifest(store, output);
  if (absl::IsNotFound(manifest.status())) return names;
  if (absl::IsUnavailable(manifest.status()) || absl::IsPermissionDenied(manifest.status())) return manifest.status();
  if (!manifest.ok()) {
    return absl::AlreadyExistsError(absl::StrCat(
        output, " cannot be overwritten, its manifest does not say what is in it: ", manifest.status().message()));
  }
  for (const ManifestFile& file : manifest->files) names.insert(file.path);
  return names;
}

// Whether a name of `names` lies below the folder `path`.
bool HoldsSome(const Names& names, const std::string& path) {
  auto first = names.lower_bound(absl::StrCat(path, "/"));
  return first != names.end() && absl::StartsWith(*first, absl::StrCat(path, "/"));
}

// `below`: "" or "folder/". Fills `folders` with the folders of the dataset, the innermost first.
absl::Status CheckNothingElse(const Store& store, const std::string& output, const std::string& below,
                              const Names& names, std::vector<std::string>& folders) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<StoreEntry> entries, store.List(absl::StrCat(output, "/", below)));
  for (const StoreEntry& entry : entries) {
    const std::string path = absl::StrCat(below, entry.name);
    if (entry.folder ? path == kStagingFolder : names.contains(path)) continue;
    // An overwrite that was killed may have left the folder of the indexes, empty, and no manifest that names them.
    const bool ours = entry.folder && (path == kIndexFolder || HoldsSome(names, path));
    if (!ours) {
      return absl::AlreadyExistsError(absl::StrCat(output, " is not overwritten: it holds ", path,
                                                   ", which is not of the older dataset; choose another folder"));
    }
    MILLRACE_RETURN_IF_ERROR(CheckNothingElse(store, output, absl::StrCat(path, "/"), names, folders));
    folders.push_back(path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RemoveOlderDataset(Store& store, const std::string& output, const Claim& claim) {
  MILLRACE_ASSIGN_OR_RETURN(Names names, NamesOf(store, output));
  std::vector<std::string> folders;
  MILLRACE_RETURN_IF_ERROR(CheckNothingElse(store, output, "", names, folders));
  auto remove = [&](absl::string_view name) { return store.Remove(absl::StrCat(output, "/", name)); };
  MILLRACE_RETURN_IF_ERROR(remove(kSuccessFile));
  for (const std::string& name : names) {
    if (name != kClaimFile && name != kManifestFile) MILLRACE_RETURN_IF_ERROR(remove(name));
  }
  MILLRACE_RETURN_IF_ERROR(remove(kManifestFile));
  for (const std::string& folder : folders) {
    if (absl::Status removed = remove(folder); !absl::IsFailedPrecondition(removed)) MILLRACE_RETURN_IF_ERROR(removed);
  }
  Assignment older;
  older.mutable_task()->set_job_id(claim.job_id);
  older.set_nonce(claim.nonce);
  older.mutable_spec()->set_output(output);
  MILLRACE_RETURN_IF_ERROR(RemoveJobStaging(store, older));
  return remove(kClaimFile);
}

}  // namespace millrace
