// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/feeder_spec.h"

namespace ordeal {

/// Steps through the records of a feeder's file. Blank lines are none. Borrows the text. One
/// thread.
class FeederText {
 public:
  FeederText(std::string_view text, FeederSpec::Format format) : text_(text), format_(format) {}

  enum class Step { record, end, wrong };
  /// Moves `at` behind the next record. `record`: its text without the line's end. When it is
  /// wrong, `problem` says why and `at` is where.
  Step next(std::size_t& at, std::string_view& record);
  [[nodiscard]] const char* problem() const { return problem_; }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] FeederSpec::Format format() const { return format_; }
  /// Behind a byte order mark.
  [[nodiscard]] std::size_t begin() const { return text_.starts_with("\xef\xbb\xbf") ? 3 : 0; }

 private:
  Step next_csv(std::size_t& at, std::string_view& record);
  Step next_line(std::size_t& at, std::string_view& record);

  std::string_view text_;
  FeederSpec::Format format_;
  const char* problem_ = "";
};

/// The fields of one CSV record as a JSON object. False: they are not as many as there are names,
/// or the record is malformed. `names` are JSON strings with a colon behind: "\"user\":".
bool csv_to_json(std::string_view record, const std::vector<std::string>& names, std::string& out);

/// The names of the fields, from the first record, in the form of csv_to_json: what stands there
/// with `header`, else c1, c2, ...
std::vector<std::string> csv_names(std::string_view first_record, bool header);

}  // namespace ordeal
