#include "common/dataset/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "absl/strings/match.h"

namespace millrace {
namespace {

// tests/golden/tfrecorder_two_labels_schema.pbtxt was written by TFRecorder 2.0.1.
TEST(Schema, IsTfrecordersByteForByte) {
  std::ifstream file(MILLRACE_GOLDEN_DIR "/tfrecorder_two_labels_schema.pbtxt", std::ios::binary);
  std::stringstream golden;
  golden << file.rdbuf();
  ASSERT_FALSE(golden.str().empty());
  EXPECT_EQ(SchemaText(2), golden.str());
}

TEST(Schema, NamesTheRangeOfTheLabel) {
  EXPECT_TRUE(absl::StrContains(SchemaText(1000), "    min: -1\n    max: 999\n"));
  EXPECT_EQ(SchemaText(0), SchemaText(1));  // the dummy token is a line
}

Column Of(const std::string& name, ColumnType type) {
  Column column;
  column.set_name(name);
  column.set_type(type);
  return column;
}

TEST(Schema, HasTheColumnsOfTheUser) {
  const DatasetColumns columns = {{Of("photo", COLUMN_IMAGE_URI), Of("breed", COLUMN_STRING_LABEL),
                                   Of("weight", COLUMN_FLOAT), Of("age", COLUMN_INTEGER), Of("note", COLUMN_STRING)},
                                  false};
  const std::string text = SchemaText(3, columns);
  EXPECT_TRUE(absl::StartsWith(text, "feature {\n  name: \"age\"\n  type: INT\n  presence {"));
  EXPECT_TRUE(absl::StrContains(text, "name: \"breed\"\n  type: INT\n  int_domain {\n    min: -1\n    max: 2\n"));
  EXPECT_TRUE(absl::StrContains(text, "name: \"weight\"\n  type: FLOAT\n"));
  EXPECT_TRUE(absl::StrContains(text, "name: \"note\"\n  type: BYTES\n"));
  EXPECT_FALSE(absl::StrContains(text, "\"label\""));
  EXPECT_FALSE(absl::StrContains(text, "photo"));
}

TEST(Schema, ManyLabelsAreAListWithoutShape) {
  EXPECT_TRUE(absl::StrContains(SchemaText(2, {{}, true}), "    is_categorical: true\n  }\n}\nfeature {"));
}

TEST(Schema, OfColumnsThatContradictEachOtherIsRefused) {
  const Column uri = Of("uri", COLUMN_IMAGE_URI);
  const std::pair<std::vector<Column>, const char*> cases[] = {
      {{Of("a", COLUMN_STRING)}, "one column must be the image_uri"},
      {{uri, Of("u2", COLUMN_IMAGE_URI)}, "one column must be the image_uri"},
      {{uri, Of("a", COLUMN_SPLIT), Of("b", COLUMN_SPLIT)}, "only one column can be the split_key"},
      {{uri, Of("a", COLUMN_STRING_LABEL), Of("b", COLUMN_STRING_LABEL)}, "one vocabulary"},
      {{uri, Of("A", COLUMN_STRING), Of("a", COLUMN_FLOAT)}, "'a' is there twice"},
      {{uri, Of("image", COLUMN_STRING)}, "every record has a feature 'image'"},
      {{uri, Of("a\nb", COLUMN_STRING)}, "is no name for a column"},
      {{uri, Of("a\xff", COLUMN_STRING)}, "is no name for a column"},
  };
  for (const auto& [columns, words] : cases) {
    const absl::Status status = CheckColumns(columns);
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_TRUE(absl::StrContains(status.message(), words)) << status;
  }
  EXPECT_TRUE(CheckColumns({Of("split", COLUMN_SPLIT), Of("image", COLUMN_IMAGE_URI)}).ok());
}

TEST(Vocabulary, HasOneTokenALine) {
  EXPECT_EQ(VocabularyText({"dog", "a, b", ""}), "dog\na, b\n\n");
  EXPECT_EQ(VocabularyText({}), "49d0cd50-04bb-48c0-bc6f-5b575dce351a\n");
}

}  // namespace
}  // namespace millrace
