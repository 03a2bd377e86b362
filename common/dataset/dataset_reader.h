// DatasetReader: samples of a dataset, decoded in parallel, verified on the way, in bounded memory. What training,
// evaluation and prediction read with.
//
// Verified: both checksums of every frame, the gzip member's checksum and size, the size and number of records that the
// manifest says, the strict form of every record, pixels against the record's size. (Whole-file digests are
// `datasets verify`'s.)
//
// Order. The ranges are dealt out to `lanes`, range i to lane i mod lanes; each lane reads its ranges one after
// another; samples come one from each lane in turn, and a lane that has ended is left out. So the order depends on the
// ranges and on `lanes` alone, never on threads or time; with one lane it is that of the ranges. A gzip file can only
// be read by one thread at a time: with one lane, inflating is bound by one core. With `ordered` false samples come as
// they are ready. Each carries its place, so nothing is lost by that for whoever puts it somewhere by its place.
//
//   MILLRACE_ASSIGN_OR_RETURN(const Dataset dataset, OpenDataset(store, folder));
//   MILLRACE_ASSIGN_OR_RETURN(auto ranges, RangesOf(dataset, SPLIT_TRAIN));
//   MILLRACE_ASSIGN_OR_RETURN(auto reader, DatasetReader::Start(store, dataset, ranges, {.ordered = false}));
//   Sample sample;  // reuse it: its buffers go round
//   while (true) {
//     MILLRACE_ASSIGN_OR_RETURN(const bool more, reader->Next(sample));
//     if (!more) break;
//     …
//   }
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/byte_size.h"
#include "common/base/mutex.h"
#include "common/dataset/dataset.h"
#include "common/dataset/sample.h"
#include "common/storage/storage.h"

namespace millrace {

struct ReadOptions {
  int threads = 0;  // that read and decode; 0: one a core
  bool ordered = true;
  int lanes = 0;  // shards read side by side; 0: one if ordered, else one a thread
  // Of samples that wait for Next; more by at most one a thread. Beside it each thread has one record.
  int64_t max_waiting_bytes = 256 * kMiB;
  // On a decoding thread, several at once: resize, augment, replace the pixels. An error is that of the record.
  std::function<absl::Status(Sample&)> transform = {};
};

class DatasetReader {
 public:
  // Starts reading at once. Borrows store and dataset. INVALID_ARGUMENT: an option or a range that cannot be.
  static absl::StatusOr<std::unique_ptr<DatasetReader>> Start(const Store& store, const Dataset& dataset,
                                                              std::vector<ShardRange> ranges, ReadOptions options = {});
  ~DatasetReader();  // cancels and waits for the threads

  // The next sample, swapped with what was in `sample`; false behind the last one. DATA_LOSS and the store's errors
  // name file, record and byte; the first one (in the order of the samples, if ordered) sticks and ends the reading.
  // CANCELLED after Cancel(). From one thread at a time.
  absl::StatusOr<bool> Next(Sample& sample);

  // From any thread: Next returns, now and later, and the threads end with the record they are at.
  void Cancel();

 private:
  struct Slot;
  struct Lane;

  DatasetReader(const Store& store, const Dataset& dataset, std::vector<ShardRange> ranges, ReadOptions options);

  void Work();
  // The lane whose next record is to be read; null: none now.
  Lane* PickLane() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Slot* AddSlot(Lane& lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Reads a record of the lane; false at its end or an error.
  bool Read(Lane& lane, Slot& slot, ByteBuffer& record);
  void FinishSlot(Slot& slot, absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AllRead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The lane whose first sample may be taken now; null: none.
  Lane* ReadyLane() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool AllTaken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Moves the turn to a lane that has or will have samples, if there is one.
  void SkipEndedLanes() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Take(Lane& lane, Sample& sample) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Store& store_;
  const Dataset& dataset_;
  const ReadOptions options_;
  std::vector<std::thread> threads_;

  Mutex mu_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // the vector is constant, a lane's members are guarded by mu_
  size_t turn_ ABSL_GUARDED_BY(mu_) = 0;      // lane of the next sample
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::unique_ptr<Slot>> spare_ ABSL_GUARDED_BY(mu_);  // their buffers are used again
  absl::Status status_ ABSL_GUARDED_BY(mu_);                       // of the reading: the first error, or CANCELLED
};

}  // namespace millrace
