// One line of JSON → a row. One thread; its memory grows to the longest line.
#pragma once

#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/csv/input_row.h"
#include "proto/job.pb.h"

namespace millrace {

class JsonRowParser {
 public:
  // `columns`: of a schema, else empty.
  explicit JsonRowParser(bool several_labels, const std::vector<Column>& columns = {});
  ~JsonRowParser();

  // {"image_uri": text, "label": text, integer, null or a list of them, "split": text or null}, or the members
  // that a schema names; others are ignored. Never fails: what is wrong with the line is the row's reason. Its texts
  // live until the next call.
  void Parse(absl::string_view line, InputRow& row);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
