#include "common/dataset/dead_letter.h"

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace millrace {

std::string DeadLetterLine(const BadRow& row) {
  return absl::StrCat("{\"file\":\"", JsonEscape(row.input()), "\",\"row\":", row.row(), ",\"line\":", row.line(),
                      ",\"uri\":\"", JsonEscape(row.uri()), "\",\"reason\":\"", JsonEscape(row.reason()),
                      "\",\"detail\":\"", JsonEscape(row.detail()), "\"}\n");
}

}  // namespace millrace
