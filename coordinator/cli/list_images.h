// `millrace datasets list-images`: from a folder of pictures to the CSV that says the same. One thread.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace::cli {

// Writes "split,image_uri,label" and a row for every picture of `folder` (common/input/image_folder.cc says which),
// sorted. URIs are relative to `csv_folder` where the pictures lie below it, else absolute. Returns the rows; what was
// left out goes into `warnings`, a line each.
absl::StatusOr<int64_t> ListImages(const std::string& folder, const std::string& csv_folder, std::ostream& csv,
                                   std::string& warnings);

// Quoted where RFC 4180 asks for it.
std::string CsvCell(absl::string_view cell);

}  // namespace millrace::cli
