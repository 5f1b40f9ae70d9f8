// SPDX-License-Identifier: Apache-2.0
// What a case process tells `ordeal plugin check`: lines on descriptor 3, written at once, so that
// everything said before a crash is there afterwards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ordeal::check {

/// The descriptor that the front opened for the case's lines.
inline constexpr int record_fd = 3;

/// One case's findings. Lines are "WORD<tab>text" ("fail" and "warn": "text<tab>fix"). One thread.
class Record {
 public:
  /// What is about to be called: named by the front when the process dies or hangs in it.
  void at(std::string_view doing);
  /// Something is wrong. At most `most_findings` of each are written, the rest is counted.
  void fail(std::string_view why, std::string_view fix = {});
  void warn(std::string_view why, std::string_view fix = {});
  /// The case does not apply. Ends nothing by itself.
  void skip(std::string_view why);
  /// What was looked at; shown when all is well.
  void note(std::string_view text);
  /// A value for the front: to compare between rounds or to hand to later cases.
  void data(std::string_view key, std::string_view value);
  /// The case has come to its end. Without it the front takes the process for one that died.
  void done();

  /// From now on failures are not recorded: only dying or hanging counts.
  void tolerate(bool on) { tolerant_ = on; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

 private:
  static constexpr std::uint32_t most_findings = 8;

  void line(std::string_view word, std::string_view a, std::string_view b = {});

  bool tolerant_ = false;
  std::uint32_t failures_ = 0;
  std::uint32_t warnings_ = 0;
};

}  // namespace ordeal::check
