// The store on a mounted file system. Names are paths; a file is prepared under its staging path and becomes visible by
// link(2), which never overwrites and is atomic on every local file system and on NFS.
//
//   Prepare   mkdir -p, write, CRC32C and XXH3-128 on the way, early write-back; Finish: fsync of file and folder
//   Publish   link(staging, final), fsync of the folder; where links are refused (EPERM, EOPNOTSUPP: exFAT, some FUSE
//             mounts) renameat2(RENAME_NOREPLACE)
//   Abort     unlink(staging); a link that won the race is seen afterwards by its inode
//
// Symbolic links are followed in the folders of a path, as everywhere in Unix, but never by RemoveTree. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>

#include "common/storage/storage.h"

namespace millrace {

struct FileStoreOptions {
  // Dirty bytes after which write-back is started, so that the fsync at the end waits for little. 0: only at the end.
  int64_t write_back_bytes = int64_t{8} << 20;
  // False: as on a file system that refuses links and unnamed files. For tests of the other path.
  bool use_links = true;
};

std::unique_ptr<Store> MakeFileStore(FileStoreOptions options = {});

// True for the names under which CreateExclusive may leave something when it is killed. List hides them.
bool IsTemporaryName(absl::string_view name);

}  // namespace millrace
