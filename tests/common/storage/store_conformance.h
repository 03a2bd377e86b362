// What every store must do, whatever lies behind it. A store's own test instantiates the suite with its factory:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(MemoryCase), NameOfCase);
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "common/storage/storage.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace millrace {

struct StoreCase {
  std::string name;
  std::function<std::unique_ptr<Store>()> make;
  std::function<std::string()> make_root;  // a fresh, empty place for one test
  bool conditional_create = true;          // several callers at once create one object only once
};

inline std::ostream& operator<<(std::ostream& out, const StoreCase& store_case) { return out << store_case.name; }
inline std::string NameOfCase(const testing::TestParamInfo<StoreCase>& info) { return info.param.name; }

// The little language of the tests: paths are relative to the test's root.
class StoreConformance : public testing::TestWithParam<StoreCase> {
 protected:
  void SetUp() override {
    store_ = GetParam().make();
    root_ = GetParam().make_root();
  }
  std::string At(absl::string_view path) const;
  // Prepares `bytes` for `path`, in pieces; fails the test if that goes wrong.
  PreparedFile Prepare(absl::string_view path, absl::string_view bytes, absl::string_view attempt = "a.1-1");
  // The object's bytes, or the words of the error code.
  std::string Get(absl::string_view path) const;
  // "b/ d 3": folders with a slash, objects with their size.
  std::vector<std::string> Names(absl::string_view folder) const;
  absl::StatusCode Publish(const PreparedFile& file) { return store_->Publish(file).code(); }

  std::unique_ptr<Store> store_;
  std::string root_;
};

}  // namespace millrace
