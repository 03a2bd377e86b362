#include "common/input/schema_columns.h"

#include <gmock/gmock.h>

#include "proto/example.pb.h"
#include "tests/common/input/input_world.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Column Of(const std::string& name, ColumnType type) {
  Column column;
  column.set_name(name);
  column.set_type(type);
  return column;
}

InputOptions WithSchema() {
  InputOptions options;
  options.columns = {Of("part", COLUMN_SPLIT),         Of("photo", COLUMN_IMAGE_URI), Of("breed", COLUMN_STRING_LABEL),
                     Of("age", COLUMN_INTEGER),        Of("weight", COLUMN_FLOAT),    Of("note", COLUMN_STRING),
                     Of("class", COLUMN_INTEGER_LABEL)};
  return options;
}

// "split|uri|label age weight note class" of every row, or its reason and detail.
std::vector<std::string> Seen(const std::string& path, const InputOptions& options) {
  const auto reader = OpenInput(path, options).value();
  std::vector<std::string> rows;
  for (InputRow row; reader->Next(row).value();) {
    Features features;
    EXPECT_TRUE(features.ParseFromString(row.features));
    const auto& feature = features.feature();
    if (!row.reason.empty()) {
      rows.push_back(absl::StrCat(row.reason, " (", row.detail, ")"));
    } else {
      EXPECT_EQ(feature.size(), 4u);
      rows.push_back(absl::StrCat(row.split, "|", row.uri, "|", row.label, " ", feature.at("age").int64_list().value(0),
                                  " ", feature.at("weight").float_list().value(0), " ",
                                  feature.at("note").bytes_list().value(0), " ",
                                  feature.at("class").int64_list().value(0)));
    }
  }
  return rows;
}

TEST(SchemaColumns, BecomeFeaturesFromEveryFormat) {
  InputWorld world;
  const InputOptions options = WithSchema();
  const auto expected = ElementsAre("TEST|a.jpg|poodle 3 2.5 so, so -7");
  EXPECT_THAT(
      Seen(world.Write("a.csv",
                       "age,weight,other,note,class,PHOTO ,breed,part\n3,2.5,x,\"so, so\",-7,a.jpg,poodle,TEST\n"),
           options),
      expected);
  EXPECT_THAT(Seen(world.Write("a.jsonl",
                               "{\"photo\":\"a.jpg\",\"breed\":\"poodle\",\"part\":\"TEST\",\"class\":\"-7\",\"age\":3,"
                               "\"weight\":2.5,\"note\":\"so, so\",\"label\":{}}\n"),
                   options),
              expected);
  InputOptions headerless = options;
  headerless.header = "none";
  EXPECT_THAT(Seen(world.Write("b.tsv", "TEST\ta.jpg\tpoodle\t3\t2.5\tso, so\t-7\n"), headerless), expected);
}

TEST(SchemaColumns, AWrongValueIsABadRow) {
  InputWorld world;
  const std::string header = "photo,part,breed,age,weight,note,class\n";
  EXPECT_THAT(Seen(world.Write("a.csv",
                               header + "a,TRAIN,x,3x,1,,1\nb,TRAIN,x,3,nan,,1\nc,TRAIN,x,3,1e300,,1\nd,TRAIN,x,,1,,1\n"
                                        "e,TRAIN,x,99999999999999999999,1,,1\nf,TRAIN,x,3,1,,1\n"),
                   WithSchema()),
              ElementsAre("row/value (age: '3x' is not an integer)", "row/value (weight: 'nan' is not a number)",
                          "row/value (weight: '1e300' is not a number)", "row/value (age: '' is not an integer)",
                          "row/value (age: '99999999999999999999' is not an integer)", "TRAIN|f|x 3 1  1"));
  const std::string rest = ",\"weight\":1,\"note\":\"\",\"class\":1}\n";
  EXPECT_THAT(Seen(world.Write("a.jsonl", "{\"photo\":\"a\"" + rest + "{\"photo\":\"a\",\"age\":1.5" + rest +
                                              "{\"photo\":\"a\",\"age\":[1]" + rest +
                                              "{\"photo\":\"a\",\"age\":1,\"age\":2" + rest),
                   WithSchema()),
              ElementsAre("row/value (age: there is no value)", "row/value (age: '1.5' is not an integer)",
                          "row/type ('age' is a list, not a text)", "row/type ('age' is there twice)"));
}

TEST(SchemaColumns, MustAllBeThere) {
  InputWorld world;
  EXPECT_THAT(world.ErrorOf("a.csv", "part,photo,breed,age,weight,note\n", WithSchema()),
              HasSubstr("a.csv:1: the header has no column 'class' of the schema; found: part, photo"));
  EXPECT_THAT(world.ErrorOf("a.csv", "photo,breed,age,weight,note,class\n", WithSchema()),
              HasSubstr("no column 'part'"));
  EXPECT_THAT(world.ErrorOf("a.csv", "1,2,3\n", WithSchema()), HasSubstr("say --header none if the columns stand"));
  EXPECT_THAT(world.ErrorOf("a.txt", "a.jpg\n", WithSchema()), HasSubstr("--schema is for CSV, TSV and JSON lines"));
}

}  // namespace
}  // namespace millrace
