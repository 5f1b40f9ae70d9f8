// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "store/doctor.h"

namespace ordeal {

/// `ordeal plugin doctor`: what is wrong with the plugins of this machine, and what to do. Returns
/// the exit code: 0, or 113 when something is.
int plugin_doctor(const Diagnosis& diagnosis, bool json, std::ostream& out);

}  // namespace ordeal
