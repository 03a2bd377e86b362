#include "common/base/log.h"

#include <gtest/gtest.h>

#include "common/base/hash.h"

namespace millrace {
namespace {

TEST(JsonEscape, MakesUsersWordsSafe) {
  EXPECT_EQ(JsonEscape("a\"b\\c\n\x01"), "a\\\"b\\\\c\\n\\u0001");
  EXPECT_EQ(JsonEscape("Zürich"), "Zürich");
  EXPECT_EQ(JsonEscape("\xff\xc0\xaf"), "\\ufffd\\ufffd\\ufffd");
  EXPECT_EQ(JsonEscape("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
}

TEST(ValidUtf8, ChangesOnlyWhatIsNotUtf8) {
  EXPECT_EQ(ValidUtf8("Zürich \"\n\x01"), "Zürich \"\n\x01");
  EXPECT_EQ(ValidUtf8("/data/\xff\xfe/x"), "/data/\xef\xbf\xbd\xef\xbf\xbd/x");
  EXPECT_EQ(ValidUtf8("cut \xe7\x8c"), "cut \xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Log, WritesOneJsonObjectALine) {
  InitLog(LogLevel::kInfo, LogFormat::kJson);
  testing::internal::CaptureStderr();
  Log(LogLevel::kDebug, "hidden");
  Log(LogLevel::kInfo, "shard \"7\"", {{"job", "a\nb"}});
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_EQ(line.find("hidden"), std::string::npos);
  EXPECT_NE(line.find("\"level\":\"info\",\"message\":\"shard \\\"7\\\"\",\"job\":\"a\\nb\"}\n"), std::string::npos)
      << line;
}

TEST(Xxh3, RunningEqualsWhole) {
  Xxh3 running;
  running.Update("mill");
  running.Update("race");
  EXPECT_EQ(running.Digest(), Xxh3Of("millrace"));
  EXPECT_EQ(ToHex(Xxh3Of("")), "99aa06d3014798d86001c324468d497f");  // xxHash's own test vector for the empty input
}

}  // namespace
}  // namespace millrace
