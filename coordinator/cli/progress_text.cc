// The forms in which a ProgressView is shown.
#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "common/base/log.h"
#include "coordinator/cli/progress.h"
#include "coordinator/cli/text.h"

namespace millrace::cli {
namespace {

double Fraction(const ProgressView& view) {
  if (view.rows_total <= 0) return 0;
  return std::clamp(static_cast<double>(view.rows) / static_cast<double>(view.rows_total), 0.0, 1.0);
}

std::string Rows(const ProgressView& view) {
  if (view.rows_total <= 0) return absl::StrCat(WithThousands(view.rows), " rows");
  return absl::StrCat(WithThousands(view.rows), "/", WithThousands(view.rows_total), " rows");
}

std::string Rate(const ProgressView& view) {
  return absl::StrCat(WithThousands(static_cast<int64_t>(view.rows_per_second + 0.5)), " rows/s");
}

std::string Megabytes(const ProgressView& view) { return absl::StrFormat("%.1f MB/s", view.bytes_per_second / 1e6); }

// Everything that was seen and is not in a shard.
std::string Discarded(const ProgressView& view) {
  return absl::StrCat(WithThousands(view.discarded + view.dead_letters), " discarded");
}

std::string Remaining(const ProgressView& view) {
  return view.remaining ? absl::StrCat("ETA ", ClockTime(*view.remaining)) : "";
}

std::string Joined(const std::vector<std::string>& fields) {
  return absl::StrJoin(fields, "  ", [](std::string* out, const std::string& field) { absl::StrAppend(out, field); });
}

std::vector<std::string> Kept(const std::vector<std::string>& fields) {
  std::vector<std::string> kept;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(kept), [](const auto& f) { return !f.empty(); });
  return kept;
}

// Those that do not fit are emptied, in `drop_order`; the order on the line stays.
void Fit(std::vector<std::string>& fields, const std::vector<size_t>& drop_order, size_t width) {
  for (size_t index : drop_order) {
    if (Joined(Kept(fields)).size() <= width) return;
    fields[index].clear();
  }
}

std::string Gauge(double fraction, int cells) {
  const int full = static_cast<int>(fraction * cells);
  std::string gauge = absl::StrCat("[", std::string(static_cast<size_t>(full), '='));
  if (full < cells) absl::StrAppend(&gauge, ">", std::string(static_cast<size_t>(cells - full - 1), ' '));
  return gauge + "]";
}

}  // namespace

std::string ProgressBar(const ProgressView& view, int width) {
  constexpr int kLeastCells = 8, kMostCells = 30;
  const size_t room = static_cast<size_t>(std::max(width - 1, 4));  // a full line makes some terminals wrap
  const std::string percent = view.rows_total > 0 ? absl::StrFormat("%3.0f%%", Fraction(view) * 100) : "";
  const std::string waiting = view.waiting_for.empty() ? "" : absl::StrCat("waiting: ", view.waiting_for);
  std::vector<std::string> fields = {
      view.stage, "", percent, Rows(view), Rate(view), Megabytes(view), Discarded(view), Remaining(view), waiting};
  Fit(fields, {8, 5, 6, 0, 7, 4, 3}, room);
  // What is left belongs to the gauge: two spaces and its two brackets go off.
  const int cells = std::min(static_cast<int>(room - std::min(room, Joined(Kept(fields)).size())) - 4, kMostCells);
  if (view.rows_total > 0 && cells >= kLeastCells) fields[1] = Gauge(Fraction(view), cells);
  return Joined(Kept(fields)).substr(0, room);
}

std::string ProgressLine(const ProgressView& view) {
  std::vector<std::string> fields = {view.stage};
  if (view.rows_total > 0) fields.push_back(absl::StrFormat("%.0f%%", Fraction(view) * 100));
  fields.insert(fields.end(), {Rows(view), Rate(view), Megabytes(view), Discarded(view)});
  if (view.shards_total > 0) fields.push_back(absl::StrCat(view.shards_done, "/", view.shards_total, " shards"));
  if (view.remaining) fields.push_back(Remaining(view));
  if (!view.waiting_for.empty()) fields.push_back(absl::StrCat("waiting: ", view.waiting_for));
  return Joined(fields);
}

std::string ProgressJson(const ProgressView& view) {
  const std::string remaining =
      view.remaining ? absl::StrFormat("%.1f", absl::ToDoubleSeconds(*view.remaining)) : "null";
  return absl::StrFormat(
      R"({"job_id":"%s","stage":"%s","rows":%d,"rows_total":%d,"discarded":%d,"dead_letters":%d,)"
      R"("shards_done":%d,"shards_total":%d,"rows_per_second":%.1f,"mb_per_second":%.2f,"eta_seconds":%s,"seconds":%.1f})",
      JsonEscape(view.job_id), view.stage, view.rows, view.rows_total, view.discarded, view.dead_letters,
      view.shards_done, view.shards_total, view.rows_per_second, view.bytes_per_second / 1e6, remaining,
      absl::ToDoubleSeconds(view.elapsed));
}

}  // namespace millrace::cli
