// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/feeder.h"
#include "engine/feeder_spec.h"

namespace ordeal {

/// A feeder's file, checked from end to end, and what its workers are given: the file and an index
/// that they share. Building it goes in steps, so that nothing else has to wait for a large file.
/// One thread.
class FeederSource {
 public:
  /// Error: invalid_config, naming the file: it cannot be read, is no regular file, too large.
  static Result<std::unique_ptr<FeederSource>> open(const FeederSpec& spec);
  ~FeederSource();
  FeederSource(const FeederSource&) = delete;
  FeederSource& operator=(const FeederSource&) = delete;

  /// Checks about `bytes` more; true once all is checked. Error: invalid_config with the file's
  /// line and column: a record that is malformed, has another number of fields than the first or is
  /// not UTF-8; a file without a record.
  Result<bool> check(std::size_t bytes);
  /// After check() said true: makes the index. Error: internal.
  Result<void> publish();

  [[nodiscard]] const FeederSpec& spec() const { return spec_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] int file() const { return file_.get(); }
  [[nodiscard]] int index() const { return index_.get(); }
  /// How many records order unique has used; no more than there are.
  [[nodiscard]] std::uint64_t used() const;
  /// Somebody has written to the file since it was opened.
  [[nodiscard]] bool changed() const;

 private:
  FeederSource(FeederSpec spec, UniqueFd file, const struct stat& info, std::string_view text);
  Error wrong(std::size_t at, std::string what, std::string expected = {}) const;
  Result<void> read_names(std::string_view record, std::size_t at);
  Result<void> check_record(std::string_view record, std::size_t at);

  FeederSpec spec_;
  UniqueFd file_;
  struct stat info_;
  FeederText text_;
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
