// SPDX-License-Identifier: Apache-2.0
// What the controller (or the front, for reports) and a cell say to one another. Payloads are
// fields of base/codec.h in the order given.
#pragma once

#include <cstdint>

namespace ordeal {

inline constexpr std::uint32_t cell_protocol_version = 4;

enum class CellMessage : std::uint16_t {
  // host -> cell
  load = 1,       // text id, version, library, sha256; u32 trust; text manifest; PluginTopics
  create = 2,     // u32 instance; text plugin id, kind, component, config
  begin = 3,      // u32 instance, u32 load, worker, generation, u64 interval_ns, then a LoadSpec
  throttle = 4,   // u32 instance, f64 factor
  stop = 5,       // u32 instance, u64 drain_ns
  collect = 6,    // u32 instance, u64 token
  evaluate = 7,   // u32 instance, u64 token, then a snapshot
  render = 8,     // u32 instance, u64 token, u32 stage, text document
  interval = 9,   // u32 instance, text json: for streaming reports
  shutdown = 10,  // nothing: destroys the instances and exits 0
  events = 11,    // u32 instance, u32 n, n x TopicEvent
  confine = 20,   // u32 n, n x text privilege, u32 most descriptors (0: no limit of its own); once,
                  // before the first load
  pin = 21,       // u32 core: the whole process runs on that core; before the first load
  feed = 22,  // u32 instance, text file, u32 format, order, header; with the descriptors of file
              // and index: before begin, the data of a scenario's operations (see Feeder)
  progress = 23,  // u32 instance, with the descriptor of a SharedProgress: before begin
  // cell -> host
  hello = 64,     // u32 cell_protocol_version
  loaded = 65,    // text id, error ("" when it succeeded)
  created = 66,   // u32 instance, text error, then what the component declares
  begun = 67,     // u32 instance, text error
  frame = 68,     // u32 instance, bytes: an encoded IntervalFrame
  finished = 69,  // u32 instance: the load is over and its sessions are closed
  samples = 70,   // u32 instance, u64 token, text error, u64 cost_ns, u32 n, n x (u32 metric, text
                  // labels, f64)
  verdict = 71,   // u32 instance, u64 token, text error, u32 level, text metric, reason, f64 value,
                  // limit, u64 window_ns
  file = 72,      // u32 instance, u64 token, text name, bytes: a whole file
  rendered = 73,  // u32 instance, u64 token, text error
  log_line = 74,  // u32 severity, text channel, message
  alive = 75,     // u64 overruns since the last one: sent every 250 ms by the cell's loop
  metrics = 76,   // u32 instance, a Declared with the metrics new since the last one (numbered on
                  // from it), u32 n, n x (u32 metric, text labels, f64)
  publish = 77,   // u32 instance, u32 topic (in the order of the manifest's publishes), bytes
                  // payload, bytes body
  subscribed = 78,  // u32 instance, u32 topic (in the order of the manifest's subscribes): comes
                    // before `created` when the plugin asks in its create
  taken = 79,       // u32 instance, u32 n: so many of the events sent have been dealt with
  trouble = 90,  // u32 instance (0: of the whole cell), text kind, u64 count, text detail: what a
                 // plugin did that it should not have
};

/// How often a cell says that its loop turns.
inline constexpr std::uint64_t cell_alive_period_ns = 250'000'000;

}  // namespace ordeal
