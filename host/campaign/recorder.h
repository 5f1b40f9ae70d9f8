// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/interval.h"
#include "bus/bus.h"
#include "campaign/records.h"
#include "journal/journal.h"

namespace ordeal {

/// The bus's subscriber that writes the journal, on a thread of its own: the journal's one writer.
/// Puts workers' intervals together into seconds, blocks and phase histograms.
class Recorder {
 public:
  /// What a scenario said about itself that its intervals do not repeat.
  struct LoadNames {
    std::vector<std::string> marks;
    std::uint32_t unit_ns = 1;
  };

  /// `heartbeat` is this loop's counter in the guardian's shared page (or any other atomic).
  Recorder(std::unique_ptr<JournalWriter> journal, std::shared_ptr<Subscription> subscription,
           const Clock& clock, std::uint64_t block_ns, std::atomic<std::uint64_t>& heartbeat);
  ~Recorder();

  /// Topics of the bus from `first` on are third parties': their events are kept as they are.
  /// `sources`: the publishers' names, by number. Before start().
  struct Topics {
    std::uint32_t first = 0xffffffffu;
    std::vector<std::string> names;
    std::map<std::uint32_t, std::string> sources;
  };
  void keep_topics(Topics topics) { topics_ = std::move(topics); }
  void start();
  /// [any] Before the first interval of that load is published.
  void describe_load(std::uint32_t load, LoadNames names);
  /// [any] The number of the newest barrier whose predecessors are durable.
  [[nodiscard]] std::uint64_t barrier_done() const { return barrier_.load(); }
  /// [any] "" while all is well; what the journal said otherwise.
  [[nodiscard]] std::string failure() const;
  /// After Bus::close(): writes what is left, checkpoints and ends the thread.
  void finish();

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t>;  // load, kind
  struct Block {
    SeriesRow row;
    Histogram latency;
  };

  void run();
  void handle(const Event& event);
  void topic_event(const Event& event);
  void interval(std::int32_t phase, std::span<const std::byte> bytes);
  void write_blocks();
  void flush_blocks();
  void flush_phase();
  void check(Result<void> result);

  std::unique_ptr<JournalWriter> journal_;
  std::shared_ptr<Subscription> subscription_;
  const Clock& clock_;
  std::uint64_t block_ns_;
  std::atomic<std::uint64_t>& heartbeat_;
  std::atomic<std::uint64_t> barrier_{0};
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;  // failure_, loads_
  std::string failure_;
  std::map<std::uint32_t, LoadNames> loads_;
  Topics topics_;
  std::int32_t phase_ = -1;
  std::map<Key, Block> blocks_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string>, Histogram> phase_series_;
  std::uint64_t last_commit_ns_ = 0;
  std::thread thread_;
};

}  // namespace ordeal
