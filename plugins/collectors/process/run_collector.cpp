// SPDX-License-Identifier: Apache-2.0
#include "run_collector.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <vector>

#include "../procfs/text.h"
#include "run_tree.h"

namespace process_collector {

namespace {

namespace json = boost::json;

enum MetricIndex : std::uint32_t { processes, resident, age, metric_count };

constexpr std::array<ordeal::Metric, metric_count> metric_table{{
    {"ordeal_run_processes", ORDEAL_METRIC_GAUGE, "", "role",
     "Processes of the run: control (ordeal's own), service and load (cells), started (by "
     "plugins)."},
    {"ordeal_run_process_resident_bytes", ORDEAL_METRIC_GAUGE, "bytes", "role,process,pid",
     "Resident memory of a process of the run; of many the 100 largest."},
    {"ordeal_run_process_age_seconds", ORDEAL_METRIC_GAUGE, "seconds", "role,process,pid",
     "Time since a process of the run was started; of many the 100 oldest that plugins started."},
}};

constexpr std::size_t most = 100;

std::string proc_of(std::string_view text) {
  json::error_code error;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object()) {
    throw ordeal::Failure(ORDEAL_E_INVALID, "the config is not a JSON object");
  }
  std::string proc = "/proc";
  for (const auto& [key, entry] : value.get_object()) {
    if (key == "proc" && entry.is_string() && !entry.get_string().empty()) {
      proc = entry.get_string().c_str();
    } else {
      throw ordeal::Failure(ORDEAL_E_INVALID, "key '" + std::string(key) + "' is not usable");
    }
  }
  return proc;
}

std::string series(const RunProcess& process) {
  return std::string(role_names[static_cast<std::size_t>(process.role)]) + "," +
         procfs::label(process.comm) + "," + std::to_string(process.pid);
}

}  // namespace

RunCollector::RunCollector(const ordeal::Context& context)
    : Collector(context), proc_(proc_of(context.config)) {}

std::span<const ordeal::Metric> RunCollector::metrics() { return metric_table; }

void RunCollector::collect(ordeal::SampleSink& sink) {
  auto found = run_processes(proc_);
  if (!found.has_value()) {
    throw ordeal::Failure(ORDEAL_E_IO, "the processes of the run cannot be read under " + proc_);
  }
  std::array<double, std::size(role_names)> counts{};
  for (const RunProcess& process : *found) ++counts[static_cast<std::size_t>(process.role)];
  for (std::size_t role = 0; role < counts.size(); ++role) {
    sink.add(processes, role_names[role], counts[role]);
  }
  // A storm of processes must not become a storm of series.
  const auto first = [&](auto before) {
    const std::size_t n = std::min(most, found->size());
    std::partial_sort(found->begin(), found->begin() + static_cast<std::ptrdiff_t>(n), found->end(),
                      before);
    return n;
  };
  std::size_t n = first([](const RunProcess& a, const RunProcess& b) {
    return a.resident_bytes != b.resident_bytes ? a.resident_bytes > b.resident_bytes
                                                : a.pid < b.pid;
  });
  for (std::size_t i = 0; i < n; ++i)
    sink.add(resident, series((*found)[i]), (*found)[i].resident_bytes);
  n = first([](const RunProcess& a, const RunProcess& b) {
    if ((a.role == Role::started) != (b.role == Role::started)) return a.role == Role::started;
    return a.age_seconds != b.age_seconds ? a.age_seconds > b.age_seconds : a.pid < b.pid;
  });
  for (std::size_t i = 0; i < n; ++i) sink.add(age, series((*found)[i]), (*found)[i].age_seconds);
}

}  // namespace process_collector
