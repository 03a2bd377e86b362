// The flags by which an operator says how workers fetch from the network: the same for millrace-worker, `millrace up`
// and a run inside `millrace convert`.
#pragma once

#include <string>
#include <vector>

#include "common/net/http_fetcher.h"

namespace millrace {

struct FetchFlags {
  std::vector<std::string> allow;
  int in_flight = 0;  // 0: the default of HttpOptions
  int per_host = 0;
  bool ignore_robots = false;
  std::string user_agent;
  std::string proxy;
  std::string ca_file;

  bool given() const { return !ToArguments().empty(); }

  HttpOptions ToOptions() const {
    HttpOptions options;
    options.allow = allow;
    if (in_flight != 0) options.max_in_flight = in_flight;
    if (per_host != 0) options.max_per_host = per_host;
    options.respect_robots = !ignore_robots;
    options.user_agent = user_agent;
    options.proxy = proxy;
    options.ca_file = ca_file;
    return options;
  }

  // As they would be typed.
  std::vector<std::string> ToArguments() const {
    std::vector<std::string> typed;
    const auto add = [&](const char* flag, const std::string& value) {
      if (!value.empty()) typed.insert(typed.end(), {flag, value});
    };
    for (const std::string& entry : allow) add("--fetch-allow", entry);
    add("--fetch-in-flight", in_flight != 0 ? std::to_string(in_flight) : "");
    add("--fetch-per-host", per_host != 0 ? std::to_string(per_host) : "");
    if (ignore_robots) typed.push_back("--fetch-ignore-robots");
    add("--fetch-user-agent", user_agent);
    add("--fetch-proxy", proxy);
    add("--fetch-ca-file", ca_file);
    return typed;
  }

  // `App` is CLI::App: this header does not need CLI11.
  template <typename App>
  void AddTo(App& app) {
    app.add_option("--fetch-allow", allow,
                   "Images may be fetched from this network or host although it is not public; may be repeated")
        ->type_name("CIDR|HOST")
        ->allow_extra_args(false);
    app.add_option("--fetch-in-flight", in_flight, "Requests at a time, over all hosts (default 256)")->type_name("N");
    app.add_option("--fetch-per-host", per_host, "Requests at a time to one host (default 32)")->type_name("N");
    app.add_flag("--fetch-ignore-robots", ignore_robots, "Take images whose X-Robots-Tag says noai or noindex, too");
    app.add_option("--fetch-user-agent", user_agent, "What is said to hosts (default millrace/VERSION)")
        ->type_name("TEXT");
    app.add_option("--fetch-proxy", proxy, "Fetch through this proxy (default none)")->type_name("URL");
    app.add_option("--fetch-ca-file", ca_file, "Certificates to trust, PEM (default the system's)")->type_name("FILE");
  }
};

}  // namespace millrace
