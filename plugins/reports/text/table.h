// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ordeal::reports {

/// Characters of a UTF-8 text as a terminal counts them: code points; control characters are shown
/// as `?` by clean() and count one.
std::size_t text_width(std::string_view text);

/// One line: control characters (an escape sequence could repaint the reader's terminal) become
/// `?`, line breaks a space; at most `max_width` characters, "..." marking a cut.
std::string clean(std::string_view text, std::size_t max_width = 400);

/// Aligned columns. `right` names the columns (by index) whose cells end flush.
class Table {
 public:
  Table(std::vector<std::string> heads, std::vector<std::size_t> right);
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Every line indented by two blanks, no blanks at its end.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::size_t> right_;
  std::vector<std::vector<std::string>> rows_;
};

/// Breaks at blanks to lines of at most `width`; the first begins with `first`, the others with as
/// many blanks.
std::string wrapped(std::string_view first, std::string_view text, std::size_t width = 100);

}  // namespace ordeal::reports
