#include "common/net/http_server.h"

#include <microhttpd.h>
#include <unistd.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/net/address.h"
#include "common/net/listen_socket.h"

namespace millrace {
namespace {

constexpr unsigned kThreads = 2;

// "name:70" → "name", "[::1]:70" → "::1".
std::string HostName(absl::string_view header) {
  absl::string_view host = header.substr(0, header.rfind(':'));
  if (!header.empty() && header.back() == ']') host = header;
  if (!host.empty() && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return absl::AsciiStrToLower(host);
}

std::string ThisMachine() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return absl::AsciiStrToLower(name);
}

struct WantedHeader {
  absl::string_view name;
  std::vector<std::string> values;
};

MHD_Result CollectHeader(void* state, MHD_ValueKind, const char* name, const char* value) {
  auto* wanted = static_cast<WantedHeader*>(state);
  if (absl::EqualsIgnoreCase(name, wanted->name)) wanted->values.emplace_back(value == nullptr ? "" : value);
  return MHD_YES;
}

// Values of all headers of one name.
std::vector<std::string> HeaderValues(MHD_Connection* connection, absl::string_view name) {
  WantedHeader wanted{name, {}};
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &CollectHeader, &wanted);
  return wanted.values;
}

MHD_Result Reply(MHD_Connection* connection, const HttpResponse& response, const std::string& allow = "") {
  MHD_Response* reply = MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                                        MHD_RESPMEM_MUST_COPY);
  if (reply == nullptr) return MHD_NO;
  MHD_add_response_header(reply, "Content-Type", response.content_type.c_str());
  MHD_add_response_header(reply, "Cache-Control", "no-store");
  MHD_add_response_header(reply, "X-Content-Type-Options", "nosniff");
  if (!allow.empty()) MHD_add_response_header(reply, "Allow", allow.c_str());
  const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), reply);
  MHD_destroy_response(reply);
  return queued;
}

// One request on its way, from its head to the end of its answer.
struct Exchange {
  const HttpHandler* handler;
  HttpRequest request;
};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions options_in, std::vector<HttpHandler> handlers_in)
      : options(std::move(options_in)), handlers(std::move(handlers_in)), this_machine(ThisMachine()) {}

  bool HostAllowed(MHD_Connection* connection) const;
  std::string MethodsOf(absl::string_view path) const;
  const HttpHandler* Find(absl::string_view method, absl::string_view path) const;
  MHD_Result Begin(MHD_Connection* connection, absl::string_view method, const char* path, void** state);
  MHD_Result Continue(MHD_Connection* connection, Exchange* exchange, const char* data, size_t* size);
  void End(Exchange* exchange);
  void Stop();

  // Constant after Start.
  const HttpServerOptions options;
  const std::vector<HttpHandler> handlers;
  const std::string this_machine;
  MHD_Daemon* daemon = nullptr;  // null after Stop
  int port = 0;
  std::string address;

  Mutex mu;
  int running ABSL_GUARDED_BY(mu) = 0;  // exchanges
};

bool HttpServer::Impl::HostAllowed(MHD_Connection* connection) const {
  const std::vector<std::string> values = HeaderValues(connection, "Host");
  if (values.empty()) return true;  // HTTP/1.0: not a browser (1.1 without Host was answered 400 by the library)
  if (values.size() > 1) return false;
  const std::string host = HostName(values[0]);
  if (host == "localhost" || host == this_machine || IsIpLiteral(host)) return true;
  for (const std::string& allowed : options.allowed_hosts)
    if (absl::EqualsIgnoreCase(host, allowed)) return true;
  return false;
}

const HttpHandler* HttpServer::Impl::Find(absl::string_view method, absl::string_view path) const {
  const absl::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const HttpHandler& handler : handlers)
    if (handler.method == wanted && handler.path == path) return &handler;
  return nullptr;
}

// "GET, HEAD"; empty if nothing lives at `path`.
std::string HttpServer::Impl::MethodsOf(absl::string_view path) const {
  std::vector<std::string> methods;
  for (const HttpHandler& handler : handlers) {
    if (handler.path != path) continue;
    methods.push_back(handler.method);
    if (handler.method == "GET") methods.push_back("HEAD");
  }
  return absl::StrJoin(methods, ", ");
}

// The head has come. What can be refused is refused now, before a byte of the body is read.
MHD_Result HttpServer::Impl::Begin(MHD_Connection* connection, absl::string_view method, const char* path,
                                   void** state) {
  if (!HostAllowed(connection))
    return Reply(connection, {.status = 403, .body = "this Host name is not allowed here; use the IP address\n"});
  const HttpHandler* handler = Find(method, path);
  if (handler == nullptr) {
    const std::string methods = MethodsOf(path);
    if (!methods.empty()) return Reply(connection, {.status = 405, .body = "use " + methods + "\n"}, methods);
    return Reply(connection, {.status = 404, .body = "nothing here; / names the pages\n"});
  }
  for (const std::string& length : HeaderValues(connection, "Content-Length")) {
    uint64_t bytes = 0;
    if (absl::SimpleAtoi(length, &bytes) && bytes > options.max_body_bytes)
      return Reply(connection, {.status = 413, .body = absl::StrCat("at most ", options.max_body_bytes, " bytes\n")});
  }
  *state = new Exchange{handler, {.method = handler->method, .path = path, .body = ""}};
  MutexLock lock(&mu);
  ++running;
  return MHD_YES;
}

MHD_Result HttpServer::Impl::Continue(MHD_Connection* connection, Exchange* exchange, const char* data, size_t* size) {
  if (*size == 0) return Reply(connection, exchange->handler->handle(exchange->request));
  // Only a body of undeclared length gets here; the library cannot answer in its middle, so the connection is closed.
  if (exchange->request.body.size() + *size > options.max_body_bytes) return MHD_NO;
  exchange->request.body.append(data, *size);
  *size = 0;
  return MHD_YES;
}

void HttpServer::Impl::End(Exchange* exchange) {
  delete exchange;
  MutexLock lock(&mu);
  --running;
}

void HttpServer::Impl::Stop() {
  if (daemon == nullptr) return;
  const int listening = MHD_quiesce_daemon(daemon);
  {
    MutexLock lock(&mu);
    mu.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return running == 0; }, options.stop_timeout);
  }
  MHD_stop_daemon(std::exchange(daemon, nullptr));
  if (listening >= 0) close(listening);
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options,
                                                              std::vector<HttpHandler> handlers) {
  MILLRACE_ASSIGN_OR_RETURN(Address address, ParseAddress(options.address));
  MILLRACE_ASSIGN_OR_RETURN(const int socket, Listen(address));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(handlers));
  address.port = static_cast<uint16_t>(PortOf(socket));
  impl->port = address.port;
  impl->address = FormatAddress(address);
  impl->daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, nullptr, nullptr,
      [](void* self, MHD_Connection* connection, const char* path, const char* method, const char*, const char* data,
         size_t* size, void** state) {
        auto* impl = static_cast<Impl*>(self);
        if (*state == nullptr) return impl->Begin(connection, method, path, state);
        return impl->Continue(connection, static_cast<Exchange*>(*state), data, size);
      },
      impl.get(), MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_THREAD_POOL_SIZE, kThreads, MHD_OPTION_NOTIFY_COMPLETED,
      +[](void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode) {
        if (*state != nullptr) static_cast<Impl*>(self)->End(static_cast<Exchange*>(*state));
      },
      impl.get(), MHD_OPTION_CONNECTION_TIMEOUT,
      static_cast<unsigned>(absl::ToInt64Seconds(impl->options.idle_timeout)), MHD_OPTION_CONNECTION_LIMIT,
      impl->options.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, impl->options.max_header_bytes,
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
  if (impl->daemon == nullptr) {
    close(socket);
    return absl::UnavailableError(absl::StrCat("cannot serve HTTP on ", impl->address));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { Stop(); }
int HttpServer::port() const { return impl_->port; }
const std::string& HttpServer::address() const { return impl_->address; }
void HttpServer::Stop() { impl_->Stop(); }

}  // namespace millrace
