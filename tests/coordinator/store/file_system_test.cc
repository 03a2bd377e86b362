#include "coordinator/store/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kFuse = 0x65735546;

TEST(FileSystem, NetworkFileSystemsAreRefusedByName) {
  FileSystemVerdict nfs = JudgeFileSystem(NFS_SUPER_MAGIC, "nfs4");
  EXPECT_EQ(nfs.fitness, FileSystemFitness::kRefused);
  EXPECT_EQ(nfs.name, "NFS");
  EXPECT_THAT(nfs.why, HasSubstr("fsync"));
  EXPECT_EQ(JudgeFileSystem(0xFF534D42, "cifs").fitness, FileSystemFitness::kRefused);
  EXPECT_EQ(JudgeFileSystem(0x0BD00BD0, "lustre").fitness, FileSystemFitness::kRefused);
}

TEST(FileSystem, FuseIsJudgedByTheProgramBehindIt) {
  FileSystemVerdict sshfs = JudgeFileSystem(kFuse, "fuse.sshfs");
  EXPECT_EQ(sshfs.fitness, FileSystemFitness::kRefused);
  EXPECT_EQ(sshfs.name, "fuse.sshfs");
  EXPECT_EQ(JudgeFileSystem(kFuse, "fuse.fuse-overlayfs").fitness, FileSystemFitness::kDoubtful);
  EXPECT_EQ(JudgeFileSystem(kFuse, "").fitness, FileSystemFitness::kDoubtful);
}

TEST(FileSystem, RootsOfVirtualMachinesAndTmpfsOnlyWarn) {
  EXPECT_EQ(JudgeFileSystem(V9FS_MAGIC, "9p").fitness, FileSystemFitness::kDoubtful);
  FileSystemVerdict tmpfs = JudgeFileSystem(TMPFS_MAGIC, "tmpfs");
  EXPECT_EQ(tmpfs.fitness, FileSystemFitness::kDoubtful);
  EXPECT_THAT(tmpfs.why, HasSubstr("forgotten"));
}

TEST(FileSystem, LocalDisksAreGood) {
  EXPECT_EQ(JudgeFileSystem(EXT4_SUPER_MAGIC, "ext4").fitness, FileSystemFitness::kGood);
  EXPECT_EQ(JudgeFileSystem(XFS_SUPER_MAGIC, "xfs").fitness, FileSystemFitness::kGood);
  EXPECT_THAT(JudgeFileSystem(OVERLAYFS_SUPER_MAGIC, "overlay").name, IsEmpty());
}

constexpr char kMountinfo[] =
    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "30 21 0:44 / /mnt/photos rw,nosuid - fuse.sshfs me@host:/photos rw\n"
    "31 21 0:45 / /mnt/photos\\040new rw shared:7 master:2 - nfs4 host:/new rw\n"
    "32 21 0:46 / /srv rw - tmpfs tmpfs rw\n"
    "33 32 0:47 / /srv rw - xfs /dev/sdb rw\n"
    "torn line\n";

TEST(MountType, TheDeepestMountHoldsThePath) {
  EXPECT_EQ(MountTypeOf(kMountinfo, "/home/me"), "ext4");
  EXPECT_EQ(MountTypeOf(kMountinfo, "/mnt/photos/2024"), "fuse.sshfs");
  EXPECT_EQ(MountTypeOf(kMountinfo, "/mnt/photos"), "fuse.sshfs");
}

TEST(MountType, ANeighbourWithTheSameBeginningIsNotBelow) {
  EXPECT_EQ(MountTypeOf(kMountinfo, "/mnt/photos2"), "ext4");
  EXPECT_EQ(MountTypeOf(kMountinfo, "/mnt/photos new/a"), "nfs4");
}

TEST(MountType, ALaterMountHidesAnEarlierOne) { EXPECT_EQ(MountTypeOf(kMountinfo, "/srv/x"), "xfs"); }

TEST(MountType, NothingKnownIsEmpty) { EXPECT_EQ(MountTypeOf("", "/srv/x"), ""); }

}  // namespace
}  // namespace millrace
