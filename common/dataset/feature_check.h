// Whether a record has the features that its dataset promises. Internal to common/dataset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/dataset/schema.h"
#include "common/record/example_view.h"

namespace millrace {

// What is wrong, or nothing: a feature missing, of another kind, with another number of values, one that nobody asked
// for, or a label outside a vocabulary of `labels` tokens. `specs`: FeaturesOf the dataset.
std::string FindWrongFeature(const ExampleView& example, const std::vector<FeatureSpec>& specs, int64_t labels);

}  // namespace millrace
