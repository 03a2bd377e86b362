#include "common/base/byte_size.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(ByteSize, ReadsWhatPeopleWrite) {
  EXPECT_EQ(ParseByteSize("4096").value(), 4096);
  EXPECT_EQ(ParseByteSize("128MiB").value(), 128 * kMiB);
  EXPECT_EQ(ParseByteSize("1.5 GB").value(), 1'500'000'000);
  EXPECT_EQ(ParseByteSize("2k").value(), 2048);
  EXPECT_EQ(ParseByteSize("0").value(), 0);
}

TEST(ByteSize, NamesTheTextItCannotRead) {
  for (absl::string_view bad : {"", "MiB", "-1", "12xB", "1e9", "99999999999TB"}) {
    auto parsed = ParseByteSize(bad);
    EXPECT_FALSE(parsed.ok()) << bad;
  }
  EXPECT_NE(ParseByteSize("lots").status().message().find("'lots'"), absl::string_view::npos);
}

TEST(ByteSize, FormatsForPeople) {
  EXPECT_EQ(FormatByteSize(999), "999 B");
  EXPECT_EQ(FormatByteSize(1'500'000), "1.5 MB");
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(8192), "8,192");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
  EXPECT_EQ(WithThousands(-123), "-123");
}

}  // namespace
}  // namespace millrace
