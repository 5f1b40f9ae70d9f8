// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace ordeal {

/// Log-linear histogram of durations with HdrHistogram's layout: 3 significant digits from one unit
/// to one hour, fixed memory, exact merging. A value is off by at most 0.1 %; larger than an hour
/// counts as an hour (max() stays exact). Single writer; the storage is mapped, so that pages never
/// touched cost nothing.
/// Layout and V2 encoding: http://hdrhistogram.org (HdrHistogram_c, Java "EncodableHistogram").
class Histogram {
 public:
  /// `unit_ns` is the smallest distinguishable duration: 1, or 1000 for series declared slow.
  explicit Histogram(std::uint32_t unit_ns);
  Histogram() : Histogram(1) {}
  Histogram(Histogram&&) noexcept;
  Histogram& operator=(Histogram&&) noexcept;
  Histogram(const Histogram&);
  Histogram& operator=(const Histogram&);
  ~Histogram();

  void record(std::uint64_t value_ns) noexcept { record(value_ns, 1); }
  void record(std::uint64_t value_ns, std::uint64_t count) noexcept;
  /// Adds the counts of `other`, which has the same unit.
  void merge(const Histogram& other);
  void clear() noexcept;

  [[nodiscard]] std::uint32_t unit_ns() const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept;
  /// All in nanoseconds; 0 when empty. min and max are exact, mean is within 0.1 %.
  [[nodiscard]] std::uint64_t min() const noexcept;
  [[nodiscard]] std::uint64_t max() const noexcept;
  [[nodiscard]] double mean() const noexcept;
  [[nodiscard]] double stddev() const noexcept;
  /// The value below or at which `percentile` (0-100) of the recorded ones lie: the highest value
  /// equivalent to that bucket, as HdrHistogram answers, but never above max().
  [[nodiscard]] std::uint64_t value_at(double percentile) const noexcept;
  /// How many recorded values are at most `value_ns` (to bucket precision).
  [[nodiscard]] std::uint64_t count_at_or_below(std::uint64_t value_ns) const noexcept;

  /// A non-empty bucket, for charts and exports: values in [from_ns, to_ns].
  struct Bucket {
    std::uint64_t from_ns;
    std::uint64_t to_ns;
    std::uint64_t count;
  };
  [[nodiscard]] std::vector<Bucket> buckets() const;

  /// HdrHistogram's V2 encoding, uncompressed. Preceded here by exact min, max and sum (24 bytes).
  [[nodiscard]] std::vector<std::byte> encode() const;
  /// Reads what encode() wrote. Error: internal, on truncated or foreign bytes.
  static Result<Histogram> decode(std::span<const std::byte> bytes);
  /// V2 deflated (cookie 0x1c849304) as .hlog files carry it, before base64.
  [[nodiscard]] std::vector<std::byte> encode_v2_compressed() const;
  static Result<Histogram> decode_v2_compressed(std::span<const std::byte> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ordeal
