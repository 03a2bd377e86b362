#include "coordinator/cli/schema_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace millrace::cli {
namespace {

using testing::HasSubstr;

TEST(SchemaFile, NamesColumnsAndTypesInTheirOrder) {
  const auto columns = ParseSchema(
      "# pets\ncolumns:\n  part: split_key\n  photo: image_uri\n  'breed, if known': string_label\n  age: integer\n",
      "pets.yaml");
  ASSERT_TRUE(columns.ok()) << columns.status();
  std::string seen;
  for (const Column& column : *columns) absl::StrAppend(&seen, column.name(), "=", ColumnType_Name(column.type()), ";");
  EXPECT_EQ(seen, "part=COLUMN_SPLIT;photo=COLUMN_IMAGE_URI;breed, if known=COLUMN_STRING_LABEL;age=COLUMN_INTEGER;");
}

TEST(SchemaFile, SaysWhatIsWrongAndOnWhichLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"columns:\n  photo: image_uri\n  age: number\n",
       "--schema: pets.yaml:3: the type of age must be one of split_key, image_uri, string_label"},
      {"columns:\n  age: integer\n", "one column must be the image_uri"},
      {"columns:\n  photo: image_uri\n  photo: string\n", "column 'photo' is there twice"},
      {"photo: image_uri\n", "a schema is `columns:`"},
      {"columns: [a, b]\n", "a schema is `columns:`"},
      {"columns:\n  photo: [image_uri]\n", "must be one of"},
      {"columns: {photo: image_uri\n", "pets.yaml:"},
      {"", "a schema is `columns:`"},
  };
  for (const auto& [text, words] : cases) {
    const auto columns = ParseSchema(text, "pets.yaml");
    EXPECT_TRUE(absl::IsInvalidArgument(columns.status())) << text;
    EXPECT_THAT(columns.status().message(), HasSubstr(words)) << text;
  }
}

}  // namespace
}  // namespace millrace::cli
