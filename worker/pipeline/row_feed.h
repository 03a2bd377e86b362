// RowFeed: the rows of an attempt in order. Images on the network are asked for up to 256 rows ahead, so that the time
// of a request does not matter; rows of files are read when they are wanted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "worker/pipeline/row_fetch.h"
#include "worker/pipeline/row_slot.h"

namespace millrace {

// One attempt, one thread. What was fetched and not yet taken keeps to half of the memory budget: the other half is for
// decoding.
class RowFeed {
 public:
  using ReadRow = std::function<absl::Status(int64_t ordinal, Row& row)>;

  // Rows [begin, end). `fetcher` is null where http is not offered. Borrows fetcher, budget and what the functions do.
  RowFeed(int64_t begin, int64_t end, ReadRow read, UriResolver resolve, HttpFetcher* fetcher, MemoryBudget& budget,
          int64_t max_bytes)
      : read_(begin),
        end_(end),
        read_row_(std::move(read)),
        resolve_(std::move(resolve)),
        fetcher_(fetcher),
        budget_(budget),
        max_bytes_(max_bytes) {}

  // The next row, with its request if it has one. Not called more often than there are rows.
  absl::Status Next(RowSlot& slot);
  // Drops all requests and the memory they hold. They begin again with the next call of Next.
  void LetGo();

 private:
  struct Ahead {
    Row row;
    ImageOr<ImagePlace> place;
    std::unique_ptr<RowFetch> fetch;
    bool remote() const;
  };
  absl::Status ReadAhead();
  void StartFetches();

  int64_t read_;
  const int64_t end_;
  const ReadRow read_row_;
  const UriResolver resolve_;
  HttpFetcher* const fetcher_;
  MemoryBudget& budget_;
  const int64_t max_bytes_;
  std::deque<Ahead> ahead_;
  int64_t remote_ = 0;  // of ahead_
  size_t started_ = 0;  // of ahead_: those before have been looked at
};

}  // namespace millrace
