// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "engine/load_spec.h"

namespace ordeal {

/// How many of `workers` have work: no more than there are sessions (and operations, if bounded);
/// none without a session.
std::uint32_t workers_used(const LoadSpec& load, std::uint32_t workers);

/// One spec for each worker that has work, see part_of().
std::vector<LoadSpec> split_load(const LoadSpec& load, std::uint32_t workers);

}  // namespace ordeal
