#include "common/base/hash.h"

#include <xxhash.h>
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // AVX2 and AVX-512 where the processor has them: four times the speed of the plain calls
#endif

#include <new>

#include "absl/strings/escaping.h"

namespace millrace {
namespace {

std::string Canonical(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  return std::string(reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest);
}

}  // namespace

struct Xxh3::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Xxh3::Xxh3() : state_(std::make_unique<State>()) {
  if (state_->xxh == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_->xxh);
}
Xxh3::~Xxh3() = default;
Xxh3::Xxh3(Xxh3&&) noexcept = default;
Xxh3& Xxh3::operator=(Xxh3&&) noexcept = default;

void Xxh3::Update(absl::string_view bytes) { XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size()); }
std::string Xxh3::Digest() const { return Canonical(XXH3_128bits_digest(state_->xxh)); }

std::string Xxh3Of(absl::string_view bytes) { return Canonical(XXH3_128bits(bytes.data(), bytes.size())); }
uint64_t Xxh3To64(absl::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }
std::string ToHex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

}  // namespace millrace
