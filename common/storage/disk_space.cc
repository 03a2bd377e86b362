#include "common/storage/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>
#include <string>

#include "common/storage/errno_status.h"
#include "common/storage/posix_file.h"

namespace millrace {

absl::StatusOr<DiskSpaceInfo> DiskSpace(absl::string_view path) {
  std::string folder(path);
  struct statvfs disk;
  while (statvfs(folder.c_str(), &disk) != 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || folder == "/") return ErrnoStatus(errno, folder);
    folder = ParentFolder(folder);
  }
  return DiskSpaceInfo{static_cast<int64_t>(disk.f_bavail * disk.f_frsize),
                       static_cast<int64_t>(disk.f_blocks * disk.f_frsize)};
}

}  // namespace millrace
