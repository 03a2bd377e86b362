#include "tests/common/dataset/dataset_world.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/dataset/layout.h"
#include "common/dataset/schema.h"
#include "common/dataset/statistics.h"
#include "common/image/image_encoder.h"
#include "common/io/gzip_writer.h"
#include "common/record/record_writer.h"
#include "common/record/shard_name.h"
#include "proto/example.pb.h"

namespace millrace {
namespace {

std::string Base64Url(const std::string& bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string ImageOf(const TestRecord& record, Payload payload) {
  const std::string pixels = PixelsOf(record);
  if (payload == PAYLOAD_RAW) return pixels;
  if (payload == PAYLOAD_RAW_BASE64) return Base64Url(pixels);
  const PictureView picture{reinterpret_cast<const uint8_t*>(pixels.data()), static_cast<int32_t>(record.width),
                            static_cast<int32_t>(record.height), static_cast<int32_t>(record.channels)};
  std::string file;
  ImageEncoder encoder;
  const auto error = payload == PAYLOAD_JPEG ? encoder.AppendJpeg(picture, 90, file) : encoder.AppendPng(picture, file);
  EXPECT_FALSE(error.has_value());
  return file;
}

std::string ShardBytes(const std::vector<TestRecord>& records, Payload payload, Compression compression) {
  StringSink sink;
  const auto writer =
      compression == COMPRESSION_GZIP ? NewGzipWriter(GzipEffort::kBalanced, sink) : NewPlainWriter(sink);
  for (const TestRecord& record : records) EXPECT_TRUE(AppendRecord(EncodeRecord(record, payload), *writer).ok());
  EXPECT_TRUE(writer->Finish().ok());
  return sink.bytes();
}

}  // namespace

std::string PixelsOf(const TestRecord& record) {
  std::string pixels(static_cast<size_t>(record.height * record.width * record.channels), '\0');
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 41 + record.image_name.size());
  return pixels;
}

std::string EncodeRecord(const TestRecord& record, Payload payload) {
  Example example;
  auto& features = *example.mutable_features()->mutable_feature();
  features["image"].mutable_bytes_list()->add_value(ImageOf(record, payload));
  features["image_name"].mutable_bytes_list()->add_value(record.image_name);
  features["split"].mutable_bytes_list()->add_value(record.split);
  features["image_height"].mutable_int64_list()->add_value(record.height);
  features["image_width"].mutable_int64_list()->add_value(record.width);
  features["image_channels"].mutable_int64_list()->add_value(record.channels);
  features["label"].mutable_int64_list()->add_value(record.label);
  if (!record.extra_feature.empty()) features[record.extra_feature].mutable_int64_list()->add_value(1);
  return example.SerializeAsString();
}

DatasetWorld::DatasetWorld(Compression compression) {
  spec.set_output(folder);
  spec.set_compression(compression);
  shards = {{{"a.jpg"}, {"b.jpg", "TRAIN", 1}},
            {{"c.jpg", "TRAIN", -1, 4, 4, 1}},
            {{"d.jpg", "TEST", 1}, {"e,f.jpg", "TEST", 0}}};
  summary.add_vocabulary("dog");
  summary.add_vocabulary("cat");
}

std::string DatasetWorld::Shard(size_t i) const {
  const bool test = i == 2;
  return ShardFileName(test ? SPLIT_TEST : SPLIT_TRAIN, test ? 0 : static_cast<uint32_t>(i), test ? 1 : 2,
                       spec.compression());
}

PreparedFile DatasetWorld::Put(const std::string& name, const std::string& bytes) {
  auto writer = store.Prepare(folder + "/" + name, folder + "/_staging/" + name).value();
  EXPECT_TRUE(writer->Append(bytes).ok());
  PreparedFile file = writer->Finish().value();
  EXPECT_TRUE(store.Publish(file).ok());
  return file;
}

// The first shard of TRAIN also had a row that was no image.
void DatasetWorld::AddShard(size_t i) {
  PublishWork::Shard& shard = *work.add_shards();
  const int64_t bad = i == 0 ? 1 : 0;
  const auto written = static_cast<int64_t>(shards[i].size());
  shard.mutable_work()->set_split(i == 2 ? SPLIT_TEST : SPLIT_TRAIN);
  shard.mutable_work()->set_shard(i == 2 ? 0 : static_cast<uint32_t>(i));
  shard.mutable_work()->set_num_shards(i == 2 ? 1 : 2);
  shard.mutable_work()->set_end(written + bad);
  WriteResult& result = *shard.mutable_result();
  result.mutable_counts()->set_rows(written + bad);
  result.mutable_counts()->set_written(written);
  result.mutable_counts()->set_dead_letters(bad);
  if (bad > 0) {
    result.add_reasons()->set_reason("decode/truncated");
    result.mutable_reasons(0)->set_rows(bad);
  }
  ShardStatistics& statistics = *result.mutable_statistics();
  statistics.set_rows(written);
  for (const TestRecord& record : shards[i]) {
    statistics.set_pixels(statistics.pixels() + record.height * record.width);
    const bool first = statistics.max_width() == 0;
    const auto width = static_cast<int32_t>(record.width), height = static_cast<int32_t>(record.height);
    statistics.set_min_width(first ? width : std::min(statistics.min_width(), width));
    statistics.set_min_height(first ? height : std::min(statistics.min_height(), height));
    statistics.set_max_width(std::max(statistics.max_width(), width));
    statistics.set_max_height(std::max(statistics.max_height(), height));
    ++(*statistics.mutable_labels())[record.label];
  }
  *result.mutable_shard() =
      Put(Shard(i), ShardBytes(shards[i], record_payload.value_or(spec.payload()), spec.compression()));
  files.push_back(DescribeFile(Shard(i), FileKind::kShard, result.shard()));
  if (spec.compression() == COMPRESSION_GZIP) return;
  std::string index;
  int64_t offset = 0;
  for (const TestRecord& record : shards[i]) {
    const auto size = static_cast<int64_t>(EncodeRecord(record, record_payload.value_or(spec.payload())).size() + 16);
    absl::StrAppend(&index, offset, " ", size, "\n");
    offset += size;
  }
  *result.mutable_index() = Put(IndexFileName(Shard(i)), index);
  files.push_back(DescribeFile(IndexFileName(Shard(i)), FileKind::kIndex, result.index()));
}

void DatasetWorld::AddText(absl::string_view name, FileKind kind, const std::string& bytes) {
  files.push_back(DescribeFile(name, kind, Put(std::string(name), bytes)));
}

void DatasetWorld::Write() {
  int64_t rows = 2;  // the dead letter and the row that the user left out
  for (size_t i = 0; i < shards.size(); ++i) {
    AddShard(i);
    rows += static_cast<int64_t>(shards[i].size());
  }
  work.mutable_scan()->mutable_counts()->set_rows(rows);
  work.mutable_scan()->mutable_counts()->set_discarded(1);
  work.mutable_scan()->set_encoding_version("test-1");
  for (Split split : {SPLIT_TRAIN, SPLIT_TEST}) {
    ScanSummary::SplitLabels& labels = *summary.add_splits();
    labels.set_split(split);
    for (const auto& shard : work.shards())
      if (shard.work().split() == split) labels.set_rows(labels.rows() + shard.work().end());
  }
  AddText(kSchemaFile, FileKind::kMetadata, SchemaText(2));
  AddText(kVocabularyFile, FileKind::kMetadata, VocabularyText({"dog", "cat"}));
  AddText(kDeadLettersFile, FileKind::kDeadLetters, "{}\n{}\n");
  AddText(kStatisticsFile, FileKind::kMetadata, StatisticsText(MakeStatistics(work, summary)));
  const auto manifest = MakeManifest(work, summary, spec, files);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  Put(std::string(kManifestFile), ManifestText(*manifest));
  Put(std::string(kSuccessFile), SuccessText(ManifestText(*manifest)));
  Put(std::string(kClaimFile), "{}");
}

void DatasetWorld::Replace(const std::string& name, const std::string& bytes) {
  Remove(name);
  ASSERT_TRUE(store.CreateExclusive(folder + "/" + name, bytes).ok());
}

void DatasetWorld::Remove(const std::string& name) { ASSERT_TRUE(store.Remove(folder + "/" + name).ok()); }

std::string DatasetWorld::Read(const std::string& name) const {
  return store.Read(folder + "/" + name, int64_t{1} << 30).value();
}

VerifyReport DatasetWorld::Verify(VerifyOptions options) const {
  options.threads = 2;
  auto report = VerifyDataset(store, folder, options);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *report : VerifyReport();
}

std::vector<std::string> DatasetWorld::Problems() const {
  std::vector<std::string> problems;
  for (const VerifyProblem& problem : Verify().problems) {
    EXPECT_FALSE(problem.advice.empty()) << problem.file << ": " << problem.found;
    const std::string record = problem.record < 0 ? "" : absl::StrCat("#", problem.record);
    problems.push_back(absl::StrCat(problem.file, record, ": ", problem.found));
  }
  return problems;
}

}  // namespace millrace
