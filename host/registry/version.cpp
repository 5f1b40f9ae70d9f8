// SPDX-License-Identifier: Apache-2.0
#include "registry/version.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ordeal {
namespace {

constexpr std::size_t longest = 128;
// Room to count one up.
constexpr std::uint64_t largest = UINT64_MAX - 1;

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint64_t> number(std::string_view text) {
  if (!all_digits(text) || (text.size() > 1 && text[0] == '0')) return {};
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || value > largest) return {};
  return value;
}

/// Identifiers separated by dots, none empty; of a pre-release no number with a leading zero.
std::optional<std::vector<std::string>> identifiers(std::string_view text, bool prerelease) {
  std::vector<std::string> parts;
  for (;;) {
    const std::string_view part = text.substr(0, text.find('.'));
    if (part.empty()) return {};
    for (const char c : part) {
      if ((c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-')
        return {};
    }
    if (prerelease && part.size() > 1 && part[0] == '0' && all_digits(part)) return {};
    parts.emplace_back(part);
    if (part.size() == text.size()) return parts;
    text.remove_prefix(part.size() + 1);
  }
}

/// A version of at least `fewest` numbers; `given` is how many there were.
std::optional<Version> read(std::string_view text, std::size_t fewest, std::size_t& given) {
  Version version;
  if (text.size() > longest) return {};
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!identifiers(text.substr(plus + 1), false)) return {};
    text = text.substr(0, plus);
  }
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) {
    auto parts = identifiers(text.substr(dash + 1), true);
    if (!parts) return {};
    version.prerelease = std::move(*parts);
    text = text.substr(0, dash);
  }
  for (given = 0; given < 3;) {
    const std::string_view part = text.substr(0, text.find('.'));
    const auto value = number(part);
    if (!value) return {};
    version.numbers[given++] = *value;
    if (part.size() == text.size()) {
      const bool enough = given >= fewest && (dash == std::string_view::npos || given == 3);
      return enough ? std::optional(std::move(version)) : std::nullopt;
    }
    text.remove_prefix(part.size() + 1);
  }
  return {};
}

std::weak_ordering compare_identifiers(const std::string& a, const std::string& b) {
  const bool numeric_a = all_digits(a);
  const bool numeric_b = all_digits(b);
  if (numeric_a != numeric_b)
    return numeric_a ? std::weak_ordering::less : std::weak_ordering::greater;
  // Without leading zeros the longer number is the larger one.
  if (numeric_a && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

Error not_a_version(std::string what, const char* expected) {
  Error error;
  error.code = ExitCode::plugin_rejected;
  error.what = std::move(what);
  error.expected = expected;
  return error;
}

/// The first version, pre-releases included, that ^ or ~ no longer takes.
Version after(const Version& from, std::size_t place) {
  Version next;
  for (std::size_t i = 0; i < place; ++i) next.numbers[i] = from.numbers[i];
  next.numbers[place] = from.numbers[place] + 1;
  next.prerelease = {"0"};
  return next;
}

}  // namespace

std::string Version::text() const {
  std::string text;
  for (const std::uint64_t number : numbers)
    text += (text.empty() ? "" : ".") + std::to_string(number);
  for (std::size_t i = 0; i < prerelease.size(); ++i) text += (i == 0 ? "-" : ".") + prerelease[i];
  return text;
}

std::weak_ordering Version::operator<=>(const Version& other) const {
  if (const auto order = numbers <=> other.numbers; order != 0) return order;
  if (prerelease.empty() || other.prerelease.empty())
    return prerelease.empty() <=> other.prerelease.empty();
  return std::lexicographical_compare_three_way(prerelease.begin(), prerelease.end(),
                                                other.prerelease.begin(), other.prerelease.end(),
                                                compare_identifiers);
}

Result<Version> parse_version(std::string_view text) {
  std::size_t given = 0;
  auto version = read(text, 3, given);
  if (version) return std::move(*version);
  return not_a_version("'" + std::string(text.substr(0, longest)) + "' is no semantic version",
                       "three numbers and perhaps a pre-release, such as 1.2.0 or 1.2.0-rc.1");
}

Result<std::vector<VersionRange::Bound>> VersionRange::parse_one(std::string_view text) {
  const std::string_view whole = text;
  const auto take = [&text](std::string_view sign) {
    if (!text.starts_with(sign)) return false;
    text.remove_prefix(sign.size());
    return true;
  };
  const bool caret = take("^");
  const bool tilde = !caret && take("~");
  Sign sign = Sign::equal;
  if (caret || tilde || take(">=")) {
    sign = Sign::at_least;
  } else if (take("<=")) {
    sign = Sign::at_most;
  } else if (take(">")) {
    sign = Sign::more;
  } else if (take("<")) {
    sign = Sign::less;
  } else {
    take("=");
  }
  std::size_t given = 0;
  const auto version = read(text, sign == Sign::equal ? 3 : 1, given);
  if (!version) {
    return not_a_version("'" + std::string(whole.substr(0, longest)) + "' is no version condition",
                         "one such as >=1.2.0, <2, ^1.2, ~1.2.3 or 1.2.3");
  }
  std::vector<Bound> bounds{{sign, *version}};
  if (caret) {
    std::size_t place = 0;
    while (place + 1 < given && version->numbers[place] == 0) ++place;
    bounds.push_back({Sign::less, after(*version, place)});
  }
  if (tilde) bounds.push_back({Sign::less, after(*version, given == 1 ? 0 : 1)});
  return bounds;
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  range.text_ = text;
  if (text == "*") return range;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    if (blank > 0) {
      auto bounds = parse_one(rest.substr(0, blank));
      if (!bounds) return bounds.error();
      range.bounds_.insert(range.bounds_.end(), bounds->begin(), bounds->end());
    }
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  if (range.bounds_.empty())
    return not_a_version("the version condition is empty", "one such as >=1.2.0, or *");
  return range;
}

bool VersionRange::holds(const Version& version) const {
  return std::all_of(bounds_.begin(), bounds_.end(), [&](const Bound& bound) {
    const auto order = version <=> bound.version;
    switch (bound.sign) {
      case Sign::less:
        return order < 0;
      case Sign::at_most:
        return order <= 0;
      case Sign::equal:
        return order == 0;
      case Sign::at_least:
        return order >= 0;
      case Sign::more:
        return order > 0;
    }
    return false;
  });
}

}  // namespace ordeal
