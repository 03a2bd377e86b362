// A bound, listening TCP socket, made by ourselves so that "address in use" and "cannot assign" come with the address.
#pragma once

#include "absl/status/statusor.h"
#include "common/net/address.h"

namespace millrace {

// The caller owns the descriptor. UNAVAILABLE naming address and cause; INVALID_ARGUMENT for a host that is not known.
absl::StatusOr<int> Listen(const Address& address);
// The port that `socket` really has.
int PortOf(int socket);

}  // namespace millrace
