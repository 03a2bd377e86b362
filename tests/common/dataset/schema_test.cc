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

TEST(Vocabulary, HasOneTokenALine) {
  EXPECT_EQ(VocabularyText({"dog", "a, b", ""}), "dog\na, b\n\n");
  EXPECT_EQ(VocabularyText({}), "49d0cd50-04bb-48c0-bc6f-5b575dce351a\n");
}

}  // namespace
}  // namespace millrace
