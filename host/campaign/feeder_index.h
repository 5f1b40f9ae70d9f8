// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_identity.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/feeder.h"
#include "engine/feeder_spec.h"

namespace ordeal {

/// A feeder's file, copied to memory and checked from end to end, and what its workers are given:
/// the copy and an index, both of which they share and none can cut short. What becomes of the file
/// itself does not matter to them. Building it goes in steps, so that nothing else has to wait for
/// a large file. One thread.
class FeederSource {
 public:
  /// Error: invalid_config, naming the file: it cannot be read, is no regular file, too large.
  static Result<std::unique_ptr<FeederSource>> open(const FeederSpec& spec);
  ~FeederSource();
  FeederSource(const FeederSource&) = delete;
  FeederSource& operator=(const FeederSource&) = delete;

  /// Copies or checks about `bytes` more; true once all is checked. Error: invalid_config with the
  /// file's line and column: a record that is malformed, has another number of fields than the
  /// first or is not UTF-8; a file without a record, or that changes meanwhile.
  Result<bool> check(std::size_t bytes);
  /// After check() said true: makes the index. Error: internal.
  Result<void> publish();

  [[nodiscard]] const FeederSpec& spec() const { return spec_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  /// The copy.
  [[nodiscard]] int file() const { return copy_.get(); }
  [[nodiscard]] int index() const { return index_.get(); }
  /// How many records order unique has used; no more than there are.
  [[nodiscard]] std::uint64_t used() const;
  /// Somebody has written to the file since it was opened.
  [[nodiscard]] bool changed() const;

 private:
  FeederSource(const FeederSpec& spec, UniqueFd file, const FileIdentity& identity, UniqueFd copy);
  Result<bool> copy(std::size_t bytes);
  Result<void> map_copy();
  void unmap_copy();
  Error wrong(std::size_t at, std::string what, std::string expected = {}) const;
  Result<void> read_names(std::string_view record, std::size_t at);
  Result<void> check_record(std::string_view record, std::size_t at);

  FeederSpec spec_;
  UniqueFd file_;
  FileIdentity identity_;
  UniqueFd copy_;
  std::uint64_t copied_ = 0;
  FeederText text_;  // of the copy, once it is whole
  std::size_t at_ = 0;
  std::vector<std::string> names_;
  std::string json_;
  std::uint64_t first_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t step_ = 1;
  std::vector<std::uint32_t> places_;
  UniqueFd index_;
  const FeederIndex* shared_ = nullptr;
};

/// Checks a whole file, for those who only want to know.
Result<void> check_feeder(const FeederSpec& spec);

}  // namespace ordeal
