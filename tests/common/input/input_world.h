// Inputs as files in a fresh folder, and their rows as short texts.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/daemon.h"
#include "common/input/row_reader.h"

namespace millrace {

class InputWorld {
 public:
  InputWorld() { std::filesystem::create_directories(folder_); }
  ~InputWorld() { std::filesystem::remove_all(folder_); }

  const std::string& folder() const { return folder_; }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  // "line split|uri|label" of every row ('+' between labels, '-' for none), or "line reason".
  static std::vector<std::string> Rows(RowReader& reader) {
    std::vector<std::string> rows;
    for (InputRow row; reader.Next(row).value();) {
      const std::string label = absl::StrReplaceAll(row.label, {{"\n", "+"}});
      rows.push_back(row.reason.empty()
                         ? absl::StrCat(row.line, " ", row.split, "|", row.uri, "|", row.has_label ? label : "-")
                         : absl::StrCat(row.line, " ", row.reason));
    }
    return rows;
  }
  std::vector<std::string> Rows(const std::string& name, const std::string& text, const InputOptions& options = {}) {
    return Rows(*OpenInput(Write(name, text), options).value());
  }
  std::string ErrorOf(const std::string& name, const std::string& text, const InputOptions& options = {}) {
    absl::StatusOr<std::unique_ptr<RowReader>> reader = OpenInput(Write(name, text), options);
    InputRow row;
    for (bool more = reader.ok(); more;) {
      const absl::StatusOr<bool> next = (*reader)->Next(row);
      if (!next.ok()) return std::string(next.status().message());
      more = *next;
    }
    EXPECT_FALSE(reader.ok()) << name;
    return std::string(reader.status().message());
  }

 private:
  const std::string folder_ = absl::StrCat(testing::TempDir(), "input", RandomHex(6));
};

}  // namespace millrace
