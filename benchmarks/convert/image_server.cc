// image_server --root DIR [--delay-ms 20]: serves the files of a folder over HTTP/1.1 on the loopback, each request
// after the same delay, for benchmarks of fetching. One thread, so that a server that shares the cores with what is
// measured costs as little as it can. Prints "http://127.0.0.1:PORT" and runs until its standard input ends.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <sstream>
#include <string>
#include <unordered_map>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int socket = -1;
  std::string in;
};

struct Due {
  Clock::time_point when;
  int socket;
  const std::string* answer;
};

class Server {
 public:
  Server(std::string root, int delay_ms) : root_(std::move(root)), delay_(delay_ms) {}

  int Listen() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in where = {};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&where), size) != 0 || listen(listener_, 1024) != 0) return -1;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size);
    Watch(listener_);
    Watch(STDIN_FILENO);
    return ntohs(where.sin_port);
  }

  void Run() {
    epoll_event events[256];
    for (;;) {
      const int n = epoll_wait(epoll_, events, 256, MsToNext());
      for (int i = 0; i < n; ++i) {
        if (events[i].data.fd == STDIN_FILENO) return;
        if (events[i].data.fd == listener_) {
          Accept();
        } else {
          Read(events[i].data.fd);
        }
      }
      AnswerDue();
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event = {};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  int MsToNext() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.front().when - Clock::now()).count();
    return static_cast<int>(std::max<int64_t>(left, 0));
  }

  void Accept() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      connections_[fd] = {fd, ""};
      Watch(fd);
    }
  }

  void Read(int fd) {
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) {
      connections_.erase(fd);
      close(fd);
      return;
    }
    std::string& in = connections_[fd].in;
    in.append(buffer, static_cast<size_t>(n));
    for (size_t end; (end = in.find("\r\n\r\n")) != std::string::npos; in.erase(0, end + 4)) {
      const size_t path = in.find(' ') + 1;
      due_.push_back({Clock::now() + delay_, fd, &Answer(in.substr(path, in.find(' ', path) - path))});
    }
  }

  void AnswerDue() {
    for (const auto now = Clock::now(); !due_.empty() && due_.front().when <= now; due_.pop_front()) {
      if (connections_.count(due_.front().socket) != 0) Write(due_.front().socket, *due_.front().answer);
    }
  }

  // A full socket buffer is waited for: the client is on this machine and reads.
  static void Write(int fd, const std::string& bytes) {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t n = send(fd, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (n > 0) done += static_cast<size_t>(n);
      if (n < 0 && errno != EAGAIN) return;
    }
  }

  const std::string& Answer(const std::string& path) {
    std::string& answer = answers_[path];
    if (!answer.empty()) return answer;
    std::ifstream file(root_ + path, std::ios::binary);
    std::ostringstream bytes;
    if (file) bytes << file.rdbuf();
    const std::string body = bytes.str();
    answer = (file ? "HTTP/1.1 200 OK" : "HTTP/1.1 404 Not Found");
    answer += "\r\nContent-Type: image/jpeg\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    return answer;
  }

  const std::string root_;
  const std::chrono::milliseconds delay_;
  const int epoll_ = epoll_create1(0);
  int listener_ = -1;
  std::unordered_map<int, Connection> connections_;
  std::unordered_map<std::string, std::string> answers_;
  std::deque<Due> due_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Serves the files of a folder over HTTP, each request after the same delay.");
  std::string root;
  int delay_ms = 20;
  app.add_option("--root", root, "Folder")->required();
  app.add_option("--delay-ms", delay_ms, "Before every answer")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  Server server(root, delay_ms);
  const int port = server.Listen();
  if (port < 0) return 1;
  std::printf("http://127.0.0.1:%d\n", port);
  std::fflush(stdout);
  server.Run();
}
