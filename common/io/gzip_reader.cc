#include "common/io/gzip_reader.h"

#include <zlib.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"

namespace millrace {

struct GzipReader::Inflater {
  z_stream stream = {};
  std::array<char, 128 << 10> input;
  bool ready = false;
  bool source_ended = false;
  bool ended = false;  // behind the last member
  int64_t read = 0;    // compressed bytes taken from the source
  absl::Status status;

  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

GzipReader::GzipReader(ByteSource& source, GzipMembers members)
    : source_(source), members_(members), inflater_(std::make_unique<Inflater>()) {
  constexpr int kGzip = 16;  // zlib then checks each member's CRC32 and size
  inflater_->ready = inflateInit2(&inflater_->stream, MAX_WBITS + kGzip) == Z_OK;
  if (!inflater_->ready) inflater_->status = absl::ResourceExhaustedError("gzip: out of memory");
}

GzipReader::~GzipReader() = default;

int64_t GzipReader::compressed_bytes() const { return inflater_->read - inflater_->stream.avail_in; }

absl::StatusOr<size_t> GzipReader::Read(char* buffer, size_t n) {
  Inflater& in = *inflater_;
  z_stream& stream = in.stream;
  constexpr size_t kMost = size_t{1} << 30;  // zlib counts in 32 bits
  const size_t wanted = std::min(n, kMost);
  stream.next_out = reinterpret_cast<Bytef*>(buffer);
  stream.avail_out = static_cast<uInt>(wanted);
  while (in.status.ok() && !in.ended && stream.avail_out == wanted && wanted > 0) {
    MILLRACE_RETURN_IF_ERROR(Refill());
    if (stream.avail_in == 0)
      return Fail(in.read == 0 ? "the file is empty" : "cut off: the end of the member is missing");
    int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      MILLRACE_ASSIGN_OR_RETURN(bool more, NextMember());
      in.ended = !more;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Fail(stream.msg != nullptr ? stream.msg : "damaged");
    }
  }
  MILLRACE_RETURN_IF_ERROR(in.status);
  return wanted - stream.avail_out;
}

// Makes input available, if there is any left.
absl::Status GzipReader::Refill() {
  Inflater& in = *inflater_;
  if (in.stream.avail_in > 0 || in.source_ended) return absl::OkStatus();
  absl::StatusOr<size_t> n = source_.Read(in.input.data(), in.input.size());
  if (!n.ok()) return in.status = n.status();
  in.source_ended = *n == 0;
  in.read += static_cast<int64_t>(*n);
  in.stream.next_in = reinterpret_cast<Bytef*>(in.input.data());
  in.stream.avail_in = static_cast<uInt>(*n);
  return absl::OkStatus();
}

absl::StatusOr<bool> GzipReader::NextMember() {
  MILLRACE_RETURN_IF_ERROR(Refill());
  if (inflater_->stream.avail_in == 0) return false;
  if (members_ == GzipMembers::kOne) return Fail("there are bytes behind the one gzip member");
  if (inflateReset(&inflater_->stream) != Z_OK) return Fail("cannot start the next member");
  return true;
}

absl::Status GzipReader::Fail(absl::string_view what) {
  return inflater_->status = absl::DataLossError(
             absl::StrCat("gzip: ", what, " (at compressed byte ", WithThousands(compressed_bytes()), ")"));
}

}  // namespace millrace
