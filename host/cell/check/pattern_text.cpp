// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "cell/check/schema_values.h"

namespace ordeal::check {
namespace {

/// Walks a pattern and writes one text for it.
class PatternText {
 public:
  PatternText(const std::string& pattern, Random& random) : pattern_(pattern), random_(random) {}

  std::string whole() { return alternatives(0); }

 private:
  [[nodiscard]] bool more() const { return at_ < pattern_.size(); }
  [[nodiscard]] char peek() const { return more() ? pattern_[at_] : '\0'; }
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

  /// All alternatives up to ')' or the end; one of them is kept.
  std::string alternatives(int depth) {
    std::vector<std::string> made{sequence(depth)};
    while (peek() == '|') {
      ++at_;
      made.push_back(sequence(depth));
    }
    return made[below(made.size())];
  }

  std::string sequence(int depth) {
    std::string made;
    while (more() && peek() != '|' && peek() != ')') made += repeated(depth);
    return made;
  }

  std::string repeated(int depth) {
    const std::size_t from = at_;
    std::string made = atom(depth);
    const std::size_t end = at_;
    std::uint64_t least = 1;
    std::uint64_t most = 1;
    if (!count(least, most)) return made;
    const std::size_t behind = at_;
    const std::uint64_t times = least + below(std::min<std::uint64_t>(most - least, 4) + 1);
    std::string text;
    for (std::uint64_t i = 0; i < times && text.size() < 1000; ++i) {
      at_ = from;
      text += atom(depth);
      at_ = end;
    }
    at_ = behind;
    return text;
  }

  /// "?", "*", "+", "{m,n}" after an atom.
  bool count(std::uint64_t& least, std::uint64_t& most) {
    switch (peek()) {
      case '?':
        least = 0;
        break;
      case '*':
        least = 0;
        most = 5;
        break;
      case '+':
        most = 5;
        break;
      case '{': {
        ++at_;
        least = number();
        most = least;
        if (peek() == ',') {
          ++at_;
          most = peek() == '}' ? least + 5 : number();
        }
        most = std::max(most, least);
        break;
      }
      default:
        return false;
    }
    ++at_;
    if (peek() == '?') ++at_;  // lazy: the same texts match
    return true;
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    while (peek() >= '0' && peek() <= '9') {
      value = std::min<std::uint64_t>(value * 10 + static_cast<unsigned>(peek() - '0'), 1000);
      ++at_;
    }
    return value;
  }

  std::string atom(int depth) {
    const char c = pattern_[at_++];
    if (c == '^' || c == '$') return {};
    if (c == '.') return "x";
    if (c == '[') return one_of();
    if (c == '\\') return more() ? escaped(pattern_[at_++]) : std::string();
    if (c != '(') return {c};
    if (peek() == '?') {
      at_ += 2;  // "?:"; what looks ahead is taken for a group and may not match
    }
    std::string made = depth < 16 ? alternatives(depth + 1) : std::string();
    if (peek() == ')') ++at_;
    return made;
  }

  std::string escaped(char c) {
    switch (c) {
      case 'd':
        return {static_cast<char>('0' + below(10))};
      case 'w':
        return {static_cast<char>('a' + below(26))};
      case 's':
        return " ";
      case 'b':
        return {};
      case 'n':
        return "\n";
      case 't':
        return "\t";
      default:
        return {c};
    }
  }

  std::string one_of() {
    bool inverted = false;
    if (peek() == '^') {
      inverted = true;
      ++at_;
    }
    std::string set;
    while (more() && peek() != ']') {
      char from = pattern_[at_++];
      if (from == '\\' && more()) {
        const char what = pattern_[at_++];
        if (what == 'd') set += "0123456789";
        if (what == 'w') set += "abcxyzABC019_";
        if (what == 's') set += ' ';
        if (what == 'd' || what == 'w' || what == 's') continue;
        from = what;
      }
      char to = from;
      if (peek() == '-' && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
        ++at_;
        to = pattern_[at_++];
      }
      for (int c = static_cast<unsigned char>(from); c <= static_cast<unsigned char>(to); ++c)
        set += static_cast<char>(c);
    }
    if (more()) ++at_;
    if (inverted) {
      std::string others;
      for (char c = ' '; c < '\x7f'; ++c)
        if (set.find(c) == std::string::npos) others += c;
      set = others;
    }
    return set.empty() ? std::string() : std::string(1, set[below(set.size())]);
  }

  const std::string& pattern_;
  Random& random_;
  std::size_t at_ = 0;
};

}  // namespace

std::string text_for_pattern(const std::string& pattern, Random& random) {
  return PatternText(pattern, random).whole();
}

}  // namespace ordeal::check
