// What TFRecorder's readers look for beside the shards: the schema of a record and the vocabulary of the labels. Byte
// for byte what TFRecorder 2.0.1 writes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace millrace {

// What tensorflow_transform writes for an empty vocabulary: a file without a line could not be a lookup table.
inline constexpr absl::string_view kEmptyVocabularyToken = "49d0cd50-04bb-48c0-bc6f-5b575dce351a";

// transformed_metadata/schema.pbtxt for a vocabulary of `labels` tokens. With none, it counts the dummy token.
std::string SchemaText(int64_t labels);

// transform_fn/assets/vocab_…: one token a line, in the order of their ids. Tokens hold no line break.
std::string VocabularyText(const std::vector<std::string>& tokens);
// The reverse; the dummy token stands for none.
std::vector<std::string> ParseVocabularyText(absl::string_view text);

}  // namespace millrace
