// SPDX-License-Identifier: Apache-2.0
#include "guardian/reservation.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/files.h"
#include "guardian/fixed_text.h"

namespace ordeal {

namespace {

constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t least_memory = 64 * mib;
constexpr std::uint64_t most_processes = 16384;
constexpr std::uint32_t cpus_to_spare = 5;  // with fewer, one CPU is too much to give away
constexpr int niceness = 5;

std::uint64_t number_in(const char* path) {
  const auto text = read_file(path, ExitCode::preflight, 64);
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

template <std::size_t N>
void say_memory(FixedText<N>& text, std::uint64_t bytes) {
  if (bytes >= 1024 * mib)
    text << Decimal{static_cast<double>(bytes) / static_cast<double>(1024 * mib), 1} << " GiB";
  else
    text << bytes / mib << " MiB";
}

}  // namespace

MachineSize machine_size(std::uint64_t memory_total, std::uint64_t memory_available) {
  MachineSize machine{1, memory_total, memory_available, 0};
  machine.cpus = static_cast<std::uint32_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
  const std::uint64_t pids = number_in("/proc/sys/kernel/pid_max");
  const std::uint64_t threads = number_in("/proc/sys/kernel/threads-max");
  machine.processes = pids == 0 || threads == 0 ? std::max(pids, threads) : std::min(pids, threads);
  return machine;
}

Reservation plan_reservation(double cpu_percent, double memory_percent,
                             const MachineSize& machine) {
  Reservation r;
  r.cpu_percent = cpu_percent;
  r.memory_percent = memory_percent;
  r.limits.pids =
      machine.processes == 0 ? most_processes : std::min(most_processes, machine.processes / 2);
  r.limits.cpus = machine.cpus;
  if (cpu_percent > 0) {
    r.limits.cpu_permille = static_cast<std::uint64_t>(
        std::max(50.0, std::floor(machine.cpus * 10 * (100 - cpu_percent))));
    r.hold_back.nice = niceness;
    if (machine.cpus >= cpus_to_spare)
      r.hold_back.spare_cpus =
          std::min(machine.cpus - 1,
                   static_cast<std::uint32_t>(std::ceil(machine.cpus * cpu_percent / 100 - 1e-9)));
  }
  if (memory_percent > 0) {
    const auto reserve = static_cast<std::uint64_t>(static_cast<double>(machine.memory_total) *
                                                    memory_percent / 100);
    r.limits.memory_bytes = machine.memory_available > reserve + least_memory
                                ? machine.memory_available - reserve
                                : least_memory;
    r.hold_back.data_bytes = r.limits.memory_bytes;
  }
  return r;
}

std::string say_reservation(const Reservation& r, const Cgroups& groups, std::uint32_t cpus) {
  FixedText<300> text;
  if (r.cpu_percent <= 0 && r.memory_percent <= 0) return "nothing";
  if (r.cpu_percent > 0) text << Decimal{r.cpu_percent, 0} << " % of CPU";
  if (r.cpu_percent > 0 && r.memory_percent > 0) text << " and ";
  if (r.memory_percent > 0) text << Decimal{r.memory_percent, 0} << " % of memory";
  const char* comma = " ";
  const auto next = [&]() -> FixedText<300>& {
    text << comma;
    comma = ", ";
    return text;
  };
  if (groups.limiting() != 0) {
    const CgroupLimits& limits = groups.limits();
    text << ", by cgroup v" << groups.limiting() << ":";
    if (limits.cpu_permille != 0)
      next() << "CPU quota " << limits.cpu_permille / 10 << " %";
    else if (r.cpu_percent > 0)
      next() << "CPU quota of the group above";
    if (limits.memory_bytes != 0) say_memory(next() << "memory ", limits.memory_bytes);
    next() << limits.pids << " processes";
  } else {
    text << ", without cgroups:";
    if (r.hold_back.spare_cpus != 0)
      next() << r.hold_back.spare_cpus << " of " << cpus << " CPUs left alone";
    if (r.hold_back.nice != 0) next() << "nice +" << r.hold_back.nice;
    if (r.hold_back.data_bytes != 0)
      say_memory(next() << "data of each process ", r.hold_back.data_bytes);
    text << "; otherwise by the guardian's watch";
  }
  return std::string(text.view());
}

}  // namespace ordeal
