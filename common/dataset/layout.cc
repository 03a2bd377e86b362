#include "common/dataset/layout.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace millrace {

std::string IndexFileName(absl::string_view shard) {
  return absl::StrCat(kIndexFolder, "/", absl::StripSuffix(shard, ".tfrecord"), ".idx");
}

absl::string_view SplitName(Split split) {
  switch (split) {
    case SPLIT_VALIDATION:
      return "VALIDATION";
    case SPLIT_TEST:
      return "TEST";
    default:
      return "TRAIN";
  }
}

bool ParseSplitName(absl::string_view name, Split& split) {
  for (const Split candidate : {SPLIT_TRAIN, SPLIT_VALIDATION, SPLIT_TEST}) {
    if (name != SplitName(candidate)) continue;
    split = candidate;
    return true;
  }
  return false;
}

}  // namespace millrace
