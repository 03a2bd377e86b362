#include "common/io/gzip_writer.h"

#include <isa-l.h>
#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr size_t kOutSize = 256 << 10;  // what was compressed is still in the cache when it is hashed and written
// ID1 ID2 CM FLG MTIME×4 XFL OS: no name, no time, no flags, Unix. ISA-L's own header would say OS "unknown".
constexpr char kGzipHeader[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, 3};

// Collects the codec's output into large pieces.
class CompressedOutput {
 public:
  CompressedOutput() : bytes_(new uint8_t[kOutSize]) {}
  uint8_t* room() { return bytes_.get() + used_; }
  uint32_t room_size() const { return static_cast<uint32_t>(kOutSize - used_); }
  void Used(size_t n) { used_ += n; }
  bool full() const { return used_ == kOutSize; }
  absl::string_view Take() {
    absl::string_view taken(reinterpret_cast<const char*>(bytes_.get()), used_);
    used_ = 0;
    return taken;
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t used_ = 0;
};

class IgzipWriter : public BlockWriter {
 public:
  explicit IgzipWriter(ByteSink& sink) : sink_(sink), level_buffer_(ISAL_DEF_LVL1_DEFAULT) {
    isal_deflate_init(&stream_);
    stream_.level = 1;
    stream_.level_buf = level_buffer_.data();
    stream_.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream_.gzip_flag = IGZIP_GZIP_NO_HDR;
    std::copy(std::begin(kGzipHeader), std::end(kGzipHeader), out_.room());
    out_.Used(sizeof kGzipHeader);
  }

 protected:
  absl::Status Consume(absl::string_view block, bool last) override {
    stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(block.data()));
    stream_.avail_in = static_cast<uint32_t>(block.size());
    stream_.end_of_stream = last;
    do {
      stream_.next_out = out_.room();
      stream_.avail_out = out_.room_size();
      if (isal_deflate(&stream_) != COMP_OK) return absl::InternalError("igzip refused its input");
      out_.Used(out_.room_size() - stream_.avail_out);
      if (!out_.full()) continue;
      if (absl::Status status = Deliver(sink_, out_.Take()); !status.ok()) return status;
    } while (stream_.avail_out == 0 || (last && stream_.internal_state.state != ZSTATE_END));
    return last ? Deliver(sink_, out_.Take()) : absl::OkStatus();
  }

 private:
  ByteSink& sink_;
  std::vector<uint8_t> level_buffer_;
  isal_zstream stream_ = {};
  CompressedOutput out_;
};

class ZlibWriter : public BlockWriter {
 public:
  explicit ZlibWriter(ByteSink& sink) : sink_(sink) {
    constexpr int kGzip = 16;
    ready_ = deflateInit2(&stream_, 6, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~ZlibWriter() override {
    if (ready_) deflateEnd(&stream_);
  }

 protected:
  absl::Status Consume(absl::string_view block, bool last) override {
    if (!ready_) return absl::ResourceExhaustedError("zlib: out of memory");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
    stream_.avail_in = static_cast<uInt>(block.size());
    do {
      stream_.next_out = out_.room();
      stream_.avail_out = out_.room_size();
      if (deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) return absl::InternalError("zlib: stream");
      out_.Used(out_.room_size() - stream_.avail_out);
      if (!out_.full()) continue;
      if (absl::Status status = Deliver(sink_, out_.Take()); !status.ok()) return status;
    } while (stream_.avail_out == 0);
    return last ? Deliver(sink_, out_.Take()) : absl::OkStatus();
  }

 private:
  ByteSink& sink_;
  z_stream stream_ = {};
  bool ready_ = false;
  CompressedOutput out_;
};

}  // namespace

std::unique_ptr<BlockWriter> NewGzipWriter(GzipEffort effort, ByteSink& sink) {
  if (effort == GzipEffort::kSmall) return std::make_unique<ZlibWriter>(sink);
  return std::make_unique<IgzipWriter>(sink);
}

namespace {

// igzip's level 1 has one kernel an instruction set, and they do not find the same matches.
absl::string_view IgzipKernel() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) return "avx2";
  if (__builtin_cpu_supports("avx")) return "avx";
  return __builtin_cpu_supports("sse4.1") ? "sse4" : "base";
}

}  // namespace

std::string GzipVersions() {
  return absl::StrCat("isal-", ISAL_MAJOR_VERSION, ".", ISAL_MINOR_VERSION, ".", ISAL_PATCH_VERSION, "-", IgzipKernel(),
                      " zlib-", zlibVersion());
}

}  // namespace millrace
