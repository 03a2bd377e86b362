#include "common/csv/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/common/csv/piecewise_source.h"
#include "tests/common/csv/reference_csv.h"

namespace millrace {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using testing::HasSubstr;

absl::StatusOr<Rows> Read(absl::string_view text, size_t piece = 1 << 20) {
  PiecewiseSource source(text, piece);
  CsvReader reader(source, "images.csv");
  Rows rows;
  for (CsvRow row;;) {
    absl::StatusOr<bool> more = reader.Next(row);
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    rows.emplace_back(row.cells.begin(), row.cells.end());
  }
}

std::string ErrorOf(absl::string_view text) {
  absl::StatusOr<Rows> rows = Read(text);
  EXPECT_TRUE(absl::IsInvalidArgument(rows.status())) << rows.status();
  return std::string(rows.status().message());
}

TEST(CsvReader, ReadsEveryFormOfTheSameRows) {
  const Rows expected = {{"TRAIN", "a.jpg", "cat"}, {"TEST", "b.jpg", "dog"}};
  EXPECT_EQ(*Read("TRAIN,a.jpg,cat\nTEST,b.jpg,dog\n"), expected);
  EXPECT_EQ(*Read("TRAIN,a.jpg,cat\r\nTEST,b.jpg,dog\r\n"), expected);
  EXPECT_EQ(*Read("\xef\xbb\xbfTRAIN,a.jpg,cat\nTEST,b.jpg,dog"), expected);
  EXPECT_EQ(*Read("\n\nTRAIN,a.jpg,cat\n\r\nTEST,b.jpg,dog\r"), expected);
  EXPECT_EQ(*Read("\"TRAIN\",\"a.jpg\",cat\n\"TEST\",b.jpg,\"dog\""), expected);
}

TEST(CsvReader, KeepsWhatQuotesProtect) {
  EXPECT_EQ(*Read("\"a,b\",\"c\nd\",\"say \"\"hi\"\"\",\"\"\n"), (Rows{{"a,b", "c\nd", "say \"hi\"", ""}}));
  EXPECT_EQ(*Read("12\" ruler,x\n"), (Rows{{"12\" ruler", "x"}}));
  EXPECT_EQ(*Read(",,\n"), (Rows{{"", "", ""}}));
  EXPECT_EQ(*Read("\"\"\n"), (Rows{{""}}));
}

TEST(CsvReader, TellsOnWhichLineARowStarts) {
  PiecewiseSource source("head\n\n\"two\nlines\"\nlast", 3);
  CsvReader reader(source, "images.csv");
  std::vector<int64_t> lines;
  for (CsvRow row; reader.Next(row).value();) lines.push_back(row.line);
  EXPECT_EQ(lines, (std::vector<int64_t>{1, 3, 5}));
}

TEST(CsvReader, MarksARowWithNul) {
  const std::string text("a,b\0c\nd,\"e\0\"\nf,g\n", 17);
  PiecewiseSource source(text, 5);
  CsvReader reader(source, "images.csv");
  std::vector<bool> nuls;
  for (CsvRow row; reader.Next(row).value();) nuls.push_back(row.has_nul);
  EXPECT_EQ(nuls, (std::vector<bool>{true, true, false}));
}

TEST(CsvReader, RefusesWhatNoRowCanBeMadeOf) {
  EXPECT_THAT(ErrorOf("a,b\nc,\"d\ne,f\n"), HasSubstr("images.csv:2: a quote that is opened here is never closed"));
  EXPECT_THAT(ErrorOf("a\n\"b\"c,d\n"), HasSubstr("images.csv:2: text behind a closing quote"));
  EXPECT_THAT(ErrorOf("a,b\rc,d\r"), HasSubstr("images.csv:1: a carriage return without a line feed"));
  EXPECT_THAT(ErrorOf(absl::string_view("\xff\xfe"
                                        "a\0,\0b\0",
                                        8)),
              HasSubstr("UTF-16; save it as UTF-8"));
  EXPECT_THAT(ErrorOf(absl::string_view("a\0,\0b\0,\0c\0\n\0", 12)), HasSubstr("UTF-16"));
  EXPECT_THAT(ErrorOf("a\n" + std::string(2 << 20, 'x') + "\n"), HasSubstr("images.csv:2: a row longer than 1 MiB"));
  EXPECT_THAT(ErrorOf("a\n\"" + std::string(2 << 20, 'x') + "\n"), HasSubstr("images.csv:2: a row longer than 1 MiB"));
}

TEST(CsvReader, ALongRowWithinTheLimitIsRead) {
  const std::string cell((1 << 20) - 10, 'x');
  EXPECT_EQ(*Read("a\n" + cell + ",y\nb\n", 4096), (Rows{{"a"}, {cell, "y"}, {"b"}}));
}

TEST(CsvReader, ReadsTabsToo) {
  PiecewiseSource source("a,b\t\"c\td\"\te\r\nf\n", 3);
  CsvReader reader(source, "images.tsv", '\t');
  Rows rows;
  for (CsvRow row; reader.Next(row).value();) rows.emplace_back(row.cells.begin(), row.cells.end());
  EXPECT_EQ(rows, (Rows{{"a,b", "c\td", "e"}, {"f"}}));
}

// A pipe may give byte by byte: the time must not grow with the square of a row.
TEST(CsvReader, TinyPiecesOfALongRowCostNoMoreThanLargeOnes) {
  const std::string cell((1 << 20) - 10, 'x');
  EXPECT_EQ(*Read("a\n\"" + cell + "\"\n", 1), (Rows{{"a"}, {cell}}));
}

TEST(CsvReader, KnowsOtherFilesByTheirFirstBytes) {
  EXPECT_THAT(ErrorOf("PK\x03\x04\x0a..."), HasSubstr("images.csv:1: the file is an Excel workbook or a ZIP archive"));
  EXPECT_THAT(ErrorOf("\xff\xd8\xff\xe0\x01"), HasSubstr("the file is a JPEG"));
  EXPECT_EQ(*Read("BZhang,a.jpg\n"), (Rows{{"BZhang", "a.jpg"}}));
}

TEST(CsvReader, AnErrorSticks) {
  PiecewiseSource source("\"a\"b\nc\n", 100);
  CsvReader reader(source, "images.csv");
  CsvRow row;
  EXPECT_FALSE(reader.Next(row).ok());
  EXPECT_FALSE(reader.Next(row).ok());
}

// Random texts of the characters that matter, cut at every size: equal to the obvious reader.
TEST(CsvReader, EqualsTheObviousReader) {
  std::mt19937 random(7);
  const std::string alphabet = "ab,,\"\"\n\n\r ";
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t length = random() % 24; text.size() < length;) {
      if (random() % 8 == 0) {
        text += "\"x,\"\"\n\"";
      } else {
        text += alphabet[random() % alphabet.size()];
      }
    }
    const std::optional<Rows> expected = ReferenceCsv(text);
    refused += !expected;
    for (size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100}}) {
      absl::StatusOr<Rows> rows = Read(text, piece);
      ASSERT_EQ(rows.ok(), expected.has_value()) << testing::PrintToString(text) << rows.status();
      if (expected) {
        ASSERT_EQ(*rows, *expected) << testing::PrintToString(text);
      }
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_LT(refused, 15'000);
}

}  // namespace
}  // namespace millrace
