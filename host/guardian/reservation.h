// SPDX-License-Identifier: Apache-2.0
// What a run leaves to the rest of the machine, enforced in advance.
#pragma once

#include <cstdint>
#include <string>

#include "guardian/cgroup.h"
#include "guardian/init.h"

namespace ordeal {

/// What the machine has.
struct MachineSize {
  std::uint32_t cpus = 1;
  std::uint64_t memory_total = 0;      // bytes
  std::uint64_t memory_available = 0;  // now
  std::uint64_t processes = 0;         // the kernel's own limit; 0: unknown
};
/// `memory` as the guardian reads it.
MachineSize machine_size(std::uint64_t memory_total, std::uint64_t memory_available);

/// The limits that keep the shares of a reserve free: by cgroups, or without them by what every
/// process can be told.
struct Reservation {
  double cpu_percent = 0;
  double memory_percent = 0;
  CgroupLimits limits;
  HoldBack hold_back;
};

/// CPU: what is left of all CPUs together. Memory: what is available now less the reserve, so that
/// what others use already is not the run's. Processes: half of what the kernel allows, 16384 at
/// most. Without cgroups: as many CPUs as the reserve rounds up to are left alone if there are five
/// or more, nice is raised by 5, and no process may have more data than the run might. A share of 0
/// reserves nothing. Error: none; when less than the reserve is available the memory limit is
/// 64 MiB, and the guardian's own check refuses the run.
Reservation plan_reservation(double cpu_percent, double memory_percent, const MachineSize& machine);

/// One line for people, e.g. "20 % of CPU and 20 % of memory, by cgroup v1: CPU quota 160 %, memory
/// 12.3 GiB, 16384 processes". "nothing" when nothing is reserved.
std::string say_reservation(const Reservation& reservation, const Cgroups& groups,
                            std::uint32_t cpus);

}  // namespace ordeal
