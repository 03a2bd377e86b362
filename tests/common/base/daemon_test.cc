#include "common/base/daemon.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

namespace millrace {
namespace {

std::string FreshPath(const char* name) { return testing::TempDir() + name + RandomHex(4); }

TEST(Daemon, ASignalIsSomethingToWaitFor) {
  BlockSignals();
  EXPECT_EQ(WaitForSignal(absl::Milliseconds(1)), std::nullopt);
  raise(SIGTERM);
  EXPECT_EQ(WaitForSignal(absl::Seconds(10)), SIGTERM);
}

TEST(Daemon, ATokenIsMadeOnceAndKeptPrivate) {
  const std::string path = FreshPath("token");
  const std::string token = ReadOrMakeToken(path).value();
  EXPECT_EQ(token.size(), 64u);
  EXPECT_EQ(ReadOrMakeToken(path).value(), token);
  EXPECT_EQ(ClientToken(path).value(), token);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Daemon, AnEmptyTokenFileIsNamed) {
  const std::string path = FreshPath("empty");
  std::ofstream(path) << "\n";
  EXPECT_NE(ClientToken(path).status().message().find(path), absl::string_view::npos);
}

TEST(Daemon, AFileIsSeenWholeOrNotAtAll) {
  const std::string path = FreshPath("address");
  ASSERT_TRUE(WriteFileAtomically(path, "127.0.0.1:7070").ok());
  std::string line;
  std::getline(std::ifstream(path), line);
  EXPECT_EQ(line, "127.0.0.1:7070");
  EXPECT_FALSE(WriteFileAtomically("/nowhere/at/all", "x").ok());
}

}  // namespace
}  // namespace millrace
