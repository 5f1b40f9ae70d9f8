// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/generator.h"

namespace ordeal {

/// What connections of this network namespace can take their local ports from: the range without
/// reserved ports, for each address connected to. `root` precedes /proc, for tests. 0 for what
/// cannot be read. Any thread.
PortUse local_ports(const std::string& root = "");

}  // namespace ordeal
