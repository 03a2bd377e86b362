// The kernels behind base64.h. Internal to common/record.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace::base64 {

void EncodeScalar(const uint8_t* in, size_t n, char* out);

// in[0, n): whole groups of four characters, without '='. False if one is not of the alphabet; `out` is then undefined.
// Writes exactly n / 4 * 3 bytes.
bool DecodeScalar(const char* in, size_t n, uint8_t* out);

#if defined(__x86_64__)
void EncodeAvx2(const uint8_t* in, size_t n, char* out);
void EncodeAvx512(const uint8_t* in, size_t n, char* out);
bool DecodeAvx2(const char* in, size_t n, uint8_t* out);
bool DecodeAvx512(const char* in, size_t n, uint8_t* out);
#endif

}  // namespace millrace::base64
