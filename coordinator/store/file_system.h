// Which file systems may hold a journal. SQLite's WAL needs working locks, mmap that is shared between processes, and
// an fsync that means it; network file systems promise some of these and break them under failure, when it matters.
// Thread-safe: no state.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

enum class FileSystemFitness { kGood, kDoubtful, kRefused };

struct FileSystemVerdict {
  FileSystemFitness fitness = FileSystemFitness::kGood;
  std::string name;  // "NFS", "fuse.sshfs"; empty when good
  std::string why;   // completes "DIR is on NFS: …"; empty when good
};

// `magic` is statfs(2)'s f_type; `mount_type` the kernel's name ("fuse.sshfs"), which tells FUSE file systems apart;
// may be empty. 9p and virtiofs are doubtful only: they are the root of many virtual machines and as good as the host's
// disk.
FileSystemVerdict JudgeFileSystem(uint64_t magic, absl::string_view mount_type);

// The type of the mount that holds `path` (absolute, no links), from the text of /proc/self/mountinfo. Empty if
// unknown.
std::string MountTypeOf(absl::string_view mountinfo, absl::string_view path);

// Both of the above for an existing folder.
absl::StatusOr<FileSystemVerdict> JudgeFileSystemOf(const std::string& path);

}  // namespace millrace
