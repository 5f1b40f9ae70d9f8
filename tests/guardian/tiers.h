// SPDX-License-Identifier: Apache-2.0
// Which containment tiers this machine offers the user of the tests.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "guardian/containment.h"

namespace ordeal::testing {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;  // shadow memory counts as data: no process is limited
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

inline constexpr std::array<std::uint32_t, 4> every_tier{1, 2, 3, 4};

/// T4 is had everywhere. A test of a tier that is not passes with a message.
inline bool offers_tier(std::uint32_t tier) {
  const auto table = std::make_unique<ProcessTable>();
  const auto server = std::make_unique<InitServer>(*table);
  Containments containments(*server, *table, "try-" + std::to_string(::getpid()), "/");
  return table->open() == 0 && containments.plan(static_cast<Tier>(tier), {});
}

}  // namespace ordeal::testing
