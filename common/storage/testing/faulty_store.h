// A store that fails on purpose, in front of a good one. For tests: "the k-th call fails" walks through every window of
// a protocol; "and after it nothing works" is what a killed process leaves behind. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/storage/storage.h"

namespace millrace {

enum class StoreCall {
  kOpen,
  kRead,
  kCreateExclusive,
  kPrepare,
  kAppend,
  kFinish,
  kPublish,
  kAbort,
  kList,
  kRemove,
  kRemoveTree
};

struct StoreFault {
  int at = 0;  // fires at this call, counted from 1 over all calls that `kinds` lets through; 0: never
  std::vector<StoreCall> kinds = {};  // empty: every kind
  absl::Status error = absl::UnavailableError("the store has failed");
  bool after = false;     // the call takes effect and its answer is lost; else it has no effect
  bool for_good = false;  // every later call of any kind fails too, without effect: the process is dead
};

class FaultyStore : public Store {
 public:
  // `base` is borrowed.
  explicit FaultyStore(Store& base);

  // Replaces the fault and starts counting again.
  void Arm(StoreFault fault);
  // Calls counted since Arm: after an undisturbed run, how many places there are to fail at.
  int calls() const;
  bool fired() const;

  absl::StatusOr<std::unique_ptr<Source>> Open(absl::string_view path) const override;
  absl::StatusOr<std::string> Read(absl::string_view path, int64_t max_bytes) const override;
  absl::Status CreateExclusive(absl::string_view path, absl::string_view bytes) override;
  absl::StatusOr<std::unique_ptr<PreparedWriter>> Prepare(absl::string_view path, absl::string_view staging) override;
  absl::Status Publish(const PreparedFile& file) override;
  absl::Status Abort(const PreparedFile& file) override;
  absl::StatusOr<std::vector<StoreEntry>> List(absl::string_view folder) const override;
  absl::Status Remove(absl::string_view path) override;
  absl::Status RemoveTree(absl::string_view folder) override;

 private:
  class Writer;
  // Does `call` unless the fault comes before it; its own status, or the fault's.
  absl::Status Pass(StoreCall kind, const std::function<absl::Status()>& call) const;
  template <typename T>
  absl::StatusOr<T> PassFor(StoreCall kind, const std::function<absl::StatusOr<T>()>& call) const {
    absl::StatusOr<T> result;
    absl::Status status = Pass(kind, [&] { return (result = call()).status(); });
    if (!status.ok()) return status;
    return result;
  }

  Store& base_;
  mutable Mutex mu_;
  StoreFault fault_ ABSL_GUARDED_BY(mu_);
  mutable int calls_ ABSL_GUARDED_BY(mu_) = 0;
  mutable bool fired_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<PreparedWriter>> orphans_ ABSL_GUARDED_BY(mu_);  // of a dead process; go with this object
};

}  // namespace millrace
