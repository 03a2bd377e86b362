#include "coordinator/store/file_system.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace millrace {
namespace {

struct MagicRow {
  uint64_t magic;
  const char* name;
  FileSystemFitness fitness;
};

constexpr uint64_t kCifs = 0xFF534D42, kSmb2 = 0xFE534D42, kLustre = 0x0BD00BD0, kGpfs = 0x47504653,
                   kBeeGfs = 0x19830326, kVirtioFs = 0x6A656A63, kFuse = 0x65735546, kPanfs = 0xAAD7AAEA;

constexpr std::array kMagics = {
    MagicRow{NFS_SUPER_MAGIC, "NFS", FileSystemFitness::kRefused},
    MagicRow{SMB_SUPER_MAGIC, "SMB", FileSystemFitness::kRefused},
    MagicRow{kCifs, "CIFS", FileSystemFitness::kRefused},
    MagicRow{kSmb2, "SMB", FileSystemFitness::kRefused},
    MagicRow{AFS_SUPER_MAGIC, "AFS", FileSystemFitness::kRefused},
    MagicRow{CEPH_SUPER_MAGIC, "CephFS", FileSystemFitness::kRefused},
    MagicRow{kLustre, "Lustre", FileSystemFitness::kRefused},
    MagicRow{kGpfs, "GPFS", FileSystemFitness::kRefused},
    MagicRow{kBeeGfs, "BeeGFS", FileSystemFitness::kRefused},
    MagicRow{kPanfs, "PanFS", FileSystemFitness::kRefused},
    MagicRow{V9FS_MAGIC, "9p", FileSystemFitness::kDoubtful},
    MagicRow{kVirtioFs, "virtiofs", FileSystemFitness::kDoubtful},
    MagicRow{TMPFS_MAGIC, "tmpfs", FileSystemFitness::kDoubtful},
    MagicRow{kFuse, "FUSE", FileSystemFitness::kDoubtful},
};

// FUSE programs that talk to another machine. Others (ntfs-3g, fuse-overlayfs, a container's root) are local.
constexpr std::array kRemoteFuse = {"sshfs",     "gcsfuse", "s3fs",     "goofys",        "rclone", "juicefs",
                                    "glusterfs", "ceph",    "blobfuse", "mountpoint-s3", "davfs",  "curlftpfs"};

std::string Why(const MagicRow& row) {
  if (row.fitness == FileSystemFitness::kRefused) return "its locks and fsync do not hold when the network fails";
  if (row.magic == TMPFS_MAGIC) return "all jobs are forgotten when the machine restarts";
  return "it survives a power cut only if the program behind it does";
}

bool IsRemoteFuse(absl::string_view mount_type) {
  for (absl::string_view remote : kRemoteFuse) {
    if (mount_type == absl::StrCat("fuse.", remote)) return true;
  }
  return false;
}

// mountinfo writes blanks and backslashes of paths as octal escapes.
std::string Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  if (folder == "/" || path == folder) return true;
  return absl::StartsWith(path, folder) && path[folder.size()] == '/';
}

}  // namespace

FileSystemVerdict JudgeFileSystem(uint64_t magic, absl::string_view mount_type) {
  if (magic == kFuse && IsRemoteFuse(mount_type)) {
    return {FileSystemFitness::kRefused, std::string(mount_type),
            "its locks and fsync do not hold when the network fails"};
  }
  for (const MagicRow& row : kMagics) {
    if (row.magic == magic) return {row.fitness, row.name, Why(row)};
  }
  return {};
}

std::string MountTypeOf(absl::string_view mountinfo, absl::string_view path) {
  std::string best_folder, type;
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n', absl::SkipEmpty())) {
    // 36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw
    std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    std::vector<absl::string_view> left = absl::StrSplit(halves.first, ' ');
    if (left.size() < 5) continue;
    std::string folder = Unescape(left[4]);
    // A later mount on the same folder hides the earlier one, so ">=".
    if (!IsBelow(path, folder) || folder.size() < best_folder.size()) continue;
    best_folder = std::move(folder);
    type = std::string(halves.second.substr(0, halves.second.find(' ')));
  }
  return type;
}

absl::StatusOr<FileSystemVerdict> JudgeFileSystemOf(const std::string& path) {
  struct statfs info;
  if (statfs(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat(path, ": statfs"));
  std::string real = path;
  if (char* resolved = realpath(path.c_str(), nullptr); resolved != nullptr) {
    real = resolved;
    std::free(resolved);
  }
  std::stringstream mounts;
  mounts << std::ifstream("/proc/self/mountinfo").rdbuf();
  // f_type is a signed long on some machines; the magics are 32 bits wide.
  return JudgeFileSystem(static_cast<uint32_t>(info.f_type), MountTypeOf(mounts.str(), real));
}

}  // namespace millrace
