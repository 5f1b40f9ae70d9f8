// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_readiness.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/files.h"
#include "campaign/containment.h"
#include "campaign/loop.h"
#include "engine/kind_mix.h"

namespace ordeal {

namespace {

constexpr std::uint64_t patience_ns = 10'000'000'000;
constexpr std::uint64_t kib = 1024;
constexpr std::uint32_t scenario_instance = 1;

std::string mebibytes(std::uint64_t bytes) {
  return std::to_string((bytes + 1024 * kib - 1) / (1024 * kib)) + " MiB";
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// What the entry asks of kinds that the scenario does not have; "": nothing.
std::string unknown_kind(const LoadEntry& entry, const Declared& declared) {
  if (auto mix = KindMix::make(declared.kinds, entry.mix, 0); !mix) return mix.error().line();
  for (const KindTimeout& timeout : entry.timeouts)
    if (std::find(declared.kinds.begin(), declared.kinds.end(), timeout.of.kind) ==
        declared.kinds.end())
      return "timeouts: the scenario has no operation kind '" + timeout.of.kind +
             "'; expected one of " + listed(declared.kinds);
  return "";
}

/// "" and what the scenario declares, or why it is not to be had.
std::string attach(const LoadEntry& entry, const PluginInfo& plugin, const std::string& cell,
                   Declared& declared) {
  const SystemClock clock;
  Loop loop(clock);
  ChildCells cells(loop, cell, "");
  auto link = cells.start("check-" + entry.scenario, [](CellLink&, CellMessage, Decoder&) {});
  if (!link) return link.error().line();
  CellLink& one = **link;
  one.confine(plugin.privileges, 0);
  one.load(plugin);
  one.create(scenario_instance, plugin.id, "scenario", entry.scenario, entry.config);
  loop.run_until([&] { return one.create_answer(scenario_instance) || one.ended(); },
                 loop.now() + patience_ns);
  const auto answer = one.create_answer(scenario_instance);
  std::string problem = one.refusal(plugin, scenario_instance);
  if (answer && answer->empty())
    declared = one.declared(scenario_instance);
  else if (problem.empty())
    problem = "plugin " + plugin.id + ": its cell did not answer: " + one.how_it_ended();
  cells.forget(one);
  return problem;
}

}  // namespace

std::uint64_t histogram_bound(const Declared& declared) {
  const std::uint64_t one = (declared.unit_ns >= 1000 ? 182 : 262) * kib;
  return declared.kinds.size() * (2 + declared.marks.size()) * one;
}

ReadinessCheck load_memory_check(std::uint64_t bound, std::uint64_t available, std::uint64_t total,
                                 const Safety& safety) {
  ReadinessCheck check;
  check.name = "load_memory";
  check.remedy = "fewer workers or operation kinds, or more memory";
  const double kept = std::max(100 - safety.memory_percent, safety.reserve_memory_percent) / 100;
  const auto floor = static_cast<std::uint64_t>(static_cast<double>(total) * kept);
  const std::uint64_t room = available > floor ? available - floor : 0;
  check.value = static_cast<double>(bound);
  check.limit = static_cast<double>(room);
  check.ok = bound <= room;
  check.detail = "the load's histograms take at most " + mebibytes(bound) + " of the " +
                 mebibytes(room) + " that safety leaves";
  return check;
}

std::vector<ReadinessCheck> check_loads(const Campaign& campaign, const Registry& registry,
                                        const std::string& cell) {
  std::vector<ReadinessCheck> checks;
  std::uint64_t bound = 0;
  for (const LoadEntry& entry : campaign.load) {
    ReadinessCheck check;
    check.name = "load " + entry.scenario;
    check.remedy = "mend what it names in the load entry of the campaign";
    Declared declared;
    auto found = registry.find("scenario", entry.scenario);
    std::string problem =
        found ? attach(entry, *found->plugin, cell, declared) : found.error().line();
    if (problem.empty()) problem = unknown_kind(entry, declared);
    check.ok = problem.empty();
    const std::uint64_t mine = histogram_bound(declared) * entry.workers;
    bound += mine;
    check.value = static_cast<double>(declared.kinds.size());
    check.detail = check.ok
                       ? std::to_string(entry.workers) +
                             (entry.workers == 1 ? " worker" : " workers") + ", operations " +
                             listed(declared.kinds) + "; histograms of at most " + mebibytes(mine)
                       : problem;
    checks.push_back(std::move(check));
  }
  std::uint64_t available = 0;
  std::uint64_t total = 0;
  if (const auto info = read_file("/proc/meminfo", ExitCode::preflight)) {
    const auto field = [&](const char* name) {
      const auto at = info->find(name);
      return at == std::string::npos
                 ? 0
                 : std::strtoull(info->c_str() + at + std::strlen(name), nullptr, 10) * kib;
    };
    available = field("MemAvailable:");
    total = field("MemTotal:");
  }
  checks.push_back(load_memory_check(bound, available, total, campaign.safety));
  return checks;
}

}  // namespace ordeal
