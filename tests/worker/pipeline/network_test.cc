// Rows whose images lie on the network: the same shard as from files, in order, within the memory that there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/net/http_fetcher.h"
#include "tests/support/fault_server.h"
#include "tests/worker/pipeline/shard_world.h"
#include "worker/pipeline/record_encoder.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using Reply = FaultServer::Reply;
using Request = FaultServer::Request;

std::string FileBytes(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

class Network : public testing::Test {
 protected:
  static std::unique_ptr<HttpFetcher> Fetcher() {
    return *HttpFetcher::Create({.max_per_host = 64, .max_requests = 1, .allow = {"127.0.0.1"}});
  }
  // The files of the world's folder.
  Reply Serve(const Request& request) const {
    const std::string path = world_.folder() + request.path;
    if (!std::filesystem::exists(path)) return {.status = 404};
    return {.body = FileBytes(path)};
  }
  void AddImages(ShardWorld& world, int n, int side) {
    for (int i = 0; i < n; ++i) {
      const std::string name = absl::StrCat(i, ".jpg");
      world.AddImage(name, {.width = side + i % 7, .height = side, .seed = i});
      world.AddRow(name);
    }
  }
  // The same images under the server's name.
  void AddRemoteRows(const FaultServer& server, int n, ShardWorld& world) {
    for (int i = 0; i < n; ++i) world.AddRow(server.Uri(absl::StrCat("/", i, ".jpg")));
  }

  ShardWorld world_;
  ShardWorld remote_;
};

TEST_F(Network, RowsGiveTheRecordsThatFilesGive) {
  FaultServer server([this](const Request& request) { return Serve(request); });
  AddImages(world_, 40, 60);
  AddRemoteRows(server, 40, remote_);
  PipelineResources resources(2, int64_t{512} << 20, Fetcher());
  const ShardResult run = remote_.Run({.resources = &resources});
  ASSERT_TRUE(run.status.ok()) << run.status;
  EXPECT_TRUE(run.bytes == world_.Run().bytes) << "the name of an image is the last part of its URI";
  EXPECT_EQ(run.result.remote(), 40);
  EXPECT_EQ(run.result.outcomes_hash(), world_.Run().result.outcomes_hash());
}

TEST_F(Network, ImagesAreAskedForAheadOfTheirRow) {
  constexpr int kAtOnce = 20, kImages = 150;
  std::atomic<int> asked{0};
  std::atomic<bool> enough{false};
  FaultServer* self = nullptr;
  FaultServer server([&](const Request& request) {
    if (++asked > 2 * kAtOnce && !enough) enough = self->AwaitAtOnce(kAtOnce);  // a host is first asked slowly
    return Serve(request);
  });
  self = &server;
  AddImages(world_, kImages, 40);
  AddRemoteRows(server, kImages, remote_);
  PipelineResources resources(1, int64_t{512} << 20, Fetcher());
  EXPECT_EQ(remote_.Run({.resources = &resources}).result.counts().written(), kImages);
  EXPECT_GE(server.most_at_once(), kAtOnce);
}

TEST_F(Network, WhatAHostRefusesIsADeadLetterWithItsReason) {
  FaultServer server(
      [this](const Request& request) { return request.path == "/2.jpg" ? Reply{.status = 503} : Serve(request); });
  AddImages(world_, 1, 40);
  AddRemoteRows(server, 3, remote_);
  PipelineResources resources(1, int64_t{512} << 20, Fetcher());
  const ShardResult run = remote_.Run({.resources = &resources});
  EXPECT_EQ(run.result.counts().written(), 1);
  EXPECT_THAT(run.dead_letters, HasSubstr("http/404"));
  EXPECT_THAT(run.dead_letters, HasSubstr("http/5xx"));
  EXPECT_EQ(run.result.environmental(), 1) << "another time the server may not be overloaded";
}

TEST_F(Network, ASignatureInTheUriIsNotPartOfTheImagesName) {
  EXPECT_EQ(ImageNameOf("https://bucket.example/cat/7.jpg?X-Amz-Signature=a/b#c"), "7.jpg");
  EXPECT_EQ(ImageNameOf("cat/7?#.jpg"), "7?#.jpg") << "a file may be called so";
}

TEST_F(Network, AWorkerWithoutAFetcherSaysSo) {
  remote_.AddRow("https://example.org/1.jpg");
  EXPECT_THAT(remote_.Run().dead_letters, HasSubstr("file/scheme"));
}

TEST_F(Network, MemoryForOneImageIsEnoughForSeveralAttempts) {
  FaultServer server([this](const Request& request) { return Serve(request); });
  AddImages(world_, 24, 900);
  AddRemoteRows(server, 24, remote_);
  remote_.spec.set_max_image_memory_bytes(int64_t{6} << 20);
  PipelineResources resources(4, int64_t{10} << 20, Fetcher());  // of which 6.25 MiB are for images
  std::vector<ShardResult> runs(3);
  std::vector<std::thread> threads;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    threads.emplace_back([&, shard] {
      runs[shard] = remote_.Run({.begin = shard * 8, .end = shard * 8 + 8, .shard = shard, .resources = &resources});
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const ShardResult& run : runs) {
    ASSERT_TRUE(run.status.ok()) << run.status;
    EXPECT_EQ(run.result.counts().written(), 8) << run.dead_letters;
  }
  EXPECT_EQ(resources.memory_in_use(), 0);
}

TEST_F(Network, AStopDoesNotWaitForASilentHost) {
  std::stop_source stop;
  FaultServer server([&](const Request&) {
    stop.request_stop();
    return Reply{.end = FaultServer::End::kStall, .silent = true};
  });
  AddRemoteRows(server, 3, remote_);
  PipelineResources resources(1, int64_t{512} << 20, Fetcher());
  const ShardResult run = remote_.Run({.stop = stop.get_token(), .resources = &resources});
  EXPECT_EQ(run.status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(resources.memory_in_use(), 0);
}

}  // namespace
}  // namespace millrace
