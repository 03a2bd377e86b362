// A tf.train.Example read where it lies: names and values are views into the record, nothing is copied or allocated but
// the list of features, which is reused. Written by hand, because a protobuf object would copy the picture twice.
//
// Strict: it takes what every protobuf library writes for an Example (each field once, a map entry's name before its
// value, lists packed or not), and refuses the rest of what a protobuf reader would let pass: unknown fields, a feature
// twice, overlong tags. proto/example.proto has the messages; the encoding is protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

enum class FeatureKind { kNone, kBytes, kFloat, kInt64 };

struct FeatureView {
  absl::string_view name;
  FeatureKind kind = FeatureKind::kNone;
  int64_t values = 0;
  absl::string_view list;  // the serialised BytesList, FloatList or Int64List: checked
};

// All values of a feature of that kind; empty for one of another kind.
std::vector<absl::string_view> BytesOf(const FeatureView& feature);
std::vector<float> FloatsOf(const FeatureView& feature);
std::vector<int64_t> IntsOf(const FeatureView& feature);

// Reused from record to record. One thread; views are valid as long as the record's bytes and until the next Parse.
class ExampleView {
 public:
  // DATA_LOSS "the record is not a tf.train.Example: … at byte 12". After an error there are no features.
  absl::Status Parse(absl::string_view record);

  const std::vector<FeatureView>& features() const { return features_; }
  // Null if there is none.
  const FeatureView* Find(absl::string_view name) const;

  // The one value of a feature. DATA_LOSS naming the feature that is missing, of another kind, or has not one value.
  absl::StatusOr<absl::string_view> Bytes(absl::string_view name) const;
  absl::StatusOr<int64_t> Int(absl::string_view name) const;

 private:
  absl::StatusOr<const FeatureView*> FindOne(absl::string_view name, FeatureKind kind, absl::string_view noun) const;

  std::vector<FeatureView> features_;
};

}  // namespace millrace
