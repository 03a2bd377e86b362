#include "worker/scan/scan_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/daemon.h"
#include "common/dataset/row_log.h"
#include "common/storage/memory_store.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Inputs are real files in a fresh folder; outputs go to memory.
class ScanTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "scan" + RandomHex(6);
    std::filesystem::create_directories(folder_);
    assignment_.mutable_task()->set_job_id("job");
    assignment_.mutable_epoch()->set_incarnation(1);
    assignment_.mutable_epoch()->set_sequence(1);
    assignment_.mutable_spec()->set_output("/out");
    options_.encoding_version = "v";
    options_.estimate_bytes = [this](absl::string_view path) -> std::optional<int64_t> {
      sampled_.emplace_back(path);
      return absl::StrContains(path, "missing") ? std::nullopt : std::optional<int64_t>(1000);
    };
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = absl::StrCat(folder_, "/", name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  absl::StatusOr<ScanResult> Scan(const std::vector<std::string>& inputs) {
    for (const std::string& input : inputs) spec().add_inputs(input);
    TaskContext context{assignment_, store_, progress_, stop_.get_token()};
    return RunScan(context, options_);
  }
  absl::StatusOr<ScanResult> ScanText(const std::string& text) { return Scan({Write("images.csv", text)}); }
  ConvertSpec& spec() { return *assignment_.mutable_spec(); }

  // "uri label" of every row in a split's log.
  std::vector<std::string> Log(Split split) {
    const std::string path = absl::StrCat(AttemptStagingFolder(assignment_), "/", RowLogName(split));
    auto source = store_.Open(path);
    if (!source.ok()) return {};
    auto reader = RowLogReader::Open(*std::move(source), path).value();
    std::vector<std::string> rows;
    for (int64_t i = 0; i < reader->rows(); ++i) {
      const LogRow row = reader->Read(i).value();
      rows.push_back(absl::StrCat(row.uri, " ", row.has_label ? row.label : "-"));
    }
    return rows;
  }
  ScanSummary Summary() {
    ScanSummary summary;
    EXPECT_TRUE(
        summary.ParseFromString(store_.Read(AttemptStagingFolder(assignment_) + "/summary.pb", 1 << 20).value()));
    return summary;
  }
  std::string Discarded() {
    return store_.Read(AttemptStagingFolder(assignment_) + "/discarded.jsonl", 1 << 20).value();
  }

  std::string folder_;
  Assignment assignment_;
  ScanOptions options_;
  MemoryStore store_;
  ProgressMeter progress_;
  std::stop_source stop_;
  std::vector<std::string> sampled_;
};

TEST_F(ScanTest, SortsRowsIntoTheirSplits) {
  const ScanResult result = ScanText(
                                "split,image_uri,label\nTRAIN,a.jpg,cat\nTEST,b.jpg,dog\ntrain,c.jpg,\nDISCARD,d.jpg,"
                                "cat\nHOLDOUT,e.jpg,cat\n")
                                .value();
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("a.jpg cat", "c.jpg -"));
  EXPECT_THAT(Log(SPLIT_TEST), ElementsAre("b.jpg dog"));
  EXPECT_THAT(Log(SPLIT_VALIDATION), IsEmpty());
  EXPECT_EQ(result.counts().rows(), 5);
  EXPECT_EQ(result.counts().discarded(), 1);
  EXPECT_EQ(result.counts().dead_letters(), 1);
  EXPECT_THAT(Discarded(), HasSubstr("\"reason\":\"split/unknown\",\"detail\":\"HOLDOUT\""));
  EXPECT_EQ(result.splits(0).rows(), 2);
  EXPECT_EQ(result.splits(0).sampled_bytes(), 2000);
  EXPECT_THAT(sampled_, ElementsAre(folder_ + "/a.jpg", folder_ + "/c.jpg", folder_ + "/b.jpg"));
  EXPECT_EQ(progress_.Get().counts().rows(), 5);
}

TEST_F(ScanTest, ADiscardedRowIsNoDeadLetterWhateverElseIsWrongWithIt) {
  const ScanResult result = ScanText("split,image_uri,label\nDISCARD,a.jpg\ndiscard,,cat\nTRAIN,b.jpg,cat\n").value();
  EXPECT_EQ(result.counts().discarded(), 2);
  EXPECT_EQ(result.counts().dead_letters(), 0);
}

TEST_F(ScanTest, NeedsNobodyToEstimateSizes) {
  options_.estimate_bytes = nullptr;
  EXPECT_EQ(ScanText("image_uri,split\na.jpg,TRAIN\n")->splits(0).sampled_rows(), 0);
}

TEST_F(ScanTest, CountsTheVocabularyInTrainOnly) {
  ASSERT_TRUE(ScanText("split,image_uri,label\nTRAIN,a,cat\nTRAIN,b,dog\nTEST,c,bird\nTRAIN,d,\n").ok());
  const ScanSummary summary = Summary();
  EXPECT_THAT(summary.vocabulary(), ElementsAre("dog", "cat"));
  EXPECT_EQ(summary.splits(0).missing(), 1);
  EXPECT_EQ(summary.splits(1).labels(0).label(), "bird");
  EXPECT_THAT(summary.input_files(), ElementsAre(folder_ + "/images.csv"));
}

TEST_F(ScanTest, AFixedVocabularyKeepsItsOrderAndWarnsOfOthers) {
  spec().set_fixed_vocabulary(true);
  spec().add_vocabulary("cat");
  const ScanResult result = ScanText("split,image_uri,label\nTRAIN,a,dog\nTRAIN,b,cat\n").value();
  EXPECT_THAT(Summary().vocabulary(), ElementsAre("cat"));
  EXPECT_THAT(result.warnings(), ElementsAre(HasSubstr("1 rows have a label that is not in the vocabulary file")));
}

TEST_F(ScanTest, ReadsSeveralFilesByAPatternEachWithItsOwnHeader) {
  Write("part2.csv", "label,image_uri\ndog,/abs/b.jpg\n");
  Write("part1.csv", "split,image_uri,label\nTRAIN,a.jpg,cat\n");
  const ScanResult result = Scan({folder_ + "/part*.csv"}).value();
  EXPECT_EQ(result.counts().rows(), 2);
  EXPECT_THAT(Summary().input_files(), ElementsAre(folder_ + "/part1.csv", folder_ + "/part2.csv"));
}

TEST_F(ScanTest, InflatesGzip) {
  const std::string path = folder_ + "/images.csv.gz";
  for (const char* part : {"split,image_uri,label\nTRAIN,a.jpg,", "cat\n"}) {  // two members, as `cat a.gz b.gz` makes
    gzFile file = gzopen(path.c_str(), "ab");
    gzputs(file, part);
    gzclose(file);
  }
  ASSERT_TRUE(Scan({path}).ok());
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("a.jpg cat"));
}

TEST_F(ScanTest, KnowsGzipByItsContentWhateverItIsCalled) {
  const std::string path = folder_ + "/images.csv";
  gzFile file = gzopen(path.c_str(), "wb");
  gzputs(file, "image_uri,split\na.jpg,TRAIN\n");
  gzclose(file);
  ASSERT_TRUE(Scan({path}).ok());
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("a.jpg -"));
}

TEST_F(ScanTest, ADamagedGzipIsNamedWithItsOffset) {
  const absl::Status status = Scan({Write("images.csv.gz", "not gzip at all")}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("images.csv.gz"));
}

TEST_F(ScanTest, AnInputOfWhichNoDatasetCanBeMadeIsRefusedWithFileAndLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "images.csv: the file is empty"},
      {"split,image_uri,label\n", "images.csv: only a header"},
      {"split,uri,label\nTRAIN,a,b\n", "images.csv:1: the header has no column image_uri"},
      {"split,image_uri,label\nTRAIN,\"a,b\n", "images.csv:2: a quote"},
      {"image_uri\na\n\n\nb\"\n\"c\"d\n", "(\"\") (row 3)"},
      {"filename,class\na.jpg,cat\n", "images.csv:1: is this a header?"},
      {"PK\x03\x04\x14 workbook", "images.csv:1: the file is an Excel workbook"},
      {"PAR1\x15\x04", "images.csv:1: the file is a Parquet file"},
  };
  for (const auto& [text, words] : cases) {
    spec().clear_inputs();
    const absl::Status status = ScanText(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(status.message(), HasSubstr(words));
  }
}

TEST_F(ScanTest, InputsMustBeRegularFiles) {
  spec().set_input_format(INPUT_CSV);
  EXPECT_THAT(Scan({folder_}).status().message(), HasSubstr("is a folder"));
  spec().set_input_format(INPUT_FOLDER);
  spec().clear_inputs();
  EXPECT_THAT(Scan({Write("a.csv", "x")}).status().message(), HasSubstr("is a file, not a folder"));
  spec().set_input_format(INPUT_AUTO);
  spec().clear_inputs();
  ASSERT_EQ(mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(Scan({folder_ + "/fifo"}).status().message(), HasSubstr("not a regular file"));
  spec().clear_inputs();
  EXPECT_THAT(Scan({folder_ + "/no*.csv"}).status().message(), HasSubstr("no file matches"));
  spec().clear_inputs();
  EXPECT_TRUE(absl::IsNotFound(Scan({folder_ + "/gone.csv"}).status()));
}

TEST_F(ScanTest, AFolderOfPicturesIsAnInputLikeAnyOther) {
  for (const char* label : {"dog", "cat"}) {
    std::filesystem::create_directories(absl::StrCat(folder_, "/images/train/", label));
    Write(absl::StrCat("images/train/", label, "/2.JPG"), "");
    Write(absl::StrCat("images/train/", label, "/1.png"), "");
  }
  Write("images/train/notes.txt", "");
  const ScanResult result = Scan({folder_ + "/images"}).value();
  EXPECT_THAT(Log(SPLIT_TRAIN),
              ElementsAre("train/cat/1.png cat", "train/cat/2.JPG cat", "train/dog/1.png dog", "train/dog/2.JPG dog"));
  EXPECT_THAT(result.warnings(), ElementsAre(HasSubstr("The first is train/notes.txt")));
  EXPECT_THAT(Summary().input_files(), ElementsAre(folder_ + "/images/"));
  EXPECT_EQ(sampled_.front(), folder_ + "/images/train/cat/1.png");
}

TEST_F(ScanTest, ManyLabelsOfARowAreCountedEach) {
  spec().set_multi_label(true);
  ASSERT_TRUE(ScanText("TRAIN,a.jpg,cat,pet\nTRAIN,b.jpg,dog,,pet\nTRAIN,c.jpg\n").ok());
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("a.jpg cat\npet", "b.jpg dog\npet", "c.jpg -"));
  EXPECT_THAT(Summary().vocabulary(), ElementsAre("pet", "dog", "cat"));
}

TEST_F(ScanTest, AnInputOutsideTheFileRootsIsNotReadHere) {
  options_.file_roots = {"/somewhere/else"};
  EXPECT_TRUE(absl::IsFailedPrecondition(ScanText("image_uri\na\n").status()));
}

TEST_F(ScanTest, WarnsOfAnInputThatIsSortedByLabel) {
  std::string sorted = "image_uri,split,label\n", mixed = sorted;
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(&sorted, "a", i, ",TRAIN,", i < 100 ? "cat" : "dog", "\n");
    absl::StrAppend(&mixed, "a", i, ",TRAIN,", i % 2 == 0 ? "cat" : "dog", "\n");
  }
  EXPECT_THAT(ScanText(sorted)->warnings(), ElementsAre(HasSubstr("sorted by label")));
  spec().clear_inputs();
  assignment_.mutable_epoch()->set_sequence(2);
  EXPECT_THAT(ScanText(mixed)->warnings(), IsEmpty());
  spec().clear_inputs();
  assignment_.mutable_epoch()->set_sequence(3);
  spec().set_shuffle_seed(1);
  EXPECT_THAT(ScanText(sorted)->warnings(), IsEmpty());
}

TEST_F(ScanTest, WarnsOfImbalanceAbove100) {
  std::string text = "image_uri,split,label\nrare,TRAIN,rare\n";
  for (int i = 0; i < 101; ++i) absl::StrAppend(&text, "a", i, ",TRAIN,common\n");
  spec().set_shuffle_seed(1);
  EXPECT_THAT(ScanText(text)->warnings(), ElementsAre(HasSubstr("'common' has 101 rows in TRAIN, 'rare' only 1")));
}

TEST_F(ScanTest, SamplesAtMost64RowsASplitAndSkipsTheUnreadable) {
  std::string text = "image_uri,split\n";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, i % 2 == 0 ? "missing" : "a", i, ",TRAIN\n");
  const ScanResult result = ScanText(text).value();
  EXPECT_EQ(sampled_.size(), 64u);
  EXPECT_LT(result.splits(0).sampled_rows(), 64);
  EXPECT_GT(result.splits(0).sampled_rows(), 0);
}

TEST_F(ScanTest, StopsWhenAsked) {
  std::string text = "image_uri,split\n";
  for (int i = 0; i < 70'000; ++i) absl::StrAppend(&text, "a", i, ",TRAIN\n");
  stop_.request_stop();
  EXPECT_TRUE(absl::IsCancelled(ScanText(text).status()));
}

// ---- the rows that another job could not use ----

class RowsFromJob : public ScanTest {
 protected:
  static constexpr absl::string_view kInput =
      "split,image_uri,label\n"
      "TRAIN,1.jpg,dog\nTRAIN,2.jpg,cat\nDISCARD,3.jpg,cat\nTEST,4.jpg,cat\nTRAIN,5.jpg,bird\nNOWHERE,6.jpg,dog\n";

  void Dataset(const std::string& dead_letters, const std::string& vocabulary = "dog\ncat\n") {
    ASSERT_TRUE(store_.CreateExclusive("/first/discarded-data-00000-of-00001", dead_letters).ok());
    ASSERT_TRUE(
        store_.CreateExclusive("/first/transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary", vocabulary)
            .ok());
    spec().mutable_rows_from()->set_job_id("first");
    spec().mutable_rows_from()->set_dataset("/first");
  }
  static std::string Line(int row, const std::string& uri, const std::string& reason) {
    return absl::StrCat(R"({"file":"images.csv","row":)", row, R"(,"line":)", row + 1, R"(,"uri":")", uri,
                        R"(","reason":")", reason, R"(","detail":""})", "\n");
  }
  const std::string lines_ = Line(3, "3.jpg", "split/discard") + Line(6, "6.jpg", "split/unknown") +
                             Line(2, "2.jpg", "decode/truncated") + Line(4, "4.jpg", "http/timeout");
};

TEST_F(RowsFromJob, FailedRowsAreReadAgainWithThatJobsLabelIds) {
  Dataset(lines_);
  const absl::StatusOr<ScanResult> result = ScanText(std::string(kInput));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("2.jpg cat"));
  EXPECT_THAT(Log(SPLIT_TEST), ElementsAre("4.jpg cat"));
  EXPECT_EQ(result->counts().rows(), 3);
  EXPECT_EQ(result->counts().dead_letters(), 1) << "the split is still unknown";
  EXPECT_EQ(result->counts().discarded(), 0) << "what the user discarded has not failed";
  EXPECT_THAT(Discarded(), HasSubstr("\"row\":6,\"line\":7")) << "rows keep their numbers";
  EXPECT_THAT(Summary().vocabulary(), ElementsAre("dog", "cat"));
}

TEST_F(RowsFromJob, TransientOnesAreThoseThatAnotherTryMayRead) {
  Dataset(lines_);
  spec().mutable_rows_from()->set_transient(true);
  const absl::StatusOr<ScanResult> result = ScanText(std::string(kInput));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Log(SPLIT_TRAIN), IsEmpty());
  EXPECT_THAT(Log(SPLIT_TEST), ElementsAre("4.jpg cat"));
  EXPECT_EQ(result->counts().rows(), 1);
}

TEST_F(RowsFromJob, AMendedRowIsTaken) {
  Dataset(lines_);
  std::string mended(kInput);
  mended.replace(mended.find("NOWHERE,6.jpg"), 13, "TRAIN,six.jpg");
  ASSERT_TRUE(ScanText(mended).ok());
  EXPECT_THAT(Log(SPLIT_TRAIN), ElementsAre("2.jpg cat", "six.jpg dog"));
}

TEST_F(RowsFromJob, AnInputThatHasChangedIsRefused) {
  Dataset(lines_);
  std::string changed(kInput);
  changed.erase(changed.find("TRAIN,1.jpg,dog\n"), 16);  // all rows move up
  const absl::Status status = ScanText(changed).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("images.csv:3: row 2 is not the row that failed"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("changed since job first"));
}

TEST_F(RowsFromJob, AnInputThatHasLostRowsIsRefused) {
  Dataset(lines_);
  const std::string shorter(kInput.substr(0, kInput.find("NOWHERE")));
  EXPECT_THAT(std::string(ScanText(shorter).status().message()), HasSubstr("row 6, which failed, is not there"));
}

TEST_F(RowsFromJob, NothingToDoIsSaidSo) {
  Dataset(Line(2, "2.jpg", "decode/truncated") + Line(3, "3.jpg", "split/discard"));
  spec().mutable_rows_from()->set_transient(true);
  EXPECT_THAT(std::string(ScanText(std::string(kInput)).status().message()),
              HasSubstr("job first left no row that another try might read"));
}

TEST_F(RowsFromJob, ADatasetThatIsGoneIsSaidSo) {
  spec().mutable_rows_from()->set_job_id("first");
  spec().mutable_rows_from()->set_dataset("/first");
  EXPECT_THAT(std::string(ScanText(std::string(kInput)).status().message()),
              HasSubstr("the dataset of job first cannot be read any more"));
}

}  // namespace
}  // namespace millrace
