#include "common/dataset/dataset_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/dataset/range_reader.h"
#include "common/dataset/sample_decoder.h"
#include "common/io/byte_buffer.h"

namespace millrace {
namespace {

absl::Status CheckRanges(const Dataset& dataset, const std::vector<ShardRange>& ranges) {
  for (const ShardRange& range : ranges) {
    const auto wrong = [&](absl::string_view what) {
      return absl::InvalidArgumentError(absl::StrCat(dataset.folder, ": shard ", range.shard, ", records ", range.begin,
                                                     " to ", range.end, ": ", what));
    };
    if (range.shard >= dataset.shards.size()) return wrong("there is no such shard");
    if (range.begin < 0 || range.begin > range.end) return wrong("not a range");
    const std::optional<int64_t>& rows = dataset.shards[range.shard].rows;
    const bool beyond = range.end != ShardRange::kToTheEnd && rows.has_value() && range.end > *rows;
    if (beyond) return wrong(absl::StrCat("the shard has ", *rows));
  }
  return absl::OkStatus();
}

size_t SizeOf(const ExtraFeature& feature) {
  size_t bytes = sizeof feature + feature.name.size();
  if (const auto* numbers = std::get_if<std::vector<float>>(&feature.values)) bytes += numbers->size() * sizeof(float);
  if (const auto* numbers = std::get_if<std::vector<int64_t>>(&feature.values))
    bytes += numbers->size() * sizeof(int64_t);
  if (const auto* words = std::get_if<std::vector<std::string>>(&feature.values))
    for (const std::string& word : *words) bytes += sizeof word + word.size();
  return bytes;
}

ReadOptions Complete(ReadOptions options) {
  if (options.threads == 0) options.threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  if (options.lanes == 0) options.lanes = options.ordered ? 1 : options.threads;
  return options;
}

}  // namespace

// A place in a lane's order, from before its record is read until its sample is taken.
struct DatasetReader::Slot {
  Sample sample;        // of the thread that reads it, then of mu_
  absl::Status status;  // this and the next guarded by mu_
  bool ready = false;

  int64_t bytes() const {
    size_t bytes = sizeof(Slot) + sample.pixels.capacity();
    for (const ExtraFeature& feature : sample.extra) bytes += SizeOf(feature);
    return static_cast<int64_t>(bytes);
  }
};

struct DatasetReader::Lane {
  Lane(const Store& store, const Dataset& dataset, std::vector<ShardRange> ranges)
      : reader(store, dataset, std::move(ranges)) {}

  RangeReader reader;                       // of the thread that set `reading`
  bool reading = false;                     // all from here guarded by mu_
  bool ended = false;                       // no record will follow those in slots
  std::deque<std::unique_ptr<Slot>> slots;  // in order
};

absl::StatusOr<std::unique_ptr<DatasetReader>> DatasetReader::Start(const Store& store, const Dataset& dataset,
                                                                    std::vector<ShardRange> ranges,
                                                                    ReadOptions options) {
  MILLRACE_RETURN_IF_ERROR(CheckRanges(dataset, ranges));
  if (options.threads < 0 || options.lanes < 0 || options.max_waiting_bytes < 1)
    return absl::InvalidArgumentError("threads, lanes and max_waiting_bytes must be positive");
  return std::unique_ptr<DatasetReader>(
      new DatasetReader(store, dataset, std::move(ranges), Complete(std::move(options))));
}

DatasetReader::DatasetReader(const Store& store, const Dataset& dataset, std::vector<ShardRange> ranges,
                             ReadOptions options)
    : store_(store), dataset_(dataset), options_(std::move(options)) {
  const size_t count = std::clamp<size_t>(ranges.size(), 1, static_cast<size_t>(options_.lanes));
  std::vector<std::vector<ShardRange>> dealt(count);
  for (size_t i = 0; i < ranges.size(); ++i) dealt[i % count].push_back(ranges[i]);
  for (std::vector<ShardRange>& hand : dealt)
    lanes_.push_back(std::make_unique<Lane>(store_, dataset_, std::move(hand)));
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

DatasetReader::~DatasetReader() {
  Cancel();
  for (std::thread& thread : threads_) thread.join();
}

void DatasetReader::Cancel() {
  MutexLock lock(&mu_);
  if (status_.ok()) status_ = absl::CancelledError("reading was cancelled");
}

// A thread takes a lane, reads its next record, lets the lane go and decodes: no queue between, the record stays in the
// thread's cache.
void DatasetReader::Work() {
  SampleDecoder decoder(dataset_.payload);
  ByteBuffer record;
  while (true) {
    Lane* lane = nullptr;
    Slot* slot = nullptr;
    {
      MutexLock lock(&mu_);
      mu_.Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
        lane = PickLane();
        return lane != nullptr || !status_.ok() || AllRead();
      });
      if (!status_.ok() || lane == nullptr) return;
      slot = AddSlot(*lane);
    }
    if (!Read(*lane, *slot, record)) continue;
    absl::Status status = decoder.Decode(record.view(), slot->sample);
    if (status.ok() && options_.transform) status = options_.transform(slot->sample);
    MutexLock lock(&mu_);
    FinishSlot(*slot, AtRecord(status, dataset_, slot->sample));
  }
}

bool DatasetReader::Read(Lane& lane, Slot& slot, ByteBuffer& record) {
  const absl::StatusOr<bool> more = lane.reader.Next(record);
  const bool read = more.ok() && *more;
  if (read) lane.reader.Place(slot.sample);
  MutexLock lock(&mu_);
  lane.reading = false;
  lane.ended = !read;
  if (!more.ok()) FinishSlot(slot, more.status());
  if (more.ok() && !*more) {
    spare_.push_back(std::move(lane.slots.back()));
    lane.slots.pop_back();
    SkipEndedLanes();
  }
  return read;
}

// The lane with the fewest samples that wait; the lane whose turn it is may always have one, or nothing would move.
DatasetReader::Lane* DatasetReader::PickLane() const {
  Lane* picked = nullptr;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[(turn_ + i) % lanes_.size()];
    const bool room = waiting_bytes_ < options_.max_waiting_bytes || (i == 0 && lane.slots.empty());
    if (lane.reading || lane.ended || !room) continue;
    if (picked == nullptr || lane.slots.size() < picked->slots.size()) picked = &lane;
  }
  return picked;
}

DatasetReader::Slot* DatasetReader::AddSlot(Lane& lane) {
  lane.reading = true;
  if (spare_.empty()) {
    lane.slots.push_back(std::make_unique<Slot>());
  } else {
    lane.slots.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  return lane.slots.back().get();
}

void DatasetReader::FinishSlot(Slot& slot, absl::Status status) {
  slot.status = std::move(status);
  slot.ready = true;
  waiting_bytes_ += slot.bytes();
}

bool DatasetReader::AllRead() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->ended; });
}

bool DatasetReader::AllTaken() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->ended && lane->slots.empty(); });
}

void DatasetReader::SkipEndedLanes() {
  for (size_t i = 0; i < lanes_.size() && lanes_[turn_]->ended && lanes_[turn_]->slots.empty(); ++i)
    turn_ = (turn_ + 1) % lanes_.size();
}

DatasetReader::Lane* DatasetReader::ReadyLane() const {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[(turn_ + i) % lanes_.size()];
    if (!lane.slots.empty() && lane.slots.front()->ready) return &lane;
    if (options_.ordered) return nullptr;
  }
  return nullptr;
}

absl::StatusOr<bool> DatasetReader::Next(Sample& sample) {
  MutexLock lock(&mu_);
  Lane* lane = nullptr;
  mu_.Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    lane = ReadyLane();
    return lane != nullptr || !status_.ok() || AllTaken();
  });
  MILLRACE_RETURN_IF_ERROR(status_);
  if (lane == nullptr) return false;
  status_ = Take(*lane, sample);
  MILLRACE_RETURN_IF_ERROR(status_);
  return true;
}

absl::Status DatasetReader::Take(Lane& lane, Sample& sample) {
  std::unique_ptr<Slot> slot = std::move(lane.slots.front());
  lane.slots.pop_front();
  waiting_bytes_ -= slot->bytes();
  const absl::Status status = std::move(slot->status);
  if (status.ok()) std::swap(sample, slot->sample);
  turn_ = (turn_ + 1) % lanes_.size();
  SkipEndedLanes();
  slot->ready = false;
  slot->status = absl::OkStatus();
  if (spare_.size() < threads_.size()) spare_.push_back(std::move(slot));
  return status;
}

}  // namespace millrace
