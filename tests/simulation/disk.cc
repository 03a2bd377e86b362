#include "tests/simulation/disk.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/hash.h"

namespace millrace::simulation {
namespace {

bool IsStaging(const std::string& path) { return absl::StrContains(path, "/_staging/"); }

void EraseBelow(std::map<std::string, std::string>& names, const std::string& prefix) {
  auto first = names.lower_bound(prefix), last = first;
  while (last != names.end() && absl::StartsWith(last->first, prefix)) ++last;
  names.erase(first, last);
}

}  // namespace

const std::string* Disk::Find(const std::string& path) const {
  auto it = objects_.find(path);
  return it == objects_.end() ? nullptr : &it->second;
}

void Disk::Appear(const std::string& path, const std::string& bytes) {
  objects_[path] = bytes;
  on_visible(*this, path, &bytes);
}

absl::Status Disk::CreateExclusive(const std::string& path, const std::string& bytes) {
  if (Find(path) != nullptr) return absl::AlreadyExistsError(absl::StrCat(path, " exists"));
  Appear(path, bytes);
  return absl::OkStatus();
}

void Disk::BeginPrepare(const std::string& staging, const std::string& half) { prepared_[staging] = half; }

PreparedFile Disk::FinishPrepare(const std::string& path, const std::string& staging, const std::string& bytes) {
  prepared_[staging] = bytes;
  PreparedFile file;
  file.set_store("simulated");
  file.set_path(path);
  file.set_staging(staging);
  file.set_size(static_cast<int64_t>(bytes.size()));
  file.set_xxh3_128(Xxh3Of(bytes));
  return file;
}

absl::Status Disk::Publish(const PreparedFile& file) {
  if (const std::string* there = Find(file.path()); there != nullptr) {
    if (Xxh3Of(*there) == file.xxh3_128()) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat(file.path(), " exists with other bytes"));
  }
  auto it = prepared_.find(file.staging());
  if (it == prepared_.end()) return absl::NotFoundError(absl::StrCat(file.staging(), " is gone"));
  Appear(file.path(), it->second);
  return absl::OkStatus();
}

void Disk::Write(const std::string& path, const std::string& bytes) { objects_[path] = bytes; }

void Disk::Remove(const std::string& path) {
  if (objects_.erase(path) > 0 && !IsStaging(path)) on_visible(*this, path, nullptr);
}

void Disk::RemoveTree(const std::string& folder) {
  EraseBelow(objects_, folder + "/");
  EraseBelow(prepared_, folder + "/");
}

std::map<std::string, std::string> Disk::Visible(const std::string& folder) const {
  std::map<std::string, std::string> visible;
  const std::string prefix = folder + "/";
  for (auto it = objects_.lower_bound(prefix); it != objects_.end() && absl::StartsWith(it->first, prefix); ++it)
    if (!IsStaging(it->first)) visible.insert(*it);
  return visible;
}

}  // namespace millrace::simulation
