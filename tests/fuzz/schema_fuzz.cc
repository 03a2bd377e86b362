// Any text as a schema: an error or columns that are sound, never a crash and never an exception.
#include <cstdint>
#include <cstdlib>

#include "common/dataset/schema.h"
#include "coordinator/cli/schema_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto columns = millrace::cli::ParseSchema({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (columns.ok() && !millrace::CheckColumns(*columns).ok()) abort();
  return 0;
}
