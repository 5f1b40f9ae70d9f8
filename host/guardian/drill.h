// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "guardian/containment.h"

namespace ordeal {

/// What a kill drill showed.
struct DrillResult {
  bool passed = false;
  std::uint64_t ns = 0;  // from the signal until the tree was proved empty, best of the tries
  const char* why = "";  // of a failure
};

/// The longest a tree of this tier may take to end.
constexpr std::uint64_t drill_limit_ns(Tier tier) {
  return tier == Tier::subreaper ? 1'000'000'000 : 100'000'000;
}

/// Starts a dummy tree (own session, orphaned, stopped) in a containment of this kind and kills it.
/// Proof of emptiness: every member holds the write end of one pipe, which must reach its end. Too
/// slow counts only when three tries are: one may meet a busy machine; a survivor counts at once.
/// Synchronous; reaps all children, so before the controller is started.
DrillResult kill_drill(Containments& containments, ContainmentKind kind) noexcept;

}  // namespace ordeal
