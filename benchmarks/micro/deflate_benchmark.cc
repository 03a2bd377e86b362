// The stream of a job's records through each gzip level and each kernel of the pixel deflate, and back through zlib and
// ISA-L, on one core:
//   deflate_benchmark --input images.csv [--images 400] [--payload raw_base64|raw]
// The images are decoded once, into memory. CPU time, the best of some rounds; of writing, without what a writer takes
// that does not compress.
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "common/deflate/pixel_deflate_writer.h"
#include "common/image/image_decoder.h"
#include "common/io/gzip_writer.h"
#include "common/record/base64.h"
#include "common/record/example_writer.h"

namespace millrace {
namespace {

struct Options {
  std::string input;
  std::string payload = "raw_base64";
  size_t images = 400;
};

// One image's record.
struct Record {
  std::string head, image, tail;
  int64_t row_bytes = 0;
};

double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

Record MakeRecord(const ImageHeader& header, const std::string& pixels, const Options& options) {
  Record record;
  const bool text = options.payload == "raw_base64";
  record.image = pixels;
  if (text) {
    record.image.resize(Base64Size(pixels.size()));
    Base64UrlEncode(reinterpret_cast<const uint8_t*>(pixels.data()), pixels.size(), record.image.data());
  }
  if (!text) record.row_bytes = header.row_bytes();
  if (text && header.row_bytes() % 3 == 0) record.row_bytes = header.row_bytes() / 3 * 4;
  RecordShell shell;
  shell.Reset(record.image.size(), {.image_name = "cat.7.jpg",
                                    .height = header.height,
                                    .width = header.width,
                                    .channels = header.channels,
                                    .split = "TRAIN",
                                    .label = 1});
  record.head = std::string(shell.head());
  record.tail = std::string(shell.tail()) + "crc-";
  return record;
}

std::vector<Record> ReadRecords(const Options& options) {
  const std::string folder = options.input.substr(0, options.input.rfind('/') + 1);
  std::vector<Record> records;
  std::ifstream csv(options.input);
  std::string line;
  std::getline(csv, line);
  ImageDecoder decoder;
  while (records.size() < options.images && std::getline(csv, line)) {
    const std::vector<std::string> cells = absl::StrSplit(line, ',');
    std::ifstream stream(cells.at(1).front() == '/' ? cells[1] : folder + cells[1], std::ios::binary);
    const std::string file{std::istreambuf_iterator<char>(stream), {}};
    const ImageOr<ImageHeader> header = decoder.Open(file, {}, {});
    if (!std::holds_alternative<ImageHeader>(header)) continue;
    std::string pixels(static_cast<size_t>(std::get<ImageHeader>(header).pixel_bytes()), '\0');
    if (decoder.Decode(reinterpret_cast<uint8_t*>(pixels.data()))) continue;
    records.push_back(MakeRecord(std::get<ImageHeader>(header), pixels, options));
  }
  return records;
}

using NewWriter = std::function<std::unique_ptr<BlockWriter>(ByteSink&)>;

void InflateZlib(const std::string& member, std::string& text) {
  z_stream stream = {};
  inflateInit2(&stream, MAX_WBITS + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(member.data()));
  stream.avail_in = static_cast<uInt>(member.size());
  for (int result = Z_OK; result == Z_OK;) {
    stream.next_out = reinterpret_cast<Bytef*>(text.data());
    stream.avail_out = static_cast<uInt>(text.size());
    result = inflate(&stream, Z_NO_FLUSH);
  }
  inflateEnd(&stream);
}

void InflateIsal(const std::string& member, std::string& text) {
  auto state = std::make_unique<inflate_state>();
  isal_inflate_init(state.get());
  state->crc_flag = ISAL_GZIP;
  state->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(member.data()));
  state->avail_in = static_cast<uint32_t>(member.size());
  while (state->block_state != ISAL_BLOCK_FINISH) {
    state->next_out = reinterpret_cast<uint8_t*>(text.data());
    state->avail_out = static_cast<uint32_t>(text.size());
    if (isal_inflate(state.get()) != ISAL_DECOMP_OK) std::abort();
  }
}

double Best(const std::function<void()>& work) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const double start = CpuSeconds();
    work();
    best = std::min(best, CpuSeconds() - start);
  }
  return best;
}

void Deflate(const std::vector<Record>& records, const NewWriter& make, ByteSink& sink) {
  auto writer = make(sink);
  for (const Record& record : records) {
    (void)writer->Append(record.head);
    writer->BeginImage(record.row_bytes, static_cast<int64_t>(record.image.size()));
    (void)writer->Append(record.image);
    (void)writer->Append(record.tail);
  }
  (void)writer->Finish();
}

void Measure(const char* name, const std::vector<Record>& records, const NewWriter& make) {
  double bytes = 0;
  for (const Record& record : records)
    bytes += static_cast<double>(record.head.size() + record.image.size() + record.tail.size());
  struct Nowhere : ByteSink {
    absl::Status Append(absl::string_view) override { return absl::OkStatus(); }
  } nowhere;
  const double deflate =
      Best([&] { Deflate(records, make, nowhere); }) - Best([&] { Deflate(records, NewPlainWriter, nowhere); });
  StringSink sink;
  Deflate(records, make, sink);
  const std::string& member = sink.bytes();
  std::string text(256 << 10, '\0');
  const double zlib = Best([&] { InflateZlib(member, text); });
  const double isal = Best([&] { InflateIsal(member, text); });
  std::printf("%-14s size %.4f  deflate %8.4f ms an image %8.1f MB/s  inflate zlib %6.1f  ISA-L %6.1f MB/s\n", name,
              static_cast<double>(member.size()) / bytes, 1e3 * deflate / static_cast<double>(records.size()),
              bytes / 1e6 / deflate, bytes / 1e6 / zlib, bytes / 1e6 / isal);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app{"How fast each gzip level writes and reads back, and how small"};
  app.add_option("--input", options.input, "CSV: split,image_uri,label, with a header")->required();
  app.add_option("--images", options.images, "How many")->capture_default_str();
  app.add_option("--payload", options.payload, "raw_base64 or raw")->check(CLI::IsMember({"raw_base64", "raw"}));
  bool only_fast = false;
  app.add_flag("--only-fast", only_fast, "Without the levels balanced and small");
  CLI11_PARSE(app, argc, argv);
  const std::vector<Record> records = ReadRecords(options);
  const PixelForm form = options.payload == "raw" ? PixelForm::kRaw : PixelForm::kText;
  const std::pair<const char*, PixelKernel> kernels[] = {
      {"fast", PixelKernel::kBest}, {"fast, AVX2", PixelKernel::kAvx2}, {"fast, scalar", PixelKernel::kScalar}};
  for (const auto& [name, kernel] : kernels) {
    if (!Supported(kernel)) continue;
    Measure(name, records, [&, kernel = kernel](ByteSink& sink) { return NewPixelDeflateWriter(sink, form, kernel); });
  }
  if (only_fast) return 0;
  Measure("balanced", records, [](ByteSink& sink) { return NewGzipWriter(GzipEffort::kBalanced, sink); });
  Measure("small", records, [](ByteSink& sink) { return NewGzipWriter(GzipEffort::kSmall, sink); });
  return 0;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
