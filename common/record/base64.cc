#include "common/record/base64.h"

#include <atomic>
#include <cstring>

#include "common/record/base64_kernels.h"

namespace millrace {
namespace {

struct Kernels {
  void (*encode)(const uint8_t* in, size_t n, char* out);
  bool (*decode)(const char* in, size_t n, uint8_t* out);
};

constexpr Kernels kScalar = {base64::EncodeScalar, base64::DecodeScalar};

#if defined(__x86_64__)

constexpr Kernels kAvx2 = {base64::EncodeAvx2, base64::DecodeAvx2};
constexpr Kernels kAvx512 = {base64::EncodeAvx512, base64::DecodeAvx512};

bool Supported(Base64Kernel kernel) {
  __builtin_cpu_init();
  if (kernel == Base64Kernel::kAvx2) return __builtin_cpu_supports("avx2");
  if (kernel == Base64Kernel::kAvx512)
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi");
  return true;
}

const Kernels* KernelsOf(Base64Kernel kernel) {
  if (kernel == Base64Kernel::kAvx512) return &kAvx512;
  return kernel == Base64Kernel::kAvx2 ? &kAvx2 : &kScalar;
}

#else

bool Supported(Base64Kernel kernel) { return kernel == Base64Kernel::kScalar || kernel == Base64Kernel::kBest; }
const Kernels* KernelsOf(Base64Kernel) { return &kScalar; }

#endif

const Kernels* Best() {
  for (Base64Kernel kernel : {Base64Kernel::kAvx512, Base64Kernel::kAvx2}) {
    if (Supported(kernel)) return KernelsOf(kernel);
  }
  return &kScalar;
}

std::atomic<const Kernels*>& Chosen() {
  static std::atomic<const Kernels*> kernels{Best()};
  return kernels;
}

size_t PaddingOf(absl::string_view text) {
  if (text.size() % 4 != 0 || text.empty() || text.back() != '=') return 0;
  return text[text.size() - 2] == '=' ? 2 : 1;
}

}  // namespace

void Base64UrlEncode(const uint8_t* in, size_t n, char* out) {
  Chosen().load(std::memory_order_relaxed)->encode(in, n, out);
}

size_t Base64DecodedSize(absl::string_view text) { return (text.size() - PaddingOf(text)) * 3 / 4; }

bool Base64UrlDecode(absl::string_view text, uint8_t* out) {
  text.remove_suffix(PaddingOf(text));
  const size_t rest = text.size() % 4;
  const size_t whole = text.size() - rest;
  if (rest == 1 || !Chosen().load(std::memory_order_relaxed)->decode(text.data(), whole, out)) return false;
  if (rest == 0) return true;
  char last[4] = {'A', 'A', 'A', 'A'};
  uint8_t bytes[3];
  std::memcpy(last, text.data() + whole, rest);
  if (!base64::DecodeScalar(last, 4, bytes)) return false;
  std::memcpy(out + whole / 4 * 3, bytes, rest - 1);
  return bytes[rest - 1] == 0;  // bits that no byte has
}

bool SetBase64Kernel(Base64Kernel kernel) {
  if (!Supported(kernel)) return false;
  Chosen() = kernel == Base64Kernel::kBest ? Best() : KernelsOf(kernel);
  return true;
}

}  // namespace millrace
