// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_identity.h"
#include "base/result.h"

namespace ordeal {

/// A file of recorded arrivals, read as a stream: memory does not grow with its length. One line
/// per arrival, its time in seconds from the start of the recording and, after a comma, the kind of
/// operation if it is not the mix that is to decide:
///     0.000
///     0.250,post
/// Times do not decrease. Empty lines and lines that start with # mean nothing. One thread.
class ArrivalFile {
 public:
  struct Line {
    double seconds = 0;
    std::string_view kind;  // "" when the line has none; until the next call
  };

  ArrivalFile() = default;
  ~ArrivalFile();
  ArrivalFile(ArrivalFile&& other) noexcept { *this = std::move(other); }
  ArrivalFile& operator=(ArrivalFile&& other) noexcept;

  /// Error: invalid_config, naming the file.
  static Result<ArrivalFile> open(const std::string& path);

  /// As it was when it was opened.
  [[nodiscard]] const FileIdentity& identity() const { return identity_; }
  /// False at the end. Error: invalid_config with file, line and column; also when the file is
  /// written to while it is read.
  Result<bool> next(Line& line);
  /// Of the last line read, from 1.
  [[nodiscard]] std::uint32_t line_number() const { return line_number_; }
  /// Arrivals read so far.
  [[nodiscard]] std::uint64_t count() const { return count_; }

  /// Whether arrival `index` falls to the share [from, to) of all: consecutive ones are dealt as
  /// evenly as any rule can, each to exactly one of the shares that together make up [0, 1).
  static bool dealt(std::uint64_t index, double from, double to) {
    const double lot = static_cast<double>((index * 0x9e3779b97f4a7c15) >> 11) * 0x1p-53;
    return lot >= from && lot < to;
  }

 private:
  [[nodiscard]] Error bad(std::size_t column, std::string what, std::string expected) const;
  Result<bool> read_line();

  std::string path_;
  int fd_ = -1;
  FileIdentity identity_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // of what has not been taken
  std::size_t end_ = 0;
  bool at_end_ = false;
  std::string_view text_;  // the line, without its end
  std::uint32_t line_number_ = 0;
  std::uint64_t count_ = 0;
  double last_s_ = 0;
};

/// What a whole file holds.
struct ArrivalSummary {
  FileIdentity identity;
  std::uint64_t count = 0;
  double seconds = 0;         // time of the last
  double busiest_second = 0;  // most arrivals within one second of the recording
  std::map<std::string, std::uint32_t, std::less<>> kinds;  // name -> the first line that has it
};

/// Reads it from end to end. Error: invalid_config with file, line and column; also for a file
/// without arrivals, and for more than 64 kinds.
Result<ArrivalSummary> summarize_arrivals(const std::string& path);

}  // namespace ordeal
