#include <gmock/gmock.h>

#include "common/input/input_format.h"
#include "tests/common/input/input_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(InputFormat, IsToldByTheName) {
  EXPECT_EQ(FormatOf("/a/images.csv", INPUT_AUTO), INPUT_CSV);
  EXPECT_EQ(FormatOf("/a/images.TSV.gz", INPUT_AUTO), INPUT_TSV);
  EXPECT_EQ(FormatOf("/a/rows.jsonl", INPUT_AUTO), INPUT_JSON_LINES);
  EXPECT_EQ(FormatOf("/a/rows.ndjson.gz", INPUT_AUTO), INPUT_JSON_LINES);
  EXPECT_EQ(FormatOf("/a/uris.txt", INPUT_AUTO), INPUT_LIST);
  EXPECT_EQ(FormatOf("/a/photos/", INPUT_AUTO), INPUT_FOLDER);
  EXPECT_EQ(FormatOf("/a/stdin-12ab", INPUT_AUTO), INPUT_CSV);
  EXPECT_EQ(FormatOf("/a/rows.jsonl", INPUT_CSV), INPUT_CSV);
}

TEST(Input, TheSameRowsInEveryFormat) {
  InputWorld world;
  const std::vector<std::string> rows = {"TRAIN|a b.jpg|cat", "|b,c.jpg|-"};
  const auto with_lines = [&](int first) {
    return std::vector<std::string>{absl::StrCat(first, " ", rows[0]), absl::StrCat(first + 1, " ", rows[1])};
  };
  EXPECT_EQ(world.Rows("a.csv", "split,image_uri,label\nTRAIN,a b.jpg,cat\n,\"b,c.jpg\",\n"), with_lines(2));
  EXPECT_EQ(world.Rows("a.tsv", "split\timage_uri\tlabel\nTRAIN\ta b.jpg\tcat\n\tb,c.jpg\t\n"), with_lines(2));
  EXPECT_EQ(world.Rows("a.jsonl",
                       "{\"image_uri\": \"a b.jpg\", \"label\": \"cat\", \"split\": \"TRAIN\"}\r\n{\"image_uri\": "
                       "\"b,c.jpg\", \"label\": null}"),
            with_lines(1));
  EXPECT_THAT(world.Rows("a.txt",
                         "\xef\xbb\xbf"
                         "a b.jpg\r\n\n  \nb,c.jpg"),
              ElementsAre("1 |a b.jpg|-", "4 |b,c.jpg|-"));
}

TEST(Input, SeveralLabelsAreTakenOnlyWhenAskedFor) {
  InputWorld world;
  const std::string headerless = "TRAIN,a.jpg,cat,pet,\nTRAIN,b.jpg\nTRAIN,c.jpg,,dog\n";
  const std::string header = "image_uri,label,label\na.jpg,cat\nb.jpg,cat,pet,indoors\nc.jpg\n";
  InputOptions several;
  several.several_labels = true;
  EXPECT_THAT(world.Rows("a.csv", headerless),
              ElementsAre("1 row/several_labels", "2 TRAIN|b.jpg|-", "3 TRAIN|c.jpg|dog"));
  EXPECT_THAT(world.Rows("a.csv", headerless, several),
              ElementsAre("1 TRAIN|a.jpg|cat+pet", "2 TRAIN|b.jpg|-", "3 TRAIN|c.jpg|dog"));
  EXPECT_THAT(world.ErrorOf("a.csv", header), HasSubstr("a.csv:1: the header has two columns 'label'"));
  EXPECT_THAT(world.Rows("a.csv", header, several),
              ElementsAre("2 |a.jpg|cat", "3 |b.jpg|cat+pet+indoors", "4 |c.jpg|-"));
  EXPECT_THAT(world.Rows("b.csv", "label,image_uri\ncat,a.jpg,x\ndog,b.jpg\n", several),
              ElementsAre("2 row/ragged", "3 |b.jpg|dog"));
  EXPECT_THAT(world.Rows("c.csv", "image_uri,label\na.jpg,cat,\"do\ng\"\n", several),
              ElementsAre("2 row/label_line_break"));
}

TEST(Input, ABadRowIsNamedAndTheNextOneRead) {
  InputWorld world;
  EXPECT_THAT(world.Rows("a.jsonl", "{\"image_uri\":\"a\"}\n{\"image_uri\":\nnull\n{\"image_uri\":\"b\"}\n"),
              ElementsAre("1 |a|-", "2 row/syntax", "3 row/type", "4 |b|-"));
  EXPECT_THAT(world.Rows("a.txt", std::string("a.jpg\nb\0c\n", 10)), ElementsAre("1 |a.jpg|-", "2 row/nul"));
}

TEST(Input, WhatIsNoInputIsRefusedWithFileLineAndRow) {
  InputWorld world;
  EXPECT_THAT(world.ErrorOf("a.jsonl", ""), HasSubstr("a.jsonl: the file is empty"));
  EXPECT_THAT(world.ErrorOf("b.jsonl", "\n[{\"image_uri\":\"a\"}]"),
              HasSubstr("b.jsonl:2: JSON lines begin with '{': one object a line"));
  EXPECT_THAT(world.ErrorOf("a.txt", "split,image_uri,label\n"),
              HasSubstr("a.txt:1: this is no list of URIs; say what"));
  EXPECT_THAT(world.ErrorOf("b.txt", "TRAIN,a.jpg,cat\n"), HasSubstr("--input-format csv"));
  EXPECT_THAT(world.ErrorOf("c.txt", "\n\n"), HasSubstr("c.txt: the file is empty"));
  EXPECT_THAT(world.ErrorOf("d.txt", "a\nb\n" + std::string(2 << 20, 'x')),
              HasSubstr("d.txt:3: a row longer than 1 MiB starts here; is a quote not closed, or is this not a table? "
                        "(row 3)"));
  EXPECT_THAT(world.ErrorOf("a.csv", "image_uri\na.jpg\n\n\"b\"c\n"),
              HasSubstr("a.csv:4: text behind a closing quote"));
  EXPECT_THAT(world.ErrorOf("a.csv", "image_uri\na.jpg\n\n\"b\"c\n"), HasSubstr("(row 2)"));
  EXPECT_THAT(world.ErrorOf("a.tsv", "image_uri\n"), HasSubstr("a.tsv: only a header"));
  EXPECT_TRUE(absl::IsNotFound(OpenInput(world.folder() + "/gone.csv", {}).status()));
}

}  // namespace
}  // namespace millrace
