// SPDX-License-Identifier: Apache-2.0
// What a load's workers measured: checked, added up, merged and passed on.
#include <algorithm>
#include <boost/json.hpp>

#include "campaign/load_run.h"
#include "ordeal/abi/scenario.h"

namespace ordeal {

namespace {

constexpr std::uint64_t clock_slack_ns = 1'000'000'000;

}  // namespace

/// A plugin shares its process with the one who measures, and could write to the channel itself.
bool LoadRun::is_its_own(const IntervalFrame& frame, const Worker& worker) {
  const std::size_t kinds = declared(worker.load).kinds.size();
  return worker.begun && frame.load == worker.load && frame.worker == worker.index &&
         frame.generation == worker.generation && frame.start_ns <= frame.end_ns &&
         frame.end_ns <= loop_.now() + clock_slack_ns &&
         std::all_of(frame.kinds.begin(), frame.kinds.end(),
                     [&](const KindInterval& kind) { return kind.kind < kinds; });
}

void LoadRun::frame(Worker& worker, std::span<const std::byte> bytes) {
  auto decoded = decode_interval(bytes);
  if (!decoded || !is_its_own(*decoded, worker)) {
    trouble(worker, "forged", 1, "it sent an interval that its cell did not measure");
    return;
  }
  worker.silent_since_ns = decoded->end_ns;
  if (decoded->misbehaviour > 0)
    trouble(worker, "misbehaviour", decoded->misbehaviour,
            "it completed operations twice, or ones that it was not given");
  totals_.add(*decoded, worker.name, worker.spec.start_ns + worker.spec.duration_ns);
  look_at_feeder(worker.load);
  if (decoded->schedule_broken > 0) tell_broken_schedule(worker);
  if (auto& merger = loads_[worker.load].merger) {
    merger->add(worker.index, *decoded);
    merged(worker.load);
  } else {
    publish(*decoded, bytes);
  }
}

void LoadRun::merged(std::size_t load) {
  while (const auto frame = loads_[load].merger->next()) publish(*frame, encode(*frame));
}

void LoadRun::look_at_feeder(std::size_t number) {
  Load& load = loads_[number];
  if (load.feeder == nullptr || load.feeder_told) return;
  const FeederSource& feeder = *load.feeder;
  const std::string who = "of load " + std::to_string(number) + " (" +
                          campaign_.load[number].scenario + "): " + feeder.spec().file;
  const auto tell = [&](const char* type, const std::string& what) {
    load.feeder_told = true;
    bulletin_.event("phase", type, phase_,
                    {{"load", number}, {"file", feeder.spec().file}, {"text", who + " " + what}},
                    "feeder " + who + " " + what);
  };
  if (feeder.spec().order == FeederSpec::Order::unique && feeder.used() == feeder.records())
    tell("feeder_used_up", "has no more of its " + std::to_string(feeder.records()) +
                               " records, each of which is used once; further operations are "
                               "dropped");
  else if (feeder.changed())
    tell("feeder_changed",
         "was written to during the run, which goes on with what it held at its start");
}

void LoadRun::tell_broken_schedule(const Worker& worker) {
  Load& load = loads_[worker.load];
  if (load.schedule_told) return;
  load.schedule_told = true;
  const std::string& file = worker.spec.arrivals_file;
  const std::string text = "recorded arrivals are missing: " + file +
                           " was changed, or could not be read to its end, during the phase";
  faults_.push_back(text);
  bulletin_.event("phase", "arrivals_broken", phase_,
                  {{"load", worker.load}, {"file", file}, {"text", text}}, text);
}

void LoadRun::publish(const IntervalFrame& frame, std::span<const std::byte> bytes) {
  bulletin_.interval(phase_, bytes, frame.load, frame.generation);
  Histogram latency;
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  for (const auto& kind : frame.kinds) {
    for (const auto n : kind.outcomes) all += n;
    ok += kind.outcomes[ORDEAL_OUTCOME_OK];
    if (kind.latency.unit_ns() == latency.unit_ns()) latency.merge(kind.latency);
    SnapshotInterval interval;
    interval.scenario = campaign_.load[frame.load].scenario;
    const auto& kinds = declared(frame.load).kinds;
    interval.kind = kind.kind < kinds.size() ? kinds[kind.kind] : std::to_string(kind.kind);
    interval.start_ns = frame.start_ns;
    interval.end_ns = frame.end_ns;
    interval.outcomes = kind.outcomes;
    interval.p50_ns = kind.latency.value_at(50);
    interval.p99_ns = kind.latency.value_at(99);
    interval.max_ns = kind.latency.max();
    if (on_interval_) on_interval_(interval);
    services_.set_interval(frame.load, std::move(interval));
  }
  const double seconds = static_cast<double>(frame.end_ns - frame.start_ns) / 1e9;
  if (seconds <= 0.001) return;  // the last sliver of a phase says nothing about the rate
  LoadNow& now = loads_[frame.load].now;
  now.rate = static_cast<double>(all) / seconds;
  now.errors = static_cast<double>(all - ok) / seconds;
  now.p50 = static_cast<double>(latency.value_at(50)) / 1e9;
  now.p99 = static_cast<double>(latency.value_at(99)) / 1e9;
  now.sessions = frame.sessions_open;
}

LoadNow LoadRun::now() const {
  LoadNow sum;
  for (const Load& load : loads_) {
    sum.rate += load.now.rate;
    sum.errors += load.now.errors;
    sum.sessions += load.now.sessions;
    // Of different loads: the slower one is what a person should see.
    sum.p50 = std::max(sum.p50, load.now.p50);
    sum.p99 = std::max(sum.p99, load.now.p99);
  }
  return sum;
}

}  // namespace ordeal
