// Sizes as people write them: "128MiB", "1.5GB", "4096". Binary suffixes KiB MiB GiB TiB, decimal kB MB GB TB, plain
// bytes.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

constexpr int64_t kKiB = int64_t{1} << 10;
constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;

// INVALID_ARGUMENT naming the text if it is not a non-negative size below 2^62 bytes.
absl::StatusOr<int64_t> ParseByteSize(absl::string_view text);

// "1.5 MB": decimal units, at most one decimal, for people.
std::string FormatByteSize(int64_t bytes);

// "8,192".
std::string WithThousands(int64_t number);

}  // namespace millrace
