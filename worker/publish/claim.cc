#include "worker/publish/claim.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/dataset/layout.h"
#include "nlohmann/json.hpp"
#include "worker/publish/older_dataset.h"

namespace millrace {
namespace {

constexpr int64_t kMaxClaimBytes = 64 << 10;

std::string ClaimPath(absl::string_view output) { return absl::StrCat(output, "/", kClaimFile); }

std::string ClaimText(const Assignment& assignment) {
  return absl::StrCat("{\"job_id\":\"", JsonEscape(assignment.task().job_id()), "\",\"nonce\":\"",
                      ToHex(assignment.nonce()), "\",\"version\":\"", JsonEscape(kVersion), "\"}\n");
}

// The word of a JSON member, or empty.
std::string Member(const nlohmann::json& object, const char* name) {
  auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

bool IsJobId(absl::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

absl::Status Occupied(const Store& store, const std::string& output, const Claim& claim, const Assignment& assignment) {
  const bool finished = store.Open(absl::StrCat(output, "/", kSuccessFile)).ok();
  const absl::string_view state = finished ? "finished" : "unfinished";
  if (claim.job_id == assignment.task().job_id()) {
    return absl::AlreadyExistsError(absl::StrCat(output, " holds the dataset of an earlier job of the same name, ",
                                                 claim.job_id, " (", state,
                                                 "); choose another folder, or --overwrite"));
  }
  return absl::AlreadyExistsError(absl::StrCat(output, " holds the dataset of job ", claim.job_id, " (", state,
                                               "); choose another folder, or --overwrite"));
}

// A folder that we may claim is empty; our own staging may be there, left by a worker that woke up after its job's end.
absl::Status CheckEmpty(const Store& store, const std::string& output) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<StoreEntry> entries, store.List(output));
  for (const StoreEntry& entry : entries) {
    if (entry.name == kStagingFolder && entry.folder) continue;
    if (entry.name == kClaimFile) continue;  // made this moment: creating it will tell
    return absl::AlreadyExistsError(absl::StrCat("output folder ", output, " is not empty: it holds ", entry.name,
                                                 ", which is not Millrace's; choose another folder"));
  }
  return absl::OkStatus();
}

// One look and one step; OK does not say whose the folder is now.
absl::Status TryToClaim(Store& store, const std::string& output, const Assignment& assignment) {
  absl::StatusOr<Claim> claim = ReadClaim(store, output);
  if (absl::IsDataLoss(claim.status())) {
    return absl::AlreadyExistsError(absl::StrCat(claim.status().message(), "; choose another folder"));
  }
  if (claim.ok()) {
    if (claim->IsOf(assignment)) return absl::OkStatus();
    if (!assignment.spec().overwrite()) return Occupied(store, output, *claim, assignment);
    return RemoveOlderDataset(store, output, *claim);
  }
  if (!absl::IsNotFound(claim.status())) return claim.status();
  MILLRACE_RETURN_IF_ERROR(CheckEmpty(store, output));
  absl::Status created = store.CreateExclusive(ClaimPath(output), ClaimText(assignment));
  return absl::IsAlreadyExists(created) ? absl::OkStatus() : created;
}

}  // namespace

absl::StatusOr<Claim> ReadClaim(const Store& store, absl::string_view output) {
  const std::string path = ClaimPath(output);
  absl::StatusOr<std::string> text = store.Read(path, kMaxClaimBytes);
  const absl::Status strange = absl::DataLossError(absl::StrCat(path, ": is not a claim of Millrace's"));
  if (absl::IsOutOfRange(text.status())) return strange;
  MILLRACE_RETURN_IF_ERROR(text.status());
  const auto parsed = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object()) return strange;
  Claim claim{Member(parsed, "job_id"), absl::HexStringToBytes(Member(parsed, "nonce"))};
  // The id becomes part of a folder's name: nothing but what a job may be called.
  if (!IsJobId(claim.job_id) || ToHex(claim.nonce) != Member(parsed, "nonce")) return strange;
  return claim;
}

absl::Status TakeClaim(Store& store, const Assignment& assignment) {
  const std::string& output = assignment.spec().output();
  // Each round either ends or changes the folder (an older dataset goes, a claim is created): the next one tells whose
  // it is. Others may race, so a few rounds more than those two.
  for (int round = 0; round < 5; ++round) {
    MILLRACE_RETURN_IF_ERROR(Annotate(TryToClaim(store, output, assignment), "output"));
    absl::StatusOr<Claim> claim = ReadClaim(store, output);
    if (claim.ok() && claim->IsOf(assignment)) return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("output: ", output, " is being claimed and left by others"));
}

absl::Status CheckDatasetOf(const Store& store, const RowsFrom& from) {
  const absl::StatusOr<Claim> claim = ReadClaim(store, from.dataset());
  if (absl::IsUnavailable(claim.status())) return claim.status();
  const bool complete = store.Open(absl::StrCat(from.dataset(), "/", kSuccessFile)).ok();
  if (!claim.ok() || !complete)
    return absl::FailedPreconditionError(absl::StrCat("this worker sees no finished dataset of job ", from.job_id(),
                                                      " at ", JsonEscape(from.dataset())));
  if (claim->job_id == from.job_id()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(JsonEscape(from.dataset()), " holds the dataset of job ",
                                                 claim->job_id, " now, not that of job ", from.job_id()));
}

absl::Status CheckClaim(const Store& store, const Assignment& assignment) {
  const std::string& output = assignment.spec().output();
  absl::StatusOr<Claim> claim = ReadClaim(store, output);
  std::string found;
  if (claim.ok()) {
    if (claim->IsOf(assignment)) return absl::OkStatus();
    found = claim->job_id == assignment.task().job_id()
                ? absl::StrCat(kClaimFile, " there is of an earlier job of the same name")
                : absl::StrCat(kClaimFile, " there is of job ", claim->job_id);
  } else if (absl::IsNotFound(claim.status())) {
    found = absl::StrCat("there is no ", kClaimFile);
  } else if (absl::IsUnavailable(claim.status())) {
    return claim.status();  // may pass by itself
  } else {
    found = std::string(claim.status().message());
  }
  return absl::FailedPreconditionError(absl::StrCat("this worker sees another disk at ", output, ": ", found,
                                                    ", not that of job ", assignment.task().job_id()));
}

absl::Status CheckScan(const Store& store, const Assignment& assignment, absl::string_view scan_dir) {
  const std::string path = absl::StrCat(assignment.spec().output(), "/", scan_dir, "/summary.pb");
  const absl::Status seen = store.Open(path).status();
  if (!absl::IsNotFound(seen)) return seen;
  return absl::FailedPreconditionError(absl::StrCat("this worker sees another disk at ", assignment.spec().output(),
                                                    ", or the job's staging was removed: ", path, " is not there"));
}

}  // namespace millrace
