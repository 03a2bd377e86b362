// A folder of pictures, <split>/<label>/<file> or <label>/<file>, in the order of the names' bytes.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/csv/splitter.h"
#include "common/input/row_reader.h"

namespace millrace {
namespace {

constexpr absl::string_view kPictures[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp"};

bool IsPicture(absl::string_view name) {
  return std::any_of(std::begin(kPictures), std::end(kPictures),
                     [&](absl::string_view ending) { return absl::EndsWithIgnoreCase(name, ending); });
}

struct Listing {
  std::vector<std::string> folders, files;  // by name; links count as what they lead to
};

absl::StatusOr<Listing> List(const std::string& folder) {
  Listing listing;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name[0] == '.') continue;  // .DS_Store, .thumbnails: nobody means them
    std::error_code broken_link;
    (entry->is_directory(broken_link) ? listing.folders : listing.files).push_back(name);
  }
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat(JsonEscape(folder), ": cannot be listed"));
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.files.begin(), listing.files.end());
  return listing;
}

class ImageFolder : public RowReader {
 public:
  explicit ImageFolder(absl::string_view path) : root_(absl::StrCat(absl::StripSuffix(path, "/"), "/")) {}

  absl::Status Start() {
    MILLRACE_ASSIGN_OR_RETURN(const Listing top, List(root_));
    Ignore("", top.files);
    const auto splits = std::count_if(top.folders.begin(), top.folders.end(), IsSplitWord);
    if (splits > 0 && splits < static_cast<int64_t>(top.folders.size())) return Mixed(top);
    for (const std::string& folder : top.folders) {
      if (splits == 0) {
        labels_.push_back({"", folder, folder});
        continue;
      }
      MILLRACE_ASSIGN_OR_RETURN(const Listing split, List(root_ + folder));
      Ignore(folder + "/", split.files);
      for (const std::string& label : split.folders)
        labels_.push_back({folder, label, absl::StrCat(folder, "/", label)});
    }
    MILLRACE_RETURN_IF_ERROR(OpenNextLabel());
    if (next_file_ < files_.size()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(JsonEscape(root_),
                     ": no picture was found as <label>/<file> or <split>/<label>/<file>; "
                     "their names end with .jpg, .jpeg, .png, .webp or .bmp"));
  }

  int64_t bytes_read() const override { return 0; }
  std::string Description() const override {
    return labels_[0].split.empty() ? "folder, <label>/<file>" : "folder, <split>/<label>/<file>";
  }
  std::vector<std::string> Warnings() const override {
    if (ignored_ == 0) return {};
    return {
        absl::StrCat(WithThousands(ignored_), " entries of ", JsonEscape(root_),
                     " are no pictures by their name, or do not lie where a picture of a label does; they were left "
                     "out. The first is ",
                     JsonEscape(first_ignored_))};
  }

 private:
  struct Label {
    std::string split, name, folder;  // folder: below root_
  };

  absl::Status Mixed(const Listing& top) const {
    const auto other = std::find_if_not(top.folders.begin(), top.folders.end(), IsSplitWord);
    const auto split = std::find_if(top.folders.begin(), top.folders.end(), IsSplitWord);
    return absl::InvalidArgumentError(absl::StrCat(
        JsonEscape(root_), ": is it <split>/<label>/<file> or <label>/<file>? '", JsonEscape(*split), "' is a split, '",
        JsonEscape(*other), "' is none; make a CSV with `millrace datasets list-images` of each"));
  }

  void Ignore(const std::string& below, const std::vector<std::string>& names) {
    for (const std::string& name : names)
      if (ignored_++ == 0) first_ignored_ = below + name;
  }

  // Goes on to the next label that has a picture; files_ stays empty behind the last.
  absl::Status OpenNextLabel() {
    files_.clear();
    next_file_ = 0;
    for (; files_.empty() && next_label_ < labels_.size(); ++next_label_) {
      const std::string& folder = labels_[next_label_].folder;
      MILLRACE_ASSIGN_OR_RETURN(Listing listing, List(root_ + folder));
      Ignore(folder + "/", listing.folders);
      const auto others = std::stable_partition(listing.files.begin(), listing.files.end(), IsPicture);
      Ignore(folder + "/", {others, listing.files.end()});
      listing.files.erase(others, listing.files.end());
      files_ = std::move(listing.files);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> NextImpl(InputRow& row) override {
    if (next_file_ == files_.size()) MILLRACE_RETURN_IF_ERROR(OpenNextLabel());
    if (files_.empty()) return false;
    const Label& label = labels_[next_label_ - 1];
    uri_ = absl::StrCat(label.folder, "/", files_[next_file_++]);
    row.Clear();
    row.line = rows() + 1;
    row.split = label.split;
    row.uri = uri_;
    row.label = label.name;
    row.has_label = true;
    if (HasLineBreak(label.name)) row.Refuse("row/label_line_break");
    return true;
  }

  const std::string root_;
  std::vector<Label> labels_;
  size_t next_label_ = 0;
  std::vector<std::string> files_;  // pictures of the label before next_label_
  size_t next_file_ = 0;
  std::string uri_;
  int64_t ignored_ = 0;
  std::string first_ignored_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RowReader>> OpenImageFolder(absl::string_view path) {
  auto folder = std::make_unique<ImageFolder>(path);
  MILLRACE_RETURN_IF_ERROR(folder->Start());
  return std::unique_ptr<RowReader>(std::move(folder));
}

}  // namespace millrace
