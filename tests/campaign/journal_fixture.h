// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"

namespace ordeal::test {

/// What went wrong, or "".
template <typename T>
std::string why(const Result<T>& result) {
  return result ? std::string() : result.error().line();
}

/// What one block of ten seconds counted.
struct BlockCounts {
  std::uint64_t ok = 1000;
  std::uint64_t fail = 0;
  std::uint64_t timeout = 0;
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;
  std::uint64_t cancelled = 0;
  std::uint64_t latency_ns = 2'000'000;  // of all that ended
  std::uint64_t slow = 0;                // of those this many took
  std::uint64_t slow_ns = 900'000'000;
};

/// A journal in a folder of its own, written as the controller writes it: a campaign of two phases,
/// "warm" (100/s, 30 s, 5 s of them warm-up, success >= 95 %, avg < 2 s) and "steady" (100/s, 30 s,
/// p99 < 500 ms). Time zero is 2026-11-23T17:00:00Z.
class JournalFixture {
 public:
  JournalFixture();
  ~JournalFixture();
  JournalFixture(const JournalFixture&) = delete;
  JournalFixture& operator=(const JournalFixture&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] JournalWriter& writer() { return *writer_; }
  /// Opens it for reading after a commit.
  std::unique_ptr<JournalReader> reader();

  void set(const std::string& key, const std::string& json);
  /// Plan of phase 0 or 1 with other limits (JSON array) or without judgement.
  static std::string plan(std::int32_t index, const std::string& slo = "", bool judge = true);
  static std::string config(double phases_passed = 0.7, double operations_ok = 0.9);
  /// run, config, plan, loads, plugins, containment, target, metrics and samples, baseline,
  /// readiness.
  void set_up();

  void begin_phase(std::int32_t index, double at, std::int32_t attempt = 1,
                   const std::string& plan = "");
  /// A block and its ten seconds.
  void block(std::int32_t index, double at, const BlockCounts& counts, std::uint32_t kind = 0);
  /// Sub-timings, as they are written when a phase ends.
  void histograms(std::int32_t index);
  /// `result` "" is the ordinary result of a phase that sent what it was to.
  void end_phase(std::int32_t index, double from, double to, const std::string& result = "",
                 const std::string& state = "done", std::int32_t attempt = 1,
                 const std::string& plan = "");
  void event(const std::string& topic, const std::string& type, double at, std::int32_t phase,
             const std::string& data);
  void end(int exit_code, const std::string& reason, const std::string& detail = "");

  /// A phase in one go: three blocks, 30 s from `at`.
  void whole_phase(std::int32_t index, double at, const BlockCounts& counts,
                   const std::string& result = "", const std::string& plan = "");

  static Moment moment(double at);

 private:
  std::string folder_;
  std::unique_ptr<JournalWriter> writer_;
};

/// A result with the given members put over the ordinary ones.
std::string phase_result(const std::string& members = "");

/// A campaign with everything that may come into a journal, step by step: a controller killed after
/// n steps leaves the first n.
std::vector<std::function<void(JournalFixture&)>> full_story();

}  // namespace ordeal::test
