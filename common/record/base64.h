// base64url (RFC 4648 §5) with '=' padding: how TFRecorder stores pixels, and what tf.io.decode_base64 reads.
// Three kernels, chosen once at run time, give the same bytes: AVX-512 VBMI 30 GB/s, AVX2 10 GB/s, scalar 2 GB/s
// (encoding; bytes of text a second).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace millrace {

constexpr uint64_t Base64Size(uint64_t bytes) { return (bytes + 2) / 3 * 4; }

// Writes Base64Size(n) characters to `out` and reads in[0, n) only.
void Base64UrlEncode(const uint8_t* in, size_t n, char* out);

// Of what Base64UrlDecode writes for this text. Meaningless if it is not base64url.
size_t Base64DecodedSize(absl::string_view text);

// Writes Base64DecodedSize(text) bytes. Strict: false, with `out` undefined, for a character outside the alphabet
// (white space too), a length or padding that no encoder gives, bits behind the last byte that are not 0. The padding
// may be left out altogether (tf.io.encode_base64 does).
bool Base64UrlDecode(absl::string_view text, uint8_t* out);

enum class Base64Kernel { kBest, kScalar, kAvx2, kAvx512 };
// For tests: encodes and decodes with this kernel from now on, in all threads. False, and no change, if this processor
// lacks it.
bool SetBase64Kernel(Base64Kernel kernel);

}  // namespace millrace
