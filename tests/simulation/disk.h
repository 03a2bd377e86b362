// Disk: what a machine sees at its paths: visible objects, and prepared bytes that nobody sees. The Store contract
// (common/storage/storage.h) in small; whole bytes at a time, except that a prepared file is begun and finished in two
// steps, so that a crash between them leaves a torn one behind.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/task.pb.h"

namespace millrace::simulation {

class Disk {
 public:
  explicit Disk(std::string name) : name_(std::move(name)) {}

  // Called whenever something appears under, or vanishes from (`bytes` null), a name outside a staging folder.
  std::function<void(const Disk&, const std::string& path, const std::string* bytes)> on_visible =
      [](const Disk&, const std::string&, const std::string*) {};

  const std::string& name() const { return name_; }
  const std::string* Find(const std::string& path) const;
  absl::Status CreateExclusive(const std::string& path, const std::string& bytes);
  void BeginPrepare(const std::string& staging, const std::string& half);
  PreparedFile FinishPrepare(const std::string& path, const std::string& staging, const std::string& bytes);
  absl::Status Publish(const PreparedFile& file);
  void Write(const std::string& path, const std::string& bytes);  // below a staging folder
  void Remove(const std::string& path);
  void RemoveTree(const std::string& folder);
  // Objects below `folder` but not below its staging folder.
  std::map<std::string, std::string> Visible(const std::string& folder) const;

 private:
  void Appear(const std::string& path, const std::string& bytes);

  const std::string name_;
  std::map<std::string, std::string> objects_;
  std::map<std::string, std::string> prepared_;  // by staging name
};

}  // namespace millrace::simulation
