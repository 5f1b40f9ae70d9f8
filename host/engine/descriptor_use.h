// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace ordeal {

/// The descriptors of this process. Any thread.
struct DescriptorUse {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;  // RLIMIT_NOFILE: one more than the highest number
};
/// Costs three system calls, however many are open. Before Linux 6.2, which counts them, `used` is
/// the lowest free number.
DescriptorUse descriptor_use();
/// Whether the next one would be refused, here (EMFILE) or in the whole system (ENFILE).
bool out_of_descriptors();

}  // namespace ordeal
