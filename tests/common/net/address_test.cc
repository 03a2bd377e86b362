#include "common/net/address.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Address, ReadsAndWritesBothFamilies) {
  for (const char* text : {"127.0.0.1:7071", "[::1]:0", "localhost:65535", "worker-3.example:80"}) {
    auto address = ParseAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(FormatAddress(*address), text);
  }
}

TEST(Address, RefusesWhatIsNotHostAndPort) {
  for (const char* text : {"", ":", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "host:+1", "host: 1",
                           "::1:80", "[]:80", "host:99999999999"}) {
    auto address = ParseAddress(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_NE(address.status().message().find("HOST:PORT"), absl::string_view::npos) << text;
  }
}

TEST(Address, KnowsWhatOnlyThisMachineReaches) {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.1", "::1"}) EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "128.0.0.1"})
    EXPECT_FALSE(IsLoopback(host)) << host;
}

}  // namespace
}  // namespace millrace
