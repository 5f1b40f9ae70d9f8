// SPDX-License-Identifier: Apache-2.0
#include "campaign/load_totals.h"

#include <algorithm>

namespace ordeal {

WorkerUse& LoadTotals::worker_use(std::uint32_t load, std::uint32_t worker) {
  const auto found = std::find_if(workers.begin(), workers.end(), [&](const WorkerUse& one) {
    return one.load == load && one.worker == worker;
  });
  if (found != workers.end()) return *found;
  WorkerUse& use = workers.emplace_back();
  use.load = load;
  use.worker = worker;
  return use;
}

void LoadTotals::add(const IntervalFrame& frame, const std::string& name, std::uint64_t end_ns) {
  offered += frame.offered;
  sessions_opened += frame.sessions_opened;
  sessions_failed += frame.sessions_failed;
  sessions_renewed += frame.sessions_renewed;
  misbehaviour += frame.misbehaviour;
  late += frame.late;
  WorkerUse& use = worker_use(frame.load, frame.worker);
  use.name = name;
  use.add(frame, end_ns);
  wire.probe += frame.wire.probe;
  wire.warm_up += frame.wire.warm_up;
  wire.measured += frame.wire.measured;
  wire.retried += frame.wire.retried;
  wire.cancelled += frame.wire.cancelled;
  send_lag.merge(frame.send_lag);
  for (const auto& kind : frame.kinds) {
    for (std::size_t i = 0; i < outcome_count; ++i) outcomes[i] += kind.outcomes[i];
    for (const auto& [code, n] : kind.codes) {
      Code key{frame.load, kind.kind, code};
      if (codes.size() >= most_codes && !codes.contains(key)) key.code = 0;
      codes[key] += n;
    }
    if (kind.latency.unit_ns() == latency.unit_ns()) latency.merge(kind.latency);
  }
}

}  // namespace ordeal
