#include "common/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/mutex.h"
#include "common/base/version.h"
#include "common/metrics/process_metrics.h"

namespace millrace {
namespace {

constexpr absl::string_view kOther = "other";

[[noreturn]] void Bug(const MetricFamily& family, absl::string_view what) {
  std::fprintf(stderr, "bug: metric %s: %s\n", family.name.c_str(), std::string(what).c_str());
  std::abort();
}

bool IsLowerSnake(absl::string_view name) {
  for (const char c : name)
    if (!std::islower(static_cast<unsigned char>(c)) && !std::isdigit(static_cast<unsigned char>(c)) && c != '_')
      return false;
  return !name.empty() && std::islower(static_cast<unsigned char>(name[0]));
}

// Prometheus' naming rules, as far as a machine can check them.
void CheckFamily(const MetricFamily& family) {
  if (!IsLowerSnake(family.name)) Bug(family, "the name is not lower_snake_case");
  if (!absl::StartsWith(family.name, "millrace_") && !absl::StartsWith(family.name, "process_"))
    Bug(family, "the name has no known prefix");
  if (family.help.empty()) Bug(family, "no help text");
  if (absl::EndsWith(family.name, "_total") != (family.type == MetricType::kCounter))
    Bug(family, "counters end in _total, nothing else does");
  if (family.label.empty() != family.values.empty()) Bug(family, "a label and its values come together");
  if (!family.label.empty() && !IsLowerSnake(family.label)) Bug(family, "the label is not lower_snake_case");
  if ((family.type == MetricType::kHistogram) == family.buckets.empty()) Bug(family, "histograms have buckets");
}

// prometheus-cpp prints the help text as it is; a line break in it would break the whole exposition.
std::string EscapeHelp(absl::string_view help) { return absl::StrReplaceAll(help, {{"\\", "\\\\"}, {"\n", "\\n"}}); }

prometheus::Labels LabelsOf(const MetricFamily& family, absl::string_view value) {
  if (family.label.empty()) return {};
  return {{family.label, std::string(value)}};
}

// Makes all series of `family` so that each exists at 0 before anything happens.
template <typename Instrument, typename Family, typename... Extra>
absl::flat_hash_map<std::string, Instrument*> MakeSeries(const MetricFamily& family, Family& made, Extra... extra) {
  absl::flat_hash_map<std::string, Instrument*> series;
  if (family.label.empty()) {
    series[""] = &made.Add({}, extra...);
    return series;
  }
  for (const std::string& value : family.values) series[value] = &made.Add(LabelsOf(family, value), extra...);
  if (!series.contains(kOther)) series[kOther] = &made.Add(LabelsOf(family, kOther), extra...);
  return series;
}

prometheus::MetricFamily EmptyFamily(const MetricFamily& family) {
  const auto type =
      family.type == MetricType::kCounter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  return {family.name, EscapeHelp(family.help), type, {}};
}

prometheus::ClientMetric SampleOf(const MetricFamily& family, const MetricSample& sample) {
  prometheus::ClientMetric metric;
  if (!family.label.empty()) {
    const bool known = std::find(family.values.begin(), family.values.end(), sample.value) != family.values.end();
    metric.label.push_back({family.label, std::string(known ? sample.value : kOther)});
  }
  metric.counter.value = sample.number;
  metric.gauge.value = sample.number;
  return metric;
}

const MetricFamily kBuildInfo = {MetricType::kGauge,
                                 "millrace_build_info",
                                 "1; the label says which version runs.",
                                 "version",
                                 {std::string(kVersion)}};

}  // namespace

struct Metrics::Impl {
  struct SourceOfSamples {
    std::vector<MetricFamily> families;
    std::function<std::vector<MetricSample>()> read;
  };

  void Declare(const MetricFamily& family) {
    CheckFamily(family);
    MutexLock lock(&mu);
    if (!names.insert(family.name).second) Bug(family, "declared twice");
  }

  prometheus::Registry registry;  // its own synchronisation
  mutable Mutex mu;
  absl::flat_hash_set<std::string> names ABSL_GUARDED_BY(mu);
  std::vector<std::shared_ptr<const SourceOfSamples>> sources ABSL_GUARDED_BY(mu);
};

template <typename Instrument>
Instrument& SeriesByValue<Instrument>::At(absl::string_view value) const {
  auto found = series_.find(value);
  if (found == series_.end()) found = series_.find(kOther);
  if (found == series_.end()) found = series_.begin();  // a family without a label has one series
  return *found->second;
}

void CounterFamily::Add(absl::string_view value, double by) const { At(value).Increment(by); }
void GaugeFamily::Set(absl::string_view value, double to) const { At(value).Set(to); }
void HistogramFamily::Observe(absl::string_view value, double what) const { At(value).Observe(what); }

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  impl_->Declare(kBuildInfo);
  auto& build = prometheus::BuildGauge().Name(kBuildInfo.name).Help(kBuildInfo.help).Register(impl_->registry);
  build.Add({{"version", std::string(kVersion)}, {"compiler", __VERSION__}}).Set(1);
  AddSource(ProcessFamilies(), ReadProcess);
}

Metrics::~Metrics() = default;

CounterFamily Metrics::AddCounter(const MetricFamily& family) {
  if (family.type != MetricType::kCounter) Bug(family, "not a counter");
  impl_->Declare(family);
  auto& made = prometheus::BuildCounter().Name(family.name).Help(EscapeHelp(family.help)).Register(impl_->registry);
  return CounterFamily(MakeSeries<prometheus::Counter>(family, made));
}

GaugeFamily Metrics::AddGauge(const MetricFamily& family) {
  if (family.type != MetricType::kGauge) Bug(family, "not a gauge");
  impl_->Declare(family);
  auto& made = prometheus::BuildGauge().Name(family.name).Help(EscapeHelp(family.help)).Register(impl_->registry);
  return GaugeFamily(MakeSeries<prometheus::Gauge>(family, made));
}

HistogramFamily Metrics::AddHistogram(const MetricFamily& family) {
  if (family.type != MetricType::kHistogram) Bug(family, "not a histogram");
  impl_->Declare(family);
  auto& made = prometheus::BuildHistogram().Name(family.name).Help(EscapeHelp(family.help)).Register(impl_->registry);
  return HistogramFamily(MakeSeries<prometheus::Histogram>(family, made, family.buckets));
}

void Metrics::AddSource(std::vector<MetricFamily> families, std::function<std::vector<MetricSample>()> read) {
  for (const MetricFamily& family : families) {
    if (family.type == MetricType::kHistogram) Bug(family, "a source gives counters and gauges");
    impl_->Declare(family);
  }
  auto source = std::make_shared<Impl::SourceOfSamples>(Impl::SourceOfSamples{std::move(families), std::move(read)});
  MutexLock lock(&impl_->mu);
  impl_->sources.push_back(std::move(source));
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> all = impl_->registry.Collect();
  std::vector<std::shared_ptr<const Impl::SourceOfSamples>> sources;
  {
    MutexLock lock(&impl_->mu);  // not held while a source reads: it may take locks of its own
    sources = impl_->sources;
  }
  for (const auto& source : sources) {
    const std::vector<MetricSample> samples = source->read();
    for (const MetricFamily& family : source->families) {
      prometheus::MetricFamily out = EmptyFamily(family);
      for (const MetricSample& sample : samples)
        if (sample.family == family.name) out.metric.push_back(SampleOf(family, sample));
      if (!out.metric.empty()) all.push_back(std::move(out));
    }
  }
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace millrace
