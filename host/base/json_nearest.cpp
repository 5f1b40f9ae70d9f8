// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "base/json.h"

namespace ordeal {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Optimal string alignment: insert, delete, replace, or swap two neighbours.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> table((a.size() + 1) * width);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return table[i * width + j];
  };
  for (std::size_t i = 0; i <= a.size(); ++i) cell(i, 0) = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cell(0, j) = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      std::size_t best =
          std::min({cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, cell(i - 2, j - 2) + 1);
      }
      cell(i, j) = best;
    }
  }
  return cell(a.size(), b.size());
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // Nobody mistypes a word this long; the table would only cost memory.
  constexpr std::size_t longest = 128;
  if (word.empty() || word.size() > longest) return {};
  std::size_t best = 1 + word.size() / 4 + 1;
  std::string found;
  const std::string folded = lower(word);
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t distance = edit_distance(folded, lower(candidate));
    // A word changed in every letter is another word, however short.
    if (distance < best && distance < std::max(candidate.size(), word.size())) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

}  // namespace ordeal
