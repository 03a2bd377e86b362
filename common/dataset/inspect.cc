#include "common/dataset/inspect.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/status_macros.h"
#include "common/dataset/dataset.h"
#include "common/dataset/montage.h"
#include "common/dataset/png_file.h"
#include "common/dataset/range_reader.h"
#include "common/dataset/sample_decoder.h"
#include "common/io/byte_buffer.h"

namespace millrace {
namespace {

constexpr size_t kMaxNameBytes = 100;

std::string CsvCell(absl::string_view cell) {
  if (cell.find_first_of(",\"\r\n") == absl::string_view::npos) return std::string(cell);
  return absl::StrCat("\"", absl::StrReplaceAll(cell, {{"\"", "\"\""}}), "\"");
}

// "0007-cat.7.png": in the order of the records, unique, and a name on every file system whatever the record says.
std::string PictureName(int64_t number, absl::string_view image_name) {
  image_name = image_name.substr(image_name.find_last_of('/') + 1);
  const size_t dot = image_name.find_last_of('.');
  if (dot != absl::string_view::npos && dot > 0) image_name = image_name.substr(0, dot);
  std::string stem(image_name.substr(0, kMaxNameBytes));
  for (char& c : stem)
    if (static_cast<unsigned char>(c) < 0x20 || absl::StrContains("\\:*?\"<>|", c) || c == 0x7f) c = '_';
  return absl::StrFormat("%04d-%s.png", number, stem);
}

class Inspection {
 public:
  Inspection(const Store& store, const Dataset& dataset, const InspectOptions& options)
      : store_(store), dataset_(dataset), options_(options) {
    if (options.montage.empty()) return;
    const int64_t rows = RowsOf(dataset, options.split).value_or(options.records);
    montage_.emplace(std::clamp(std::min(options.records, rows), int64_t{1}, Montage::kMostPictures));
  }

  absl::StatusOr<InspectResult> Run() {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<ShardRange> ranges, RangesOf(dataset_, options_.split));
    MILLRACE_RETURN_IF_ERROR(OpenOutput());
    RangeReader reader(store_, dataset_, ranges);
    SampleDecoder decoder(dataset_.payload);
    ByteBuffer record;
    Sample sample;
    while (result_.records < options_.records) {
      MILLRACE_ASSIGN_OR_RETURN(const bool more, reader.Next(record));
      if (!more) break;
      reader.Place(sample);
      MILLRACE_RETURN_IF_ERROR(AtRecord(decoder.Decode(record.view(), sample), dataset_, sample));
      MILLRACE_RETURN_IF_ERROR(ShowRecord(sample));
    }
    if (montage_.has_value() && result_.records > 0) {
      MILLRACE_RETURN_IF_ERROR(montage_->Write(options_.montage));
      result_.montage = options_.montage;
    }
    csv_.close();
    if (csv_.fail()) return absl::UnavailableError(absl::StrCat(result_.csv, ": cannot write: ", strerror(errno)));
    return std::move(result_);
  }

 private:
  absl::Status OpenOutput() {
    std::error_code error;
    std::filesystem::create_directories(options_.output, error);
    if (error) return absl::UnavailableError(absl::StrCat(options_.output, ": cannot create: ", error.message()));
    result_.csv = absl::StrCat(options_.output, "/data.csv");
    csv_.open(result_.csv, std::ios::binary | std::ios::trunc);
    if (!csv_) return absl::UnavailableError(absl::StrCat(result_.csv, ": cannot write: ", strerror(errno)));
    csv_ << "picture,image_name,image_height,image_width,image_channels,label,label_name,split"
         << (montage_ ? ",montage_row,montage_column" : "") << "\n";
    return absl::OkStatus();
  }

  absl::Status ShowRecord(const Sample& sample) {
    const std::string picture = PictureName(result_.records, sample.image_name);
    const std::string path = absl::StrCat(options_.output, "/", picture);
    MILLRACE_RETURN_IF_ERROR(WritePng(path, sample.pixels.view(), sample.height, sample.width, sample.channels));
    csv_ << absl::StrCat(CsvCell(picture), ",", CsvCell(sample.image_name), ",", sample.height, ",", sample.width, ",",
                         sample.channels, ",", sample.label.has_value() ? absl::StrCat(*sample.label) : "", ",",
                         CsvCell(LabelName(sample)), ",", CsvCell(sample.split), MontageCells(), "\n");
    if (montage_.has_value() && !montage_->full()) montage_->Add(sample);
    ++result_.records;
    result_.images.push_back(path);
    return absl::OkStatus();
  }

  // Of the picture that is about to be added.
  std::string MontageCells() const {
    if (!montage_.has_value()) return "";
    return montage_->full() ? ",," : absl::StrCat(",", montage_->next_row(), ",", montage_->next_column());
  }

  std::string LabelName(const Sample& sample) const {
    const int64_t label = sample.label.value_or(-1);
    const bool named = label >= 0 && label < static_cast<int64_t>(dataset_.vocabulary.size());
    return named ? dataset_.vocabulary[static_cast<size_t>(label)] : "";
  }

  const Store& store_;
  const Dataset& dataset_;
  const InspectOptions& options_;
  std::optional<Montage> montage_;
  std::ofstream csv_;
  InspectResult result_;
};

}  // namespace

absl::StatusOr<InspectResult> InspectDataset(const Store& store, absl::string_view folder,
                                             const InspectOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(const Dataset dataset, OpenDataset(store, folder));
  return Inspection(store, dataset, options).Run();
}

}  // namespace millrace
