// What TFRecorder's readers look for beside the shards: the schema of a record and the vocabulary of the labels. Byte
// for byte what TFRecorder 2.0.1 writes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace millrace {

// What tensorflow_transform writes for an empty vocabulary: a file without a line could not be a lookup table.
inline constexpr absl::string_view kEmptyVocabularyToken = "49d0cd50-04bb-48c0-bc6f-5b575dce351a";

// A feature of every record.
struct FeatureSpec {
  enum class Type { kBytes, kInt, kFloat };
  std::string name;
  Type type = Type::kBytes;
  bool list = false;   // any number of values, else exactly one
  bool label = false;  // its values are positions in the vocabulary, or -1
};

// What a job adds to the features of every dataset (image, image_name, image_height, image_width, image_channels,
// split): the label, and the further columns of its schema.
struct DatasetColumns {
  std::vector<Column> columns;  // of --schema; empty: split, image_uri and label
  bool multi_label = false;     // the label is a list
};
// INVALID_ARGUMENT: not exactly one image_uri, more than one split_key or string_label, a name twice (case does not
// count), empty, not UTF-8, or that of a feature which every record has.
absl::Status CheckColumns(const std::vector<Column>& columns);
DatasetColumns ColumnsOf(const ConvertSpec& spec);

// The name of the feature with the label; empty if records have none.
std::string LabelFeatureOf(const ConvertSpec& spec);
// All features of a record, by name.
std::vector<FeatureSpec> FeaturesOf(const DatasetColumns& columns);

// transformed_metadata/schema.pbtxt for a vocabulary of `labels` tokens. With none, it counts the dummy token.
std::string SchemaText(int64_t labels, const DatasetColumns& columns = {});

// transform_fn/assets/vocab_…: one token a line, in the order of their ids. Tokens hold no line break.
std::string VocabularyText(const std::vector<std::string>& tokens);
// The reverse; the dummy token stands for none.
std::vector<std::string> ParseVocabularyText(absl::string_view text);

}  // namespace millrace
