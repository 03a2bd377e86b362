// Numbers on which both ends of the wire must agree.
#pragma once

namespace millrace {

// A plan of 100,000 shards is about 10 MB, its publish task about 30 MB.
inline constexpr int kGrpcMessageLimit = 256 << 20;
// The server must allow pings this often or it answers too_many_pings.
inline constexpr int kGrpcKeepaliveMs = 10'000;

}  // namespace millrace
