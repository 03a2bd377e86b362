// The reader believes nothing that a checksum does not confirm.
#include "common/record/record_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "common/io/crc32c.h"
#include "common/record/record_writer.h"

namespace millrace {
namespace {

using testing::HasSubstr;

std::string Stream(const std::vector<std::string>& records) {
  StringSink sink;
  for (const std::string& record : records) EXPECT_TRUE(AppendRecord(record, sink).ok());
  return sink.bytes();
}

struct Outcome {
  std::vector<std::string> records;
  absl::Status status;
};

Outcome ReadAll(absl::string_view stream, uint64_t max_record_bytes = RecordReader::kMaxRecordBytes) {
  MemorySource source(stream);
  RecordReader reader(source, max_record_bytes);
  Outcome outcome;
  ByteBuffer record;
  for (;;) {
    absl::StatusOr<bool> read = reader.Next(record);
    outcome.status = read.status();
    if (!read.ok() || !*read) return outcome;
    outcome.records.emplace_back(record.view());
  }
}

TEST(RecordReader, ReadsAllRecordsAndEndsCleanly) {
  Outcome outcome = ReadAll(Stream({"first", "", std::string(10'000'000, 'x')}));
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  ASSERT_EQ(outcome.records.size(), 3u);
  EXPECT_EQ(outcome.records[0], "first");
  EXPECT_EQ(outcome.records[1], "");
  EXPECT_EQ(outcome.records[2].size(), 10'000'000u);
}

TEST(RecordReader, AnEmptyStreamHasNoRecords) { EXPECT_TRUE(ReadAll("").status.ok()); }

TEST(RecordReader, EveryChangedByteIsDataLossInItsRecord) {
  const std::string stream = Stream({"first", "second"});
  const size_t second = 16 + 5;
  for (size_t at = 0; at < stream.size(); ++at) {
    std::string changed = stream;
    changed[at] ^= 0x10;
    Outcome outcome = ReadAll(changed);
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kDataLoss) << at;
    EXPECT_EQ(outcome.records.size(), at < second ? 0u : 1u) << at;
    EXPECT_THAT(std::string(outcome.status.message()),
                HasSubstr(at < second ? "record 0 at byte 0" : "record 1 at byte 21"));
  }
}

TEST(RecordReader, EveryCutInsideARecordIsDataLoss) {
  const std::string stream = Stream({"first", "second"});
  for (size_t cut = 0; cut < stream.size(); ++cut) {
    bool between = cut == 0 || cut == 21;
    EXPECT_EQ(ReadAll(stream.substr(0, cut)).status.ok(), between) << cut;
  }
}

TEST(RecordReader, KeepsItsError) {
  std::string stream = Stream({"first", "second"});
  stream[14] ^= 1;
  MemorySource source(stream);
  RecordReader reader(source);
  ByteBuffer record;
  EXPECT_FALSE(reader.Next(record).ok());
  EXPECT_FALSE(reader.Next(record).ok()) << "it must not go on behind a damaged record";
}

std::string ForgedLength(uint64_t length) {
  std::string header(12, '\0');
  std::memcpy(header.data(), &length, 8);
  uint32_t crc = MaskCrc32c(Crc32c(absl::string_view(header).substr(0, 8)));
  std::memcpy(header.data() + 8, &crc, 4);
  return header;
}

TEST(RecordReader, RefusesAForgedLengthBeforeItAllocates) {
  Outcome outcome = ReadAll(ForgedLength(uint64_t{1} << 62));
  EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("above the limit"));
  EXPECT_THAT(std::string(ReadAll(Stream({"too long"}), 7).status.message()),
              HasSubstr("8 bytes is above the limit of 7"));
}

TEST(RecordReader, AForgedLengthBelowTheLimitCostsOnlyWhatArrives) {
  std::string stream = ForgedLength(uint64_t{1} << 30) + "a few bytes";
  MemorySource cut(stream);
  RecordReader reader(cut);
  ByteBuffer record;
  EXPECT_EQ(reader.Next(record).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_LT(record.capacity(), size_t{32} << 20);
}

}  // namespace
}  // namespace millrace
