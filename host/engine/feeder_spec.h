// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace ordeal {

/// Where the data of a load's operations come from: a record for each.
struct FeederSpec {
  enum class Format : std::uint32_t { csv, jsonl };
  enum class Order : std::uint32_t {
    sequential,  // worker i of n takes records i, i + n, ..., and begins anew behind the last
    random,      // any, by the load's seed
    unique,      // each at most once in a run, over all workers; then there are no more operations
  };
  std::string file;
  Format format = Format::csv;
  Order order = Order::sequential;
  bool header = true;  // csv: the first record names the fields; else they are c1, c2, ...
};

/// The largest file, and the longest record of one.
inline constexpr std::uint64_t feeder_file_max = std::uint64_t{1} << 30;
inline constexpr std::uint64_t feeder_record_max = std::uint64_t{1} << 20;

}  // namespace ordeal
