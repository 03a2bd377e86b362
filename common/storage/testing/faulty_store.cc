#include "common/storage/testing/faulty_store.h"

#include <algorithm>
#include <utility>

namespace millrace {

class FaultyStore::Writer : public PreparedWriter {
 public:
  Writer(FaultyStore& store, std::unique_ptr<PreparedWriter> base) : store_(store), base_(std::move(base)) {}
  ~Writer() override {
    // A killed process runs no destructor: what it had staged stays.
    MutexLock lock(&store_.mu_);
    if (store_.fired_ && store_.fault_.for_good) store_.orphans_.push_back(std::move(base_));
  }
  absl::Status Append(absl::string_view bytes) override {
    return store_.Pass(StoreCall::kAppend, [&] { return base_->Append(bytes); });
  }
  absl::StatusOr<PreparedFile> Finish() override {
    return store_.PassFor<PreparedFile>(StoreCall::kFinish, [&] { return base_->Finish(); });
  }

 private:
  FaultyStore& store_;
  std::unique_ptr<PreparedWriter> base_;
};

FaultyStore::FaultyStore(Store& base) : base_(base) {}

void FaultyStore::Arm(StoreFault fault) {
  MutexLock lock(&mu_);
  fault_ = std::move(fault);
  calls_ = 0;
  fired_ = false;
}

int FaultyStore::calls() const {
  MutexLock lock(&mu_);
  return calls_;
}

bool FaultyStore::fired() const {
  MutexLock lock(&mu_);
  return fired_;
}

absl::Status FaultyStore::Pass(StoreCall kind, const std::function<absl::Status()>& call) const {
  absl::Status error;
  bool after = false;
  {
    MutexLock lock(&mu_);
    const bool counts =
        fault_.kinds.empty() || std::find(fault_.kinds.begin(), fault_.kinds.end(), kind) != fault_.kinds.end();
    if (fired_ && fault_.for_good) return fault_.error;
    if (counts && ++calls_ == fault_.at) {
      fired_ = true;
      error = fault_.error;
      after = fault_.after;
    }
  }
  if (!error.ok() && !after) return error;
  const absl::Status done = call();
  return error.ok() ? done : error;
}

absl::StatusOr<std::unique_ptr<Source>> FaultyStore::Open(absl::string_view path) const {
  return PassFor<std::unique_ptr<Source>>(StoreCall::kOpen, [&] { return base_.Open(path); });
}
absl::StatusOr<std::string> FaultyStore::Read(absl::string_view path, int64_t max_bytes) const {
  return PassFor<std::string>(StoreCall::kRead, [&] { return base_.Read(path, max_bytes); });
}
absl::Status FaultyStore::CreateExclusive(absl::string_view path, absl::string_view bytes) {
  return Pass(StoreCall::kCreateExclusive, [&] { return base_.CreateExclusive(path, bytes); });
}
absl::StatusOr<std::unique_ptr<PreparedWriter>> FaultyStore::Prepare(absl::string_view path,
                                                                     absl::string_view staging) {
  auto writer =
      PassFor<std::unique_ptr<PreparedWriter>>(StoreCall::kPrepare, [&] { return base_.Prepare(path, staging); });
  if (!writer.ok()) return writer;
  return std::make_unique<Writer>(*this, *std::move(writer));
}
absl::Status FaultyStore::Publish(const PreparedFile& file) {
  return Pass(StoreCall::kPublish, [&] { return base_.Publish(file); });
}
absl::Status FaultyStore::Abort(const PreparedFile& file) {
  return Pass(StoreCall::kAbort, [&] { return base_.Abort(file); });
}
absl::StatusOr<std::vector<StoreEntry>> FaultyStore::List(absl::string_view folder) const {
  return PassFor<std::vector<StoreEntry>>(StoreCall::kList, [&] { return base_.List(folder); });
}
absl::Status FaultyStore::Remove(absl::string_view path) {
  return Pass(StoreCall::kRemove, [&] { return base_.Remove(path); });
}
absl::Status FaultyStore::RemoveTree(absl::string_view folder) {
  return Pass(StoreCall::kRemoveTree, [&] { return base_.RemoveTree(folder); });
}

}  // namespace millrace
