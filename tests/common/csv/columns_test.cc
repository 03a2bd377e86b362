#include "common/csv/columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "common/csv/labels.h"
#include "common/csv/splitter.h"

namespace millrace {
namespace {

using testing::HasSubstr;

CsvRow Row(std::vector<absl::string_view> cells) {
  CsvRow row;
  row.cells = std::move(cells);
  row.quoted = true;  // some may be
  return row;
}

// "split|uri|label" of a row under columns inferred from `first`, or its reason.
std::string Seen(absl::string_view header, std::vector<absl::string_view> first, std::vector<absl::string_view> cells) {
  const Columns columns = Columns::Of(header, Row(std::move(first))).value();
  const CsvRow row = Row(std::move(cells));
  InputRow in;
  columns.Read(row, in);
  if (!in.reason.empty()) return std::string(in.reason);
  return absl::StrCat(in.split, "|", in.uri, "|", in.has_label ? in.label : "-");
}

TEST(Columns, FollowAHeaderInAnyOrder) {
  EXPECT_EQ(Seen("infer", {"label", "x", "Image_URI ", "split"}, {"cat", "?", "a.jpg", "TEST"}), "TEST|a.jpg|cat");
  EXPECT_EQ(Seen("infer", {"image_uri", "label"}, {"a.jpg", ""}), "|a.jpg|-");
  EXPECT_EQ(Seen("split,image_uri,label", {"TRAIN", "a.jpg", "cat"}, {"TRAIN", "a.jpg", "cat"}), "TRAIN|a.jpg|cat");
}

TEST(Columns, ReadAutoMlsHeaderlessForm) {
  EXPECT_EQ(Seen("infer", {"TRAIN", "a.jpg", "cat"}, {"TRAIN", "a.jpg", "cat"}), "TRAIN|a.jpg|cat");
  EXPECT_EQ(Seen("infer", {"UNASSIGNED", "a.jpg"}, {"UNASSIGNED", "a.jpg"}), "UNASSIGNED|a.jpg|-");
  EXPECT_EQ(Seen("infer", {"a.jpg", "cat"}, {"b.jpg"}), "|b.jpg|-");
  EXPECT_EQ(Seen("infer", {"", "a.jpg"}, {"", "a.jpg", "cat", "pet"}), "row/several_labels");
  EXPECT_EQ(Seen("infer", {"a.jpg", "cat", "", ""}, {"b.jpg", "cat", "", ""}), "|b.jpg|cat");
  EXPECT_EQ(Seen("infer", {"a.jpg", "cat"}, {"b.jpg", "", "dog"}), "|b.jpg|dog");
  EXPECT_FALSE(Columns::Of("none", Row({"image_uri", "label"}))->first_row_is_header());
}

TEST(Columns, NameWhatIsWrongWithARow) {
  EXPECT_EQ(Seen("infer", {"image_uri", "label"}, {"a.jpg"}), "row/ragged");
  EXPECT_EQ(Seen("infer", {"image_uri", "label"}, {"", "cat"}), "row/no_uri");
  EXPECT_EQ(Seen("infer", {"image_uri", "label"}, {"a.jpg", "c\nat"}), "row/label_line_break");
}

TEST(Columns, AMissingColumnIsNamedWithThoseFound) {
  EXPECT_THAT(Columns::Of("infer", Row({"split", "uri", "label"})).status().message(),
              HasSubstr("found: split, uri, label"));
  EXPECT_THAT(Columns::Of("a,b", Row({"x", "y"})).status().message(), HasSubstr("--header has no column image_uri"));
  EXPECT_THAT(Columns::Of("image_uri,image_uri", Row({"x"})).status().message(), HasSubstr("two columns"));
}

TEST(Columns, AHeaderWithOtherNamesIsNotTakenForARow) {
  EXPECT_THAT(Columns::Of("infer", Row({"filename", "class"})).status().message(),
              HasSubstr("'filename' is no image path; rename the columns"));
  EXPECT_EQ(Seen("infer", {"dir/1", "cat"}, {"dir/2", "dog"}), "|dir/2|dog");
  EXPECT_EQ(Seen("none", {"filename", "class"}, {"filename", "class"}), "|filename|class");
}

TEST(Splitter, MatchesWordsWithoutRegardToCase) {
  EXPECT_EQ(ChooseSplit("train", "u"), SplitChoice::kTrain);
  EXPECT_EQ(ChooseSplit(" Validation ", "u"), SplitChoice::kValidation);
  EXPECT_EQ(ChooseSplit("TEST", "u"), SplitChoice::kTest);
  EXPECT_EQ(ChooseSplit("discard", "u"), SplitChoice::kDiscard);
  EXPECT_EQ(ChooseSplit("HOLDOUT", "u"), SplitChoice::kUnknown);
}

TEST(Splitter, SharesUnassignedRowsEightyTenTen) {
  int counts[5] = {};
  for (int i = 0; i < 10'000; ++i) {
    const std::string uri = absl::StrCat("images/", i, ".jpg");
    ASSERT_EQ(ChooseSplit("", uri), ChooseSplit("UNASSIGNED", uri));
    ++counts[static_cast<int>(ChooseSplit("", uri))];
  }
  EXPECT_NEAR(counts[0], 8000, 200);
  EXPECT_NEAR(counts[1], 1000, 150);
  EXPECT_NEAR(counts[2], 1000, 150);
}

TEST(Labels, AreNumberedAsTfRecorderDoes) {
  LabelCounter labels;
  for (absl::string_view label : {"cat", "dog", "bird", "bird"}) ASSERT_TRUE(labels.Add(0, label).ok());
  ASSERT_TRUE(labels.Add(1, "fish").ok());
  EXPECT_EQ(labels.Vocabulary(), (std::vector<std::string>{"bird", "dog", "cat"}));  // a tie goes to the later word
  EXPECT_EQ(labels.Outside(labels.Vocabulary()), 1);
  EXPECT_EQ(labels.OfSplit(1), (LabelCounter::Counts{{"fish", 1}}));
}

TEST(Labels, OfEveryLengthAreToldApart) {
  std::mt19937 random(7);
  std::map<std::string, int64_t> expected;
  LabelCounter labels;
  for (int i = 0; i < 100'000; ++i) {
    std::string label(random() % 20, 'a');
    if (!label.empty()) label[random() % label.size()] = static_cast<char>(random() % 3);
    ++expected[label];
    ASSERT_TRUE(labels.Add(0, label).ok());
  }
  const LabelCounter::Counts counts = labels.OfSplit(0);
  EXPECT_EQ((std::map<std::string, int64_t>(counts.begin(), counts.end())), expected);
}

TEST(Labels, ChangesAreCountedBySplit) {
  LabelCounter labels;
  for (const auto& [split, label] : std::vector<std::pair<int, std::string>>{{0, "a"}, {1, "b"}, {0, "a"}, {0, "b"}})
    ASSERT_TRUE(labels.Add(split, label).ok());
  EXPECT_EQ(labels.changes(0), 2);
  EXPECT_EQ(labels.changes(1), 1);
}

TEST(Labels, TooManyAreAMistake) {
  LabelCounter labels;
  for (size_t i = 0; i < LabelCounter::kMaxLabels; ++i) ASSERT_TRUE(labels.Add(0, absl::StrCat(i)).ok());
  EXPECT_TRUE(labels.Add(0, "7").ok());
  EXPECT_THAT(labels.Add(0, "new").message(), HasSubstr("1,000,000 distinct labels"));
}

TEST(Labels, TooManyBytesAreAMistakeToo) {
  LabelCounter labels;
  const std::string text(1 << 20, 'x');
  for (int i = 0; i < 63; ++i) ASSERT_TRUE(labels.Add(0, absl::StrCat(i, text)).ok());
  EXPECT_THAT(labels.Add(0, absl::StrCat("last", text)).message(), HasSubstr("64 MiB of distinct labels"));
}

}  // namespace
}  // namespace millrace
