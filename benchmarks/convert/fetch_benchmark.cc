// fetch_benchmark --input URIS [--in-flight 256]: fetches every line of a file with HttpFetcher and prints images a
// second, bytes and CPU seconds as one JSON object. benchmarks/convert/fetch.py runs it beside curl.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <string>
#include <vector>

#include "common/net/http_fetcher.h"

namespace millrace {
namespace {

double CpuSeconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Run(const std::string& input, int in_flight) {
  std::ifstream file(input);
  std::vector<std::string> uris;
  for (std::string line; std::getline(file, line);) uris.push_back(line);
  HttpOptions options;
  options.max_in_flight = options.max_per_host = in_flight;
  options.allow = {"127.0.0.1"};
  auto fetcher = HttpFetcher::Create(options);
  if (!fetcher.ok()) return 1;
  const auto start = std::chrono::steady_clock::now();
  std::deque<FetchTicket> window;  // in order, as a shard's writer consumes
  size_t ok = 0;
  size_t bytes = 0;
  size_t next = 0;
  while (next < uris.size() || !window.empty()) {
    while (next < uris.size() && window.size() < 2 * static_cast<size_t>(in_flight)) {
      window.push_back((*fetcher)->Start({.uri = uris[next++]}));
    }
    window.front().Wait();
    const FetchResult result = window.front().Take();
    window.pop_front();
    ok += result.outcome == FetchResult::Outcome::kOk;
    bytes += result.body.size();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("{\"images\": %zu, \"bytes\": %zu, \"seconds\": %.3f, \"per_second\": %.0f, \"cpu_seconds\": %.3f}\n", ok,
              bytes, seconds, static_cast<double>(ok) / seconds, CpuSeconds());
  return ok == uris.size() ? 0 : 1;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  CLI::App app("Fetches every URI of a file.");
  std::string input;
  int in_flight = 256;
  app.add_option("--input", input, "A URI a line")->required();
  app.add_option("--in-flight", in_flight, "Requests at a time, also of one host")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return millrace::Run(input, in_flight);
}
