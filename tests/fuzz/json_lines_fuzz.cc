// Lines of JSON that anybody may have written: never a crash, and every row either has a reason or a URI without NUL.
#include <cstdint>
#include <cstdlib>

#include "common/input/json_row.h"
#include "common/input/line_reader.h"
#include "tests/common/csv/piecewise_source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  millrace::PiecewiseSource source(text, data[0] % 32 + 1u);
  millrace::LineReader lines(source, "fuzz.jsonl");
  millrace::JsonRowParser parser(data[0] % 2 == 0);
  millrace::InputRow row;
  for (absl::string_view line;;) {
    const absl::StatusOr<bool> more = lines.Next(line);
    if (!more.ok() || !*more) return 0;
    if (line.find('\n') != absl::string_view::npos) abort();
    parser.Parse(line, row);
    if (row.reason.empty() && (row.uri.empty() || row.uri.find('\0') != absl::string_view::npos)) abort();
  }
}
