// Metrics: the numbers that a daemon shows to Prometheus. prometheus-cpp core keeps and prints them; its headers stay
// in metrics.cc.
//
// A family is declared once, beside the code that counts, with its help text and every value its one label may have: so
// a job id, a URI or a user's word can never become a label. All series exist from the start, at 0.
//
//   const MetricFamily kRows = {MetricType::kCounter, "millrace_worker_rows_total", "Rows by what became of them.",
//                               "outcome", {"written", "dead_letter"}};
//   CounterFamily rows = metrics.AddCounter(kRows);
//   rows.Add("written", 12);
//
// Thread-safe. The handles are small, copied freely, and valid as long as the Metrics they came from. A family whose
// name breaks Prometheus' rules or that is declared twice is a bug of ours and ends the process.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace millrace {

enum class MetricType { kCounter, kGauge, kHistogram };

// The unit is the name's last word (seconds, bytes; counters end in _total).
struct MetricFamily {
  MetricType type;
  std::string name;
  std::string help;
  std::string label = {};                // empty: one series without a label
  std::vector<std::string> values = {};  // all values of the label; any other value is counted as "other"
  std::vector<double> buckets = {};      // histograms: upper bounds, ascending
};

// The series of one family by label value.
template <typename Instrument>
class SeriesByValue {
 public:
  explicit SeriesByValue(absl::flat_hash_map<std::string, Instrument*> series) : series_(std::move(series)) {}
  Instrument& At(absl::string_view value) const;

 private:
  absl::flat_hash_map<std::string, Instrument*> series_;
};

class CounterFamily : public SeriesByValue<prometheus::Counter> {
 public:
  using SeriesByValue::SeriesByValue;
  void Add(absl::string_view value, double by) const;  // by ≥ 0
  void Add(double by) const { Add("", by); }
};
class GaugeFamily : public SeriesByValue<prometheus::Gauge> {
 public:
  using SeriesByValue::SeriesByValue;
  void Set(absl::string_view value, double to) const;
  void Set(double to) const { Set("", to); }
};
class HistogramFamily : public SeriesByValue<prometheus::Histogram> {
 public:
  using SeriesByValue::SeriesByValue;
  void Observe(absl::string_view value, double what) const;
  void Observe(double what) const { Observe("", what); }
};

// One number read at the moment of a scrape, for sources that count themselves.
struct MetricSample {
  absl::string_view family;  // name of a declared counter or gauge
  absl::string_view value;   // of the label; empty without one
  double number;
};

class Metrics {
 public:
  // Starts with millrace_build_info and the process_* families.
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  CounterFamily AddCounter(const MetricFamily& family);
  GaugeFamily AddGauge(const MetricFamily& family);
  HistogramFamily AddHistogram(const MetricFamily& family);
  // Calls `read` for every Text(), on its thread; families of which it gives no sample are left out of that text.
  void AddSource(std::vector<MetricFamily> families, std::function<std::vector<MetricSample>()> read);

  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
