// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/feeder_spec.h"
#include "engine/feeder_text.h"
#include "engine/random.h"

namespace ordeal {

/// What the host writes about a feeder's file, in memory that it shares with the workers: this,
/// then the places of every `step`th record, 32 bits each.
struct FeederIndex {
  static constexpr std::uint64_t this_layout = 0x3164656566726f64;  // "drofeed1"
  std::uint64_t layout = this_layout;
  std::uint64_t file_size = 0;
  std::uint64_t first = 0;  // where the first record stands
  std::uint64_t records = 0;
  std::uint64_t step = 1;
  std::uint64_t places = 0;
  std::atomic<std::uint64_t> taken{0};  // order unique: how many records are used
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// What makes the copy of a feeder's file safe to map: it can neither become shorter nor be written
/// to.
inline constexpr int feeder_copy_seals = F_SEAL_SHRINK | F_SEAL_WRITE;

/// A worker's end of a data feeder: says which record is next, and reads it. The host's copy of the
/// file is mapped, so that however many workers share it it is in memory once. One thread.
class Feeder {
 public:
  /// `file` is the copy, with the seals above. Both descriptors are borrowed for the call. Error:
  /// internal, naming the file.
  static Result<std::unique_ptr<Feeder>> map(FeederSpec spec, int file, int index);
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  /// For worker `worker` of `workers`, from the start or, in sequential order, behind the `done`
  /// first of its records. What order unique has used stays used.
  void begin(std::uint32_t worker, std::uint32_t workers, std::uint64_t seed,
             std::uint64_t done = 0);
  /// The next record's number. False: all are used up.
  bool take(std::uint64_t& record);
  /// A record as a JSON object, which stands in `buffer` or in the copy and stays as long as both.
  /// "{}" for what is not where the index says: the plugin's code could write to that.
  std::string_view read(std::uint64_t record, std::string& buffer);

  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// How many of its records this worker has taken, those `done` included.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }

 private:
  Feeder(FeederSpec spec, std::string_view text, FeederIndex* index, std::size_t index_bytes);
  bool seek(std::uint64_t record, std::string_view& text);

  FeederSpec spec_;
  FeederText text_;
  FeederIndex* index_;
  std::size_t index_bytes_;
  const std::uint32_t* places_;
  // Copies: the plugin's code shares the process, and could write to what is shared.
  std::uint64_t records_;
  std::uint64_t step_;
  std::uint64_t places_count_;
  std::vector<std::string> names_;
  std::uint64_t next_ = 0;  // sequential
  std::uint64_t stride_ = 1;
  std::uint64_t taken_ = 0;
  Random random_;
  std::uint64_t here_ = 0;  // the number of the record that stands at at_
  std::size_t at_ = 0;
};

}  // namespace ordeal
