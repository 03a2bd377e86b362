#include "worker/pipeline/image_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ImageFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              absl::StrCat("image_file_", getpid(), "_", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "in");
    fs::create_directories(folder_ / "out");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }
  std::string At(const std::string& name) { return (folder_ / name).string(); }

  // The reason, or "" for a file that can be read.
  static std::string Try(const std::string& path, const std::vector<std::string>& roots = {}) {
    ImageFile file;
    auto error = file.Open(path, roots, {});
    return error.has_value() ? std::string(error->reason) : "";
  }

  fs::path folder_;
};

TEST_F(ImageFileTest, ReadsAllBytes) {
  ImageFile file;
  ASSERT_FALSE(file.Open(Write("a.jpg", "0123456789"), {}, {}).has_value());
  ASSERT_EQ(file.size(), 10);
  std::string bytes(10, '\0');
  EXPECT_FALSE(file.Read(reinterpret_cast<uint8_t*>(bytes.data()), {}).has_value());
  EXPECT_EQ(bytes, "0123456789");
}

TEST_F(ImageFileTest, NamesWhatCannotBeRead) {
  EXPECT_EQ(Try(At("missing.jpg")), "file/not_found");
  EXPECT_EQ(Try(Write("file", "x") + "/below.jpg"), "file/not_found");
  EXPECT_EQ(Try(At(std::string(5'000, 'x'))), "file/not_found");
  EXPECT_EQ(Try(std::string("/tmp/a\0b", 8)), "file/not_found");
  EXPECT_EQ(Try(Write("empty.jpg", "")), "file/empty");
  EXPECT_EQ(Try(At("in")), "file/not_regular");
}

TEST_F(ImageFileTest, AFifoDoesNotBlock) {
  ASSERT_EQ(mkfifo(At("pipe.jpg").c_str(), 0600), 0);
  EXPECT_EQ(Try(At("pipe.jpg")), "file/not_regular");
  EXPECT_EQ(Try(At("pipe.jpg"), {fs::canonical(folder_).string()}), "file/not_regular");
}

TEST_F(ImageFileTest, DevicesAndSocketsAreNoFiles) {
  EXPECT_EQ(Try("/dev/zero"), "file/not_regular");
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/tmp/millrace_socket_", getpid());
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(Try(path), "file/not_regular");
  close(fd);
  unlink(path.c_str());
}

TEST_F(ImageFileTest, OnlyRootMayReadEverything) {
  const std::string path = Write("secret.jpg", "x");
  fs::permissions(path, fs::perms::none);
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  EXPECT_EQ(Try(path), "file/permission");
}

TEST_F(ImageFileTest, ALinkDoesNotLeadOutOfItsRoot) {
  const std::vector<std::string> roots = {fs::canonical(folder_ / "in").string()};
  const std::string inside = Write("in/a.jpg", "x");
  const std::string outside = Write("out/b.jpg", "x");
  fs::create_symlink(outside, folder_ / "in/link.jpg");
  fs::create_symlink(inside, folder_ / "out/back.jpg");
  EXPECT_EQ(Try(inside, roots), "");
  EXPECT_EQ(Try(outside, roots), "file/root");
  EXPECT_EQ(Try(At("in/../out/b.jpg"), roots), "file/root");
  EXPECT_EQ(Try(At("in/link.jpg"), roots), "file/root");
  EXPECT_EQ(Try(At("out/back.jpg"), roots), "") << "its real path lies inside";
  EXPECT_EQ(Try(outside, {roots[0], fs::canonical(folder_ / "out").string()}), "");
  EXPECT_EQ(Try(At("in/missing.jpg"), roots), "file/not_found");
  EXPECT_EQ(Try(outside, {"/"}), "");
}

TEST_F(ImageFileTest, ANeighbourWithTheSamePrefixIsOutside) {
  fs::create_directories(folder_ / "in2");
  EXPECT_EQ(Try(Write("in2/a.jpg", "x"), {fs::canonical(folder_ / "in").string()}), "file/root");
}

TEST_F(ImageFileTest, SaysThatAFileBecameShorter) {
  const std::string path = Write("a.jpg", std::string(20'514, 'x'));
  ImageFile file;
  ASSERT_FALSE(file.Open(path, {}, {}).has_value());
  fs::resize_file(path, 8'192);
  std::string bytes(20'514, '\0');
  auto error = file.Read(reinterpret_cast<uint8_t*>(bytes.data()), {});
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->reason, "file/io");
  EXPECT_THAT(error->detail, HasSubstr("8,192 of 20,514 bytes"));
}

}  // namespace
}  // namespace millrace
