// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ordeal/abi/rule.h"

namespace rules {

/// "1m30s" in nanoseconds; units ns, us, ms, s, m, h, d. Nothing when it is not a duration.
std::optional<std::uint64_t> parse_duration(std::string_view text);

/// A rule's configuration, read key by key. What is there but not usable throws
/// ordeal::Failure(ORDEAL_E_INVALID) with the key; `finish` does so for keys that nobody asked for.
class Config {
 public:
  explicit Config(std::string_view json);
  ~Config();
  Config(Config&&) noexcept;

  [[nodiscard]] bool has(const char* key) const;
  std::string text(const char* key, std::string_view otherwise);
  bool flag(const char* key, bool otherwise);
  /// A whole number of at least 1.
  std::uint64_t count(const char* key, std::uint64_t otherwise);
  /// Nanoseconds.
  std::uint64_t duration(const char* key, std::uint64_t otherwise);
  /// A number, "80%" (0.8) or a duration (in seconds).
  double amount(const char* key, double otherwise);
  /// "warn" to "abort" as ORDEAL_VERDICT_*.
  std::uint32_t verdict(const char* key, std::uint32_t otherwise);
  /// The number of the text among `names`.
  std::size_t choice(const char* key, const std::vector<std::string_view>& names,
                     std::size_t otherwise);
  /// The objects of a list; none when it is absent.
  std::vector<Config> list(const char* key);
  /// Throws for a key that was not read.
  void finish() const;
  /// Throws with the key in front.
  [[noreturn]] void refuse(const char* key, const std::string& what) const;

 private:
  struct Tree;
  Config(const boost::json::object& object, std::string path);
  const boost::json::value* take(const char* key);

  std::unique_ptr<Tree> tree_;                   // of the outermost only
  const boost::json::object* object_ = nullptr;  // into a tree
  std::string path_;                             // "limits/0/"
  std::vector<std::string> read_;
};

}  // namespace rules
