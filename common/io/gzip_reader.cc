#include "common/io/gzip_reader.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/byte_size.h"
#include "common/base/status_macros.h"

namespace millrace {
namespace {

// RFC 1952 §2.3.1.
constexpr uint8_t kDeflate = 8;
enum HeaderFlag : uint8_t { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0 };

absl::string_view WordsOf(int result) {
  switch (result) {
    case ISAL_INVALID_BLOCK:
      return "damaged: an invalid block";
    case ISAL_INVALID_LOOKBACK:
      return "damaged: an invalid distance";
    case ISAL_INCORRECT_CHECKSUM:
      return "the checksum or the size at the end of the member is wrong";
    default:
      return "damaged: an invalid code";
  }
}

}  // namespace

struct GzipReader::Inflater {
  inflate_state stream = {};
  std::array<uint8_t, 128 << 10> input;
  bool in_member = false;
  bool source_ended = false;
  bool ended = false;  // behind the last member
  int64_t read = 0;    // compressed bytes taken from the source
  uint32_t header_crc = 0;
  absl::Status status;
};

GzipReader::GzipReader(ByteSource& source, GzipMembers members)
    : source_(source), members_(members), inflater_(std::make_unique<Inflater>()) {}

GzipReader::~GzipReader() = default;

int64_t GzipReader::compressed_bytes() const { return inflater_->read - inflater_->stream.avail_in; }

absl::StatusOr<size_t> GzipReader::Read(char* buffer, size_t n) {
  Inflater& in = *inflater_;
  constexpr size_t kMost = size_t{1} << 30;  // ISA-L counts in 32 bits
  const auto wanted = static_cast<uint32_t>(std::min(n, kMost));
  in.stream.next_out = reinterpret_cast<uint8_t*>(buffer);
  in.stream.avail_out = wanted;
  while (in.status.ok() && !in.ended && in.stream.avail_out == wanted && wanted > 0) MILLRACE_RETURN_IF_ERROR(Step());
  MILLRACE_RETURN_IF_ERROR(in.status);
  return wanted - in.stream.avail_out;
}

// One call of the inflater, which need not give any output.
absl::Status GzipReader::Step() {
  Inflater& in = *inflater_;
  if (!in.in_member) MILLRACE_RETURN_IF_ERROR(StartMember());
  MILLRACE_RETURN_IF_ERROR(Refill());
  const uint32_t room = in.stream.avail_out;
  const bool fed = in.stream.avail_in > 0;
  const int result = isal_inflate(&in.stream);
  if (result < 0) return Fail(WordsOf(result));
  if (in.stream.block_state == ISAL_BLOCK_FINISH) {
    in.in_member = false;
    return EndMember();
  }
  // Without input it may still have had output of earlier input.
  if (!fed && in.stream.avail_out == room) return Fail("cut off: the end of the member is missing");
  return absl::OkStatus();
}

// Makes input available, if there is any left.
absl::Status GzipReader::Refill() {
  Inflater& in = *inflater_;
  if (in.stream.avail_in > 0 || in.source_ended) return absl::OkStatus();
  absl::StatusOr<size_t> n = source_.Read(reinterpret_cast<char*>(in.input.data()), in.input.size());
  if (!n.ok()) return in.status = n.status();
  in.source_ended = *n == 0;
  in.read += static_cast<int64_t>(*n);
  in.stream.next_in = in.input.data();
  in.stream.avail_in = static_cast<uint32_t>(*n);
  return absl::OkStatus();
}

absl::Status GzipReader::StartMember() {
  MILLRACE_RETURN_IF_ERROR(ReadHeader());
  Inflater& in = *inflater_;
  uint8_t* const next_out = in.stream.next_out;
  uint8_t* const next_in = in.stream.next_in;
  const uint32_t avail_out = in.stream.avail_out;
  const uint32_t avail_in = in.stream.avail_in;
  isal_inflate_init(&in.stream);
  in.stream.crc_flag = ISAL_GZIP_NO_HDR_VER;  // the trailer is checked; headers that arrive in pieces are read above
  in.stream.next_out = next_out;
  in.stream.next_in = next_in;
  in.stream.avail_out = avail_out;
  in.stream.avail_in = avail_in;
  in.in_member = true;
  return absl::OkStatus();
}

absl::StatusOr<uint8_t> GzipReader::HeaderByte() {
  Inflater& in = *inflater_;
  MILLRACE_RETURN_IF_ERROR(Refill());
  if (in.stream.avail_in == 0) return Fail(in.read == 0 ? "the file is empty" : "cut off: inside the header");
  --in.stream.avail_in;
  in.header_crc = crc32_gzip_refl(in.header_crc, in.stream.next_in, 1);
  return *in.stream.next_in++;
}

absl::Status GzipReader::SkipText() {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const uint8_t byte, HeaderByte());
    if (byte == 0) return absl::OkStatus();
  }
}

absl::Status GzipReader::ReadHeader() {
  inflater_->header_crc = 0;
  std::array<uint8_t, 10> fixed;
  for (size_t i = 0; i < fixed.size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(fixed[i], HeaderByte());
    if ((i == 0 && fixed[0] != 0x1f) || (i == 1 && fixed[1] != 0x8b)) return Fail("not a gzip file");
  }
  const uint8_t flags = fixed[3];
  if (fixed[2] != kDeflate || (flags & kReserved) != 0) return Fail("damaged: an unknown kind of header");
  if ((flags & kExtra) != 0) {
    MILLRACE_ASSIGN_OR_RETURN(const uint8_t low, HeaderByte());
    MILLRACE_ASSIGN_OR_RETURN(const uint8_t high, HeaderByte());
    for (int left = high << 8 | low; left > 0; --left) MILLRACE_RETURN_IF_ERROR(HeaderByte().status());
  }
  if ((flags & kName) != 0) MILLRACE_RETURN_IF_ERROR(SkipText());
  if ((flags & kComment) != 0) MILLRACE_RETURN_IF_ERROR(SkipText());
  if ((flags & kHeaderCrc) == 0) return absl::OkStatus();
  const uint32_t crc = inflater_->header_crc & 0xffff;
  MILLRACE_ASSIGN_OR_RETURN(const uint8_t low, HeaderByte());
  MILLRACE_ASSIGN_OR_RETURN(const uint8_t high, HeaderByte());
  return (uint32_t{high} << 8 | low) == crc ? absl::OkStatus() : Fail("damaged: the header's checksum is wrong");
}

absl::Status GzipReader::EndMember() {
  MILLRACE_RETURN_IF_ERROR(Refill());
  inflater_->ended = inflater_->stream.avail_in == 0;
  if (inflater_->ended || members_ == GzipMembers::kMany) return absl::OkStatus();
  return Fail("there are bytes behind the one gzip member");
}

absl::Status GzipReader::Fail(absl::string_view what) {
  return inflater_->status = absl::DataLossError(
             absl::StrCat("gzip: ", what, " (at compressed byte ", WithThousands(compressed_bytes()), ")"));
}

}  // namespace millrace
