// SPDX-License-Identifier: Apache-2.0
/// The metrics of this collector: names as node_exporter has them, and gauges of ordeal's own.
#pragma once

#include <array>
#include <cstdint>

#include "ordeal/collector.hpp"

namespace system_collector {

enum MetricIndex : std::uint32_t {
  cpu_seconds,
  cpu_busy_ratio,
  context_switches,
  procs_running,
  procs_blocked,
  memory_total,
  memory_available,
  memory_free,
  swap_total,
  swap_free,
  memory_used_ratio,
  pressure_cpu_waiting,
  pressure_memory_waiting,
  pressure_memory_stalled,
  pressure_io_waiting,
  pressure_io_stalled,
  filesystem_size,
  filesystem_avail,
  disk_used_ratio,
  disk_read_bytes,
  disk_written_bytes,
  disk_io_time,
  network_receive_bytes,
  network_transmit_bytes,
  network_receive_drop,
  network_transmit_drop,
  load1,
  load5,
  load15,
  filefd_allocated,
  filefd_maximum,
  vmstat_pgscan_kswapd,
  vmstat_pgscan_direct,
  vmstat_pgmajfault,
  vmstat_pswpin,
  vmstat_pswpout,
  vmstat_oom_kill,
  metric_count
};

inline constexpr std::uint32_t gauge = ORDEAL_METRIC_GAUGE;
inline constexpr std::uint32_t counter = ORDEAL_METRIC_COUNTER;

/// In the order of MetricIndex.
inline constexpr std::array<ordeal::Metric, metric_count> metric_table{{
    {"node_cpu_seconds_total", counter, "seconds", "mode",
     "Seconds all CPUs together spent in each mode."},
    {"ordeal_cpu_busy_ratio", gauge, "ratio", "",
     "Share of CPU time not idle and not waiting for I/O since the previous reading."},
    {"node_context_switches_total", counter, "", "", "Context switches."},
    {"node_procs_running", gauge, "", "", "Runnable tasks."},
    {"node_procs_blocked", gauge, "", "", "Tasks blocked waiting for I/O."},
    {"node_memory_MemTotal_bytes", gauge, "bytes", "", "Usable memory."},
    {"node_memory_MemAvailable_bytes", gauge, "bytes", "",
     "Memory that can be had without swapping."},
    {"node_memory_MemFree_bytes", gauge, "bytes", "", "Memory used for nothing."},
    {"node_memory_SwapTotal_bytes", gauge, "bytes", "", "Swap space."},
    {"node_memory_SwapFree_bytes", gauge, "bytes", "", "Unused swap space."},
    {"ordeal_memory_used_ratio", gauge, "ratio", "", "1 - MemAvailable / MemTotal."},
    {"node_pressure_cpu_waiting_seconds_total", counter, "seconds", "",
     "Time in which some task waited for a CPU."},
    {"node_pressure_memory_waiting_seconds_total", counter, "seconds", "",
     "Time in which some task waited for memory."},
    {"node_pressure_memory_stalled_seconds_total", counter, "seconds", "",
     "Time in which all non-idle tasks waited for memory."},
    {"node_pressure_io_waiting_seconds_total", counter, "seconds", "",
     "Time in which some task waited for I/O."},
    {"node_pressure_io_stalled_seconds_total", counter, "seconds", "",
     "Time in which all non-idle tasks waited for I/O."},
    {"node_filesystem_size_bytes", gauge, "bytes", "mountpoint", "Size of the file system."},
    {"node_filesystem_avail_bytes", gauge, "bytes", "mountpoint",
     "Space that an unprivileged process can have."},
    {"ordeal_disk_used_ratio", gauge, "ratio", "mountpoint",
     "Share of the space for unprivileged processes that is used, as df prints it."},
    {"node_disk_read_bytes_total", counter, "bytes", "device", "Bytes read from the device."},
    {"node_disk_written_bytes_total", counter, "bytes", "device", "Bytes written to the device."},
    {"node_disk_io_time_seconds_total", counter, "seconds", "device",
     "Time in which the device was busy."},
    {"node_network_receive_bytes_total", counter, "bytes", "device", "Bytes received."},
    {"node_network_transmit_bytes_total", counter, "bytes", "device", "Bytes sent."},
    {"node_network_receive_drop_total", counter, "", "device", "Received packets dropped."},
    {"node_network_transmit_drop_total", counter, "", "device", "Packets dropped when sending."},
    {"node_load1", gauge, "", "", "Load average over 1 minute."},
    {"node_load5", gauge, "", "", "Load average over 5 minutes."},
    {"node_load15", gauge, "", "", "Load average over 15 minutes."},
    {"node_filefd_allocated", gauge, "", "", "File handles in use on the whole machine."},
    {"node_filefd_maximum", gauge, "", "", "Most file handles the machine allows."},
    {"node_vmstat_pgscan_kswapd", counter, "", "", "Pages scanned by background reclaim."},
    {"node_vmstat_pgscan_direct", counter, "", "", "Pages scanned by direct reclaim."},
    {"node_vmstat_pgmajfault", counter, "", "", "Page faults that needed I/O."},
    {"node_vmstat_pswpin", counter, "", "", "Pages swapped in."},
    {"node_vmstat_pswpout", counter, "", "", "Pages swapped out."},
    {"node_vmstat_oom_kill", counter, "", "", "Processes the kernel killed for want of memory."},
}};

}  // namespace system_collector
