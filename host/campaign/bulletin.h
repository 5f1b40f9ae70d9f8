// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "bus/bus.h"
#include "campaign/records.h"

namespace ordeal {

/// Something a plugin did that it should not have, and that its cell survived.
struct PluginTrouble {
  std::string plugin;     // id and version
  std::string component;  // "": of the cell as a whole
  std::string kind;       // "denied", "log_flood", "overrun", ...
  std::uint64_t count = 1;
  std::string detail;
};

/// What the controller makes known, in one place: every event goes onto the bus (and so into the
/// journal) and, as a line for people, into the log and the status file. One thread.
class Bulletin {
 public:
  struct Line {
    std::uint64_t number = 0;
    std::uint64_t wall_ns = 0;
    std::string text;
  };

  Bulletin(Bus& bus, const Clock& clock);

  /// An event of `topic` ("phase", "safety", "plugin", "control"), with a line for people ("":
  /// none).
  void event(std::string_view topic, std::string_view type, std::int32_t phase,
             const boost::json::object& data, std::string_view line);
  /// The first trouble of a plugin, component and kind is an event at once; what follows is added
  /// up until tell_troubles(), so that no plugin can flood the journal.
  void trouble(std::int32_t phase, PluginTrouble trouble);
  void tell_troubles();
  void phase(const PhaseRow& row);
  void interval(std::int32_t phase, std::span<const std::byte> frame, std::uint32_t source,
                std::uint32_t generation);
  void samples(const SampleBatch& batch, std::uint32_t source);
  void metric(const MetricRow& row);
  /// A run-wide fact, under a key of the journal.
  void set(const std::string& key, const boost::json::value& value);
  /// Gives the number that Recorder::barrier_done() reaches once all before it is durable.
  std::uint64_t barrier();

  [[nodiscard]] Moment moment() const;
  /// The newest lines, at most 64.
  [[nodiscard]] const std::deque<Line>& lines() const { return lines_; }
  /// A control event could not be delivered.
  [[nodiscard]] bool failed() const { return bus_.failed(); }

 private:
  void publish(int topic, RecordType type, EventBody body, std::int32_t phase = -1,
               std::uint64_t number = 0, std::uint32_t source = 0, std::uint32_t generation = 0);
  void tell(std::int32_t phase, const PluginTrouble& trouble);

  Bus& bus_;
  const Clock& clock_;
  std::string boot_id_;
  std::uint64_t barriers_ = 0;
  std::uint64_t line_number_ = 0;
  std::deque<Line> lines_;
  struct Waiting {
    std::int32_t phase = -1;
    PluginTrouble trouble;  // count: of what has not been told
  };
  std::map<std::string, Waiting> troubles_;  // by plugin, component and kind
};

}  // namespace ordeal
