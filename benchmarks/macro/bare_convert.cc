// The bare loop: what a converter cannot beat with these libraries. It makes the calls that a conversion needs, read,
// decode, base64, CRC32C, deflate, write, and nothing else: no row log, no checks, no engine, no manifest, no fsync.
//
//   bare_convert --input images.csv --output DIR --threads 2 --codec igzip1
//
// Eight shards, row i in shard i mod 8; each thread takes whole shards. Prints one JSON object.
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <jpeglib.h>

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/deflate/pixel_deflate_writer.h"
#include "common/io/crc32c.h"
#include "common/record/base64.h"
#include "common/record/example_writer.h"

namespace millrace {
namespace {

constexpr int kShards = 8;
constexpr size_t kOutSize = 1 << 20;

struct Row {
  std::string split;
  std::string path;
  std::string label;
};

struct Options {
  std::string input;
  std::string output;
  std::string codec = "igzip1";
  int threads = 2;
};

// A plain comma-separated list; the columns are split, image_uri, label.
std::vector<Row> ReadRows(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::vector<Row> rows;
  std::ifstream csv(path);
  std::string line;
  std::getline(csv, line);
  while (std::getline(csv, line)) {
    std::vector<std::string> cells = absl::StrSplit(line, ',');
    if (cells.size() != 3) continue;
    rows.push_back({cells[0], cells[1][0] == '/' ? cells[1] : folder + cells[1], cells[2]});
  }
  return rows;
}

class Shard : private ByteSink {
 public:
  Shard(const std::string& path, const std::string& codec)
      : codec_(codec), fd_(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0644)) {
    if (codec_ == "fast") pixels_ = NewPixelDeflateWriter(*this);
    if (codec_ == "zlib6") deflateInit2(&zlib_, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    isal_deflate_init(&isal_);
    isal_.level = 1;
    isal_.level_buf = level_.data();
    isal_.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    isal_.gzip_flag = IGZIP_GZIP;
  }
  Shard(const Shard&) = delete;

  void BeginImage(size_t row, size_t total) {
    if (pixels_ != nullptr) pixels_->BeginImage(static_cast<int64_t>(row), static_cast<int64_t>(total));
  }

  void Put(absl::string_view bytes, bool last = false) {
    if (codec_ == "fast") return Pixels(bytes, last);
    auto* in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
    if (codec_ == "none") return Append(in, bytes.size());
    if (codec_ == "zlib6") return Zlib(in, static_cast<uInt>(bytes.size()), last);
    isal_.next_in = in;
    isal_.avail_in = static_cast<uint32_t>(bytes.size());
    isal_.end_of_stream = last;
    do {
      if (out_.size() - used_ < 65536) Spill();
      isal_.next_out = &out_[used_];
      isal_.avail_out = static_cast<uint32_t>(out_.size() - used_);
      isal_deflate(&isal_);
      used_ = out_.size() - isal_.avail_out;
    } while (isal_.avail_out == 0);
  }

  int64_t Close() {
    Put({}, true);
    Spill();
    if (codec_ == "zlib6") deflateEnd(&zlib_);
    close(fd_);
    return bytes_;
  }

 private:
  void Pixels(absl::string_view bytes, bool last) {
    if (!pixels_->Append(bytes).ok() || (last && !pixels_->Finish().ok())) std::abort();
  }

  absl::Status Append(absl::string_view bytes) override {
    Write(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }

  void Zlib(uint8_t* in, uInt n, bool last) {
    zlib_.next_in = in;
    zlib_.avail_in = n;
    do {
      if (out_.size() - used_ < 65536) Spill();
      zlib_.next_out = &out_[used_];
      zlib_.avail_out = static_cast<uInt>(out_.size() - used_);
      deflate(&zlib_, last ? Z_FINISH : Z_NO_FLUSH);
      used_ = out_.size() - zlib_.avail_out;
    } while (zlib_.avail_out == 0);
  }

  void Append(const uint8_t* bytes, size_t n) {
    if (used_ + n > out_.size()) Spill();
    if (n > out_.size()) return Write(bytes, n);
    if (n > 0) std::copy(bytes, bytes + n, out_.begin() + static_cast<ptrdiff_t>(used_));
    used_ += n;
  }

  void Spill() {
    Write(out_.data(), used_);
    used_ = 0;
  }

  void Write(const uint8_t* bytes, size_t n) {
    bytes_ += static_cast<int64_t>(n);
    while (n > 0) {
      ssize_t written = write(fd_, bytes, n);
      if (written <= 0) std::abort();
      bytes += written;
      n -= static_cast<size_t>(written);
    }
  }

  const std::string codec_;
  const int fd_;
  std::vector<uint8_t> out_ = std::vector<uint8_t>(kOutSize);
  std::vector<uint8_t> level_ = std::vector<uint8_t>(ISAL_DEF_LVL1_DEFAULT);
  size_t used_ = 0;
  int64_t bytes_ = 0;
  z_stream zlib_ = {};
  isal_zstream isal_ = {};
  std::unique_ptr<BlockWriter> pixels_;
};

struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<uint8_t> pixels;
};

bool Decode(const std::vector<uint8_t>& file, Image& image) {
  struct Handler {
    jpeg_error_mgr manager;
    jmp_buf jump;
  } handler;
  jpeg_decompress_struct cinfo;
  cinfo.err = jpeg_std_error(&handler.manager);
  handler.manager.error_exit = [](j_common_ptr info) { longjmp(reinterpret_cast<Handler*>(info->err)->jump, 1); };
  handler.manager.emit_message = [](j_common_ptr, int) {};
  if (setjmp(handler.jump) != 0) {
    jpeg_destroy_decompress(&cinfo);
    return false;
  }
  jpeg_create_decompress(&cinfo);
  jpeg_mem_src(&cinfo, file.data(), file.size());
  jpeg_read_header(&cinfo, TRUE);
  image.width = static_cast<int>(cinfo.image_width);
  image.height = static_cast<int>(cinfo.image_height);
  image.channels = cinfo.num_components == 1 ? 1 : 3;
  cinfo.out_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&cinfo);
  const size_t stride = static_cast<size_t>(image.width * image.channels);
  const size_t size = stride * static_cast<size_t>(image.height);
  if (image.pixels.size() < size) image.pixels.resize(size);
  while (cinfo.output_scanline < cinfo.output_height) {
    JSAMPROW rows[4];
    for (unsigned k = 0; k < 4; ++k) {
      rows[k] = &image.pixels[stride * std::min(cinfo.output_scanline + k, cinfo.output_height - 1)];
    }
    jpeg_read_scanlines(&cinfo, rows, 4);
  }
  jpeg_finish_decompress(&cinfo);
  jpeg_destroy_decompress(&cinfo);
  return true;
}

bool ReadFile(const std::string& path, std::vector<uint8_t>& bytes) {
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return false;
  bytes.resize(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  close(fd);
  return got == static_cast<ssize_t>(bytes.size());
}

int64_t ConvertShard(const std::vector<Row>& rows, int index, const Options& options) {
  Shard shard(absl::StrFormat("%s/train-%05d-of-%05d.tfrecord%s", options.output, index, kShards,
                              options.codec == "none" ? "" : ".gz"),
              options.codec);
  std::vector<uint8_t> file;
  Image image;
  std::string text;
  RecordShell shell;
  for (size_t i = static_cast<size_t>(index); i < rows.size(); i += kShards) {
    const Row& row = rows[i];
    if (!ReadFile(row.path, file) || !Decode(file, image)) continue;
    const size_t bytes = static_cast<size_t>(image.width * image.channels) * static_cast<size_t>(image.height);
    const size_t size = Base64Size(bytes);
    if (text.size() < size) text.resize(size);
    Base64UrlEncode(image.pixels.data(), bytes, text.data());
    const absl::string_view body(text.data(), size);
    shell.Reset(size, {.image_name = absl::string_view(row.path).substr(row.path.rfind('/') + 1),
                       .height = image.height,
                       .width = image.width,
                       .channels = image.channels,
                       .split = row.split,
                       .label = row.label == "dog"});
    const uint32_t crc = MaskCrc32c(Crc32c(shell.tail(), Crc32c(body, shell.crc_of_head())));
    shard.Put(shell.head());
    shard.BeginImage(image.channels == 3 ? 4 * static_cast<size_t>(image.width) : 0, size);
    shard.Put(body);
    shard.Put(shell.tail());
    shard.Put({reinterpret_cast<const char*>(&crc), sizeof crc});
  }
  return shard.Close();
}

void Run(const Options& options) {
  const std::vector<Row> rows = ReadRows(options.input);
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> next{0};
  std::atomic<int64_t> bytes{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < options.threads; ++t) {
    threads.emplace_back([&] {
      for (int shard; (shard = next++) < kShards;) bytes += ConvertShard(rows, shard, options);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  absl::PrintF(
      "{\"images\": %d, \"threads\": %d, \"codec\": \"%s\", \"seconds\": %.3f, \"images_per_second\": %.1f, \"bytes\": "
      "%d}\n",
      rows.size(), options.threads, options.codec, seconds, static_cast<double>(rows.size()) / seconds, bytes.load());
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  millrace::Options options;
  CLI::App app{"The bare conversion loop, for comparison"};
  app.add_option("--input", options.input, "CSV: split,image_uri,label, with a header")->required();
  app.add_option("--output", options.output, "an existing folder")->required();
  app.add_option("--threads", options.threads, "threads; each takes whole shards");
  app.add_option("--codec", options.codec, "fast, igzip1, zlib6 or none")
      ->check(CLI::IsMember({"fast", "igzip1", "zlib6", "none"}));
  CLI11_PARSE(app, argc, argv);
  millrace::Run(options);
  return 0;
}
