#include "common/dataset/row_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/dataset/dead_letter.h"
#include "common/dataset/permutation.h"
#include "common/dataset/reasons.h"
#include "common/dataset/uri.h"
#include "common/storage/memory_store.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class StringSource : public Source {
 public:
  explicit StringSource(std::string bytes) : bytes_(std::move(bytes)) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  absl::Status ReadAt(int64_t offset, size_t n, char* buffer) const override {
    if (offset < 0 || offset + static_cast<int64_t>(n) > size()) return absl::OutOfRangeError("short");
    bytes_.copy(buffer, n, static_cast<size_t>(offset));
    return absl::OkStatus();
  }

 private:
  const std::string bytes_;
};

class RowLog : public testing::Test {
 protected:
  // A log of `rows` rows whose texts follow from their number.
  std::string Make(int64_t rows, size_t padding = 0) {
    auto file = store_.Prepare("/log", "/staging/log").value();
    RowLogWriter writer(file.get());
    for (int64_t i = 0; i < rows; ++i) {
      const std::string uri = absl::StrCat("images/", i, std::string(padding, '.'), ".jpg");
      const std::string label = absl::StrCat("label", i % 7);
      EXPECT_TRUE(
          writer.Add({i % 3, i + 1, i + 2, uri, i % 5 == 0 ? "" : label, i % 5 != 0, i % 4 == 0 ? uri : ""}).ok());
    }
    EXPECT_TRUE(writer.Finish().ok());
    EXPECT_TRUE(store_.Publish(file->Finish().value()).ok());
    std::string bytes = store_.Read("/log", 1 << 30).value();
    EXPECT_TRUE(store_.Remove("/log").ok());
    return bytes;
  }
  static absl::StatusOr<std::unique_ptr<RowLogReader>> Open(std::string bytes) {
    return RowLogReader::Open(std::make_unique<StringSource>(std::move(bytes)), "OUT/rows.log");
  }
  static absl::Status ReadAll(std::string bytes, int64_t rows) {
    auto reader = Open(std::move(bytes));
    if (!reader.ok()) return reader.status();
    if ((*reader)->rows() != rows) return absl::DataLossError("another number of rows");
    for (int64_t i = 0; i < rows; ++i) {
      absl::StatusOr<LogRow> row = (*reader)->Read(i);
      if (!row.ok()) return row.status();
      if (row->row != i + 1 || row->uri.find(absl::StrCat("images/", i)) != 0)
        return absl::InternalError("another row");
    }
    return absl::OkStatus();
  }

  MemoryStore store_;
};

TEST_F(RowLog, FindsAnyRowByItsOrdinal) {
  auto reader = Open(Make(10'000)).value();
  EXPECT_EQ(reader->rows(), 10'000);
  for (int64_t ordinal : {0, 9'999, 1, 5'000, 4'999, 0}) {
    const LogRow row = reader->Read(ordinal).value();
    EXPECT_EQ(row.row, ordinal + 1);
    EXPECT_EQ(row.line, ordinal + 2);
    EXPECT_EQ(row.file, ordinal % 3);
    EXPECT_EQ(row.uri, absl::StrCat("images/", ordinal, ".jpg"));
    EXPECT_EQ(row.has_label, ordinal % 5 != 0);
    EXPECT_EQ(row.features, ordinal % 4 == 0 ? row.uri : "");
    EXPECT_EQ(row.label, row.has_label ? absl::StrCat("label", ordinal % 7) : "");
  }
  EXPECT_TRUE(absl::IsOutOfRange(reader->Read(10'000).status()));
  EXPECT_TRUE(absl::IsOutOfRange(reader->Read(-1).status()));
}

TEST_F(RowLog, KeepsWhereRowsComeFromAcrossFilesAndBlocks) {
  auto file = store_.Prepare("/log", "/staging/log").value();
  RowLogWriter writer(file.get());
  const std::string uri(1000, 'u');
  const auto row_of = [](int64_t i) { return i / 100 == 1 ? 1'000'000 - i : i * i + 1; };  // one file even backwards
  for (int64_t i = 0; i < 300; ++i) ASSERT_TRUE(writer.Add({i / 100, row_of(i), 2 * row_of(i), uri, "", false}).ok());
  ASSERT_TRUE(writer.Finish().ok());
  ASSERT_TRUE(store_.Publish(file->Finish().value()).ok());
  auto reader = Open(store_.Read("/log", 1 << 30).value()).value();
  for (int64_t i : {299, 0, 99, 100, 101, 199, 200, 250}) {
    const LogRow row = reader->Read(i).value();
    EXPECT_EQ(row.file, i / 100);
    EXPECT_EQ(row.row, row_of(i));
    EXPECT_EQ(row.line, 2 * row_of(i));
  }
}

TEST_F(RowLog, HoldsNoneOneAndVeryLongRows) {
  EXPECT_TRUE(ReadAll(Make(0), 0).ok());
  EXPECT_TRUE(ReadAll(Make(1), 1).ok());
  EXPECT_TRUE(ReadAll(Make(5, 1 << 20), 5).ok());
}

TEST_F(RowLog, EveryFlippedByteIsNoticed) {
  const std::string good = Make(300);
  ASSERT_TRUE(ReadAll(good, 300).ok());
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    const absl::Status status = ReadAll(bad, 300);
    ASSERT_TRUE(absl::IsDataLoss(status)) << "byte " << at << ": " << status;
    ASSERT_THAT(status.message(), HasSubstr("OUT/rows.log: offset "));
  }
}

TEST_F(RowLog, EveryCutIsNoticed) {
  const std::string good = Make(300);
  for (size_t size = 0; size < good.size(); ++size) ASSERT_FALSE(ReadAll(good.substr(0, size), 300).ok()) << size;
}

TEST(Permutation, IsABijectionForEverySize) {
  for (int64_t n : {1, 2, 3, 4, 5, 7, 8, 9, 100, 1023, 1024, 1025, 5000}) {
    for (uint64_t seed : {0, 1, 42}) {
      const Permutation permutation(n, seed);
      std::vector<bool> seen(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) {
        const int64_t to = permutation(i);
        ASSERT_TRUE(to >= 0 && to < n && !seen[static_cast<size_t>(to)]) << n << " " << i;
        seen[static_cast<size_t>(to)] = true;
      }
    }
  }
}

TEST(Permutation, TheSeedDecidesAndTheOrderIsPartOfTheFormat) {
  const auto first = [](uint64_t seed) {
    const Permutation permutation(1000, seed);
    return std::vector<int64_t>{permutation(0), permutation(1), permutation(2), permutation(3)};
  };
  EXPECT_EQ(first(7), first(7));
  EXPECT_NE(first(7), first(8));
  EXPECT_NE(first(7), (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST(Uri, BecomesAPathOfThisMachine) {
  EXPECT_EQ(ResolveUri("cat/1.jpg", "/data").value(), "/data/cat/1.jpg");
  EXPECT_EQ(ResolveUri("/abs/1.jpg", "/data").value(), "/abs/1.jpg");
  EXPECT_EQ(ResolveUri("file:///abs/a%20b.jpg", "/data").value(), "/abs/a b.jpg");
  EXPECT_EQ(ResolveUri("FILE://localhost/abs/1.jpg", "/data").value(), "/abs/1.jpg");
  EXPECT_EQ(ResolveUri("a:b.jpg", "/data").value(), "/data/a:b.jpg");
  EXPECT_EQ(ResolveUri("file:///a%2Fb", "/").value(), "/a/b");
}

TEST(Uri, RefusesWhatItCannotReach) {
  EXPECT_TRUE(absl::IsUnimplemented(ResolveUri("http://x/1.jpg", "/").status()));
  EXPECT_TRUE(absl::IsUnimplemented(ResolveUri("s3://bucket/1.jpg", "/").status()));
  for (absl::string_view bad : {"file://host/1.jpg", "file:///a%00b", "file:///a%zz", "file:///a%2", "file://"})
    EXPECT_TRUE(absl::IsInvalidArgument(ResolveUri(bad, "/").status())) << bad;
}

TEST(DeadLetter, IsOneJsonLineWhateverTheUserWrote) {
  BadRow row;
  row.set_input("/data/images.csv");  // for people; the dataset has its own name for it
  row.set_row(7);
  row.set_line(8);
  row.set_uri("a\"\n\xff.jpg");
  row.set_reason("decode/truncated");
  EXPECT_EQ(DeadLetterLine(row, "images.csv"),
            "{\"file\":\"images.csv\",\"row\":7,\"line\":8,\"uri\":\"a\\\"\\n\\ufffd.jpg\",\"reason\":\"decode/"
            "truncated\","
            "\"detail\":\"\"}\n");
  const absl::StatusOr<BadRow> parsed = ParseDeadLetterLine(DeadLetterLine(row, "images.csv"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->input(), "images.csv");
  EXPECT_EQ(parsed->row(), 7);
  EXPECT_EQ(parsed->uri(), "a\"\n\xef\xbf\xbd.jpg");
  EXPECT_EQ(parsed->reason(), "decode/truncated");
  EXPECT_TRUE(absl::IsDataLoss(ParseDeadLetterLine("{'a': 1}").status()));
}

TEST(InputNames, DoNotDependOnWhereTheInputsLie) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(InputNames({"/data/images.csv"}), Names{"images.csv"});
  EXPECT_EQ(InputNames({"/a/b/x.csv", "/a/c/y.csv"}), (Names{"b/x.csv", "c/y.csv"}));
  EXPECT_EQ(InputNames({"/a/x.csv", "/a/x.csv2", "/a/x/1.csv"}), (Names{"x.csv", "x.csv2", "x/1.csv"}));
  EXPECT_EQ(InputNames({"/data/photos/"}), Names{"photos"});  // a folder of pictures
  EXPECT_EQ(InputNames({"/a/x.csv", "/a/x.csv"}), (Names{"x.csv", "x.csv"}));
  EXPECT_EQ(InputNames({"/1.csv", "/2.csv"}), (Names{"1.csv", "2.csv"}));
  EXPECT_EQ(InputNames({}), Names{});
}

TEST(Reasons, AreKnownByTheirWord) {
  EXPECT_TRUE(IsEnvironmental("file/not_found"));
  EXPECT_FALSE(IsEnvironmental("decode/truncated"));
  EXPECT_FALSE(IsEnvironmental("no/such"));
  EXPECT_EQ(FindReason("split/unknown")->environmental, false);
}

}  // namespace
}  // namespace millrace
