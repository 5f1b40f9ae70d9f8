// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdio>

#include "base/files.h"
#include "base/json.h"
#include "campaign/containment.h"
#include "campaign/loop.h"
#include "cli/commands.h"
#include "registry/registry.h"

namespace ordeal {

namespace {

namespace json = boost::json;
constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint32_t instance = 1;

volatile sig_atomic_t stopped = 0;

/// One reading of the system collector.
struct Reading {
  bool done = false;
  std::string error;
  json::array values;
  double cpu = NAN;
  double memory = NAN;
  double disk = NAN;
  double load = NAN;
};

void take(Reading& reading, const Declared& declared, Decoder& in) {
  in.u32();
  in.u64();
  reading.error = in.text();
  in.u64();
  for (std::uint32_t n = in.u32(); n > 0 && in.ok(); --n) {
    const std::uint32_t metric = in.u32();
    const std::string labels(in.text());
    const double value = in.f64();
    if (metric >= declared.metrics.size()) continue;
    const auto& name = declared.metrics[metric].name;
    reading.values.push_back(json::object{{"metric", name}, {"labels", labels}, {"value", value}});
    if (name == "ordeal_cpu_busy_ratio") reading.cpu = value;
    if (name == "ordeal_memory_used_ratio") reading.memory = value;
    if (name == "ordeal_disk_used_ratio" && std::isnan(reading.disk)) reading.disk = value;
    if (name == "node_load1") reading.load = value;
  }
  reading.done = true;
}

std::string percent(double share) {
  return std::isnan(share) ? "  -" : std::to_string(std::lround(share * 100)) + " %";
}

int fail(ExitCode code, const std::string& text) {
  std::fprintf(stderr, "ordeal: %s\n", text.c_str());
  return static_cast<int>(code);
}

}  // namespace

int monitor_command(const Options& options) {
  const Registry registry = Registry::scan(Registry::default_places(options.plugin_dirs));
  auto found = registry.find("collector", "system");
  if (!found) return fail(found.error().code, found.error().line());
  ::signal(SIGINT, [](int) { stopped = 1; });
  ::signal(SIGTERM, [](int) { stopped = 1; });
  const SystemClock clock;
  Loop loop(clock);
  ChildCells cells(loop, install_paths().libexec + "/ordeal-cell", "");
  Reading reading;
  auto link = cells.start("monitor", [&](CellLink& cell, CellMessage type, Decoder& in) {
    if (type == CellMessage::samples) take(reading, cell.declared(instance), in);
  });
  if (!link) return fail(link.error().code, link.error().line());
  CellLink& cell = **link;
  cell.load(*found->plugin);
  cell.create(instance, found->plugin->id, "collector", found->component->id,
              found->component->defaults);
  loop.run_until([&] { return cell.create_answer(instance) || cell.ended(); },
                 loop.now() + 10 * second_ns);
  const auto answer = cell.create_answer(instance);
  if (!answer || !answer->empty())
    return fail(ExitCode::plugin_rejected,
                answer ? *answer : "the collector's cell did not come up: " + cell.how_it_ended());
  const auto period = static_cast<std::uint64_t>(options.interval * 1e9);
  if (!options.json) std::printf("%-9s %6s %7s %6s %6s\n", "time", "cpu", "memory", "disk", "load");
  for (std::uint64_t n = 0; (options.count == 0 || n < options.count) && stopped == 0; ++n) {
    const std::uint64_t next = loop.now() + period;
    reading = {};
    cell.collect(instance, n);
    loop.run_until([&] { return reading.done || cell.ended() || stopped != 0; },
                   loop.now() + 10 * second_ns);
    if (stopped != 0) break;
    if (!reading.done || !reading.error.empty())
      return fail(ExitCode::internal, reading.done
                                          ? reading.error
                                          : "the collector's cell is gone: " + cell.how_it_ended());
    const std::string time = utc_time(clock.wall_ns());
    if (options.json)
      std::printf("%s\n",
                  compact_json(json::object{{"time", time}, {"samples", reading.values}}).c_str());
    else
      std::printf("%-9s %6s %7s %6s %6.2f\n", time.substr(11, 8).c_str(),
                  percent(reading.cpu).c_str(), percent(reading.memory).c_str(),
                  percent(reading.disk).c_str(), reading.load);
    std::fflush(stdout);
    if (options.count != 0 && n + 1 == options.count) break;
    loop.run_until([&] { return stopped != 0; }, next);
  }
  cell.shutdown();
  loop.run_until([&] { return cell.ended(); }, loop.now() + 2 * second_ns);
  cells.forget(cell);
  return 0;
}

}  // namespace ordeal
