// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/generator.h"

namespace ordeal {

/// What cpu.stat of a cgroup, v1 or v2, has counted so far; zeros if there is no such file.
QuotaUse quota_use(const std::string& cpu_stat);

}  // namespace ordeal
