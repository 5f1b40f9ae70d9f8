// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// Where a text may begin anew within itself (Knuth, Morris, Pratt), so that a body can be searched
/// as it arrives, in pieces, without keeping any of it. Immutable once made; any thread.
class TextSearch {
 public:
  TextSearch() = default;
  explicit TextSearch(std::string_view text) : text_(text), next_(text.size(), 0) {
    for (std::size_t i = 1, k = 0; i < text.size(); ++i) {
      while (k > 0 && text[i] != text[k]) k = next_[k - 1];
      if (text[i] == text[k]) ++k;
      next_[i] = static_cast<std::uint32_t>(k);
    }
  }
  /// Goes on from `matched`, how much of the text the body so far ends in; returns the same for the
  /// body with `piece` behind it. text().size() means found, and stays.
  [[nodiscard]] std::uint32_t feed(std::uint32_t matched, std::string_view piece) const {
    const std::string& text = text_;
    std::size_t k = matched;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      if (k == text.size()) break;
      if (k == 0) {  // the C library finds a first letter faster than this loop
        i = piece.find(text[0], i);
        if (i == std::string_view::npos) return 0;
      }
      while (k > 0 && piece[i] != text[k]) k = next_[k - 1];
      if (piece[i] == text[k]) ++k;
    }
    return static_cast<std::uint32_t>(k);
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool found(std::uint32_t matched) const { return matched == text_.size(); }

 private:
  std::string text_;
  std::vector<std::uint32_t> next_;
};

}  // namespace http
