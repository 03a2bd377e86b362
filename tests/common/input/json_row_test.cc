#include "common/input/json_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

// "split|uri|label", or "reason: detail".
std::string Seen(absl::string_view line, bool several_labels = false) {
  JsonRowParser parser(several_labels);
  InputRow row;
  parser.Parse(line, row);
  if (!row.reason.empty()) return absl::StrCat(row.reason, ": ", row.detail);
  return absl::StrCat(row.split, "|", row.uri, "|", row.has_label ? row.label : "-");
}

TEST(JsonRow, ReadsTextsNumbersAndNothing) {
  EXPECT_EQ(Seen(R"({"image_uri":"a\u00e4\n.jpg","label":"say \"hi\"","split":"TEST"})"), "TEST|aä\n.jpg|say \"hi\"");
  EXPECT_EQ(Seen(R"({"label":7,"image_uri":"a","more":{"x":[1,2]}})"), "|a|7");
  EXPECT_EQ(Seen(R"({"label":null,"split":null,"image_uri":"a"})"), "|a|-");
  EXPECT_EQ(Seen(R"({"label":"","image_uri":"a"})"), "|a|-");
  EXPECT_EQ(Seen(R"({"label":["cat"],"image_uri":"a"})"), "|a|cat");
  EXPECT_EQ(Seen(R"({"label":["cat","",3],"image_uri":"a"})", true), "|a|cat\n3");
}

TEST(JsonRow, SaysWhatIsWrong) {
  EXPECT_EQ(Seen(R"({"image_uri":"a","label":["cat","pet"]})"),
            "row/several_labels: 2 labels; --multi-label takes them");
  EXPECT_EQ(Seen(R"({"image_uri":"a","label":{"x":1}})"), "row/type: 'label' is an object, not a text");
  EXPECT_EQ(Seen(R"({"image_uri":["a"]})"), "row/type: 'image_uri' is a list, not a text");
  EXPECT_EQ(Seen(R"({"image_uri":"a","image_uri":"b"})"), "row/type: 'image_uri' is there twice");
  EXPECT_EQ(Seen(R"({"image_uri":"a","label":"b\nc"})"), "row/label_line_break: ");
  EXPECT_EQ(Seen(R"({"image_uri":"a\u0000b"})"), "row/nul: ");
  EXPECT_EQ(Seen(R"({"uri":"a"})"), "row/no_uri: ");
  EXPECT_EQ(Seen("[1]"), "row/type: the line is a list, not an object");
  EXPECT_THAT(Seen("{\"image_uri\":\"a\xff\"}"), testing::StartsWith("row/syntax: "));
  EXPECT_THAT(Seen(R"({"image_uri":"a"} x)"), testing::StartsWith("row/syntax: "));
  EXPECT_THAT(Seen(std::string(100'000, '[')), testing::StartsWith("row/syntax: "));
}

}  // namespace
}  // namespace millrace
