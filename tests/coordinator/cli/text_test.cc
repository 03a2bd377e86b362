#include "coordinator/cli/text.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

TEST(Printable, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("cat/caf\xc3\xa9 \"1\".jpg"), "cat/caf\xc3\xa9 \"1\".jpg");
  EXPECT_EQ(Printable("a\x1b[31mb\nc"), "a\\u001b[31mb\\nc");
  EXPECT_EQ(Printable("bad\xff"), "bad\xef\xbf\xbd");
  EXPECT_EQ(Printable("\xc2\x9b"), "\\u009b") << "the one-byte form of ESC [";
  EXPECT_EQ(Printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(Printable, LeavesWhatIsSafeAlready) {
  const std::string once = Printable("C:\\x\n\x01");
  EXPECT_EQ(once, "C:\\x\\n\\u0001");
  EXPECT_EQ(Printable(once), once);
}

TEST(Durations, GrowWithTheirSize) {
  EXPECT_EQ(ClockTime(absl::Seconds(7)), "0:07");
  EXPECT_EQ(ClockTime(absl::Seconds(750)), "12:30");
  EXPECT_EQ(ClockTime(absl::Seconds(3723)), "1:02:03");
  EXPECT_EQ(ClockTime(absl::Seconds(-5)), "0:00");
  EXPECT_EQ(Elapsed(absl::Milliseconds(1640)), "1.6 s");
  EXPECT_EQ(Elapsed(absl::Seconds(75)), "1:15");
}

TEST(Paths, AreResolvedWithoutTouchingTheDisk) {
  EXPECT_EQ(AbsolutePath("a.csv", "/data"), "/data/a.csv");
  EXPECT_EQ(AbsolutePath("../b//./c/", "/data/x"), "/data/b/c");
  EXPECT_EQ(AbsolutePath("/out", "/data"), "/out");
  EXPECT_EQ(AbsolutePath(".", "/data/"), "/data");
  EXPECT_EQ(AbsolutePath("/", "/data"), "/");
}

TEST(Paths, AreShownAsShortAsPossible) {
  EXPECT_EQ(ShortPath("/data/in/a.csv", "/data"), "in/a.csv");
  EXPECT_EQ(ShortPath("/data/a.csv", "/data/work"), "../a.csv");
  EXPECT_EQ(ShortPath("/a.csv", "/home/me/deep/down"), "/a.csv") << "the way up is longer";
  EXPECT_EQ(ShortPath("relative.csv", "/data"), "relative.csv");
}

TEST(Paths, InsideASentenceOnlyWholeOnesAreShortened) {
  EXPECT_EQ(ShortenPathsIn("/data/a.csv:3: see /data/b.csv, not /mnt/data/c.csv", "/data"),
            "a.csv:3: see b.csv, not /mnt/data/c.csv");
  EXPECT_EQ(ShortenPathsIn("/x/a.csv", "/"), "/x/a.csv");
}

TEST(Table, AlignsNumbersRightAndWordsLeft) {
  EXPECT_EQ(Table({{"NAME", ">ROWS", "NOTE"}, {"a", "1,399", "ok"}, {"caf\xc3\xa9", "-", ""}}),
            "NAME   ROWS  NOTE\n"
            "a     1,399  ok\n"
            "caf\xc3\xa9      -\n");
}

TEST(Facts, LeaveOutWhatIsUnknown) {
  EXPECT_EQ(Facts({{"job", "3f2a"}, {"warnings and such", ""}, {"rows", "7"}}), "job   3f2a\nrows  7\n");
}

TEST(Count, KnowsOneFromMany) {
  EXPECT_EQ(Count(1, "row"), "1 row");
  EXPECT_EQ(Count(0, "row"), "0 rows");
  EXPECT_EQ(Count(1399, "row"), "1,399 rows");
}

}  // namespace
}  // namespace millrace::cli
