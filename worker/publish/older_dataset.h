// --overwrite: how an older dataset makes room.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/storage/storage.h"
#include "worker/publish/claim.h"

namespace millrace {

// Removes the dataset that `claim` (the one in `output`) stands for: the files that its manifest names, our own
// metadata names and the job's staging, nothing else; "_SUCCESS" first, so that no reader trusts what is half gone, the
// manifest behind what it names, and the claim last. May be killed anywhere and repeated. If the folder holds anything
// more, nothing is removed and ALREADY_EXISTS names it.
absl::Status RemoveOlderDataset(Store& store, const std::string& output, const Claim& claim);

}  // namespace millrace
