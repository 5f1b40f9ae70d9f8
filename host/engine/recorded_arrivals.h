// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/arrival_file.h"
#include "engine/load_spec.h"

namespace ordeal {

/// The intended starts of open load as a file has them, this worker's share only. The next arrival
/// is always read ahead; the file is read in pieces of 64 KiB, on the worker's thread.
class RecordedArrivals {
 public:
  /// `kinds`: the scenario's. What lies before spec.elapsed_ns is passed over. Error:
  /// invalid_config, also for a file that is not the one that was checked.
  static Result<RecordedArrivals> make(const LoadSpec& spec, const std::vector<std::string>& kinds);

  /// Arrivals::never at the end of the file and while the factor is 0.
  [[nodiscard]] std::uint64_t next_ns() const { return next_ns_; }
  /// Of the next arrival; nothing when the mix decides.
  [[nodiscard]] std::optional<std::uint32_t> kind() const { return kind_; }
  void advance();
  /// The file could not be read to its end: it has been written to, or is damaged. None of what
  /// stands behind that place arrives.
  [[nodiscard]] bool broken() const { return broken_; }
  /// The recording is played at `factor` of its speed from `now_ns` on; 0 holds it.
  void set_factor(std::uint64_t now_ns, double factor);

 private:
  Result<void> read();
  void find_next();

  ArrivalFile file_;
  std::vector<std::string> kinds_;
  double from_ = 0;
  double to_ = 1;
  double speed_ = 1;
  double factor_ = 1;
  std::uint64_t base_ns_ = 0;  // when the recording stood at base_s_
  double base_s_ = 0;
  bool ended_ = false;
  bool broken_ = false;
  double next_s_ = 0;
  std::uint64_t next_ns_ = 0;
  std::optional<std::uint32_t> kind_;
};

}  // namespace ordeal
