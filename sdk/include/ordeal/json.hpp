// SPDX-License-Identifier: Apache-2.0
/// The C++ form of json.h: reads the JSON that the host hands to a plugin, its configuration and
/// the documents of a report, without copying it.
///
///   const ordeal::Json config = ordeal::Json::checked(context.config);
///   const double limit = config["limit"].number(0.8);
///   for (const ordeal::Json phase : document["phase_results"])
///   names.push_back(phase["name"].text());
///
/// All [any]; nothing can fail. Since 0.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "component.hpp"
#include "json_valid.h"

namespace ordeal {

/// One value inside a JSON text that outlives it; small and copyable. What is not there, or of
/// another type than asked for, answers with the default given. [any]
class Json {
 public:
  /// The whole of `text`, which must outlive every Json made from it.
  explicit Json(std::string_view text) noexcept : at_(ordeal_json_of(abi::str(text))) {}

  /// The same of a text that must be JSON. Throws Failure (ORDEAL_E_INVALID) when it is not.
  [[nodiscard]] static Json checked(std::string_view text) {
    if (ordeal_json_valid(abi::str(text)) == 0) throw Failure(ORDEAL_E_INVALID, "this is not JSON");
    return Json(text);
  }

  /// Whether it is there, and not null.
  [[nodiscard]] bool given() const noexcept { return ordeal_json_given(at_) != 0; }
  /// A member of an object.
  [[nodiscard]] Json operator[](const char* name) const noexcept {
    return Json(ordeal_json_get(at_, name));
  }
  [[nodiscard]] bool operator==(const char* text) const noexcept {
    return ordeal_json_is(at_, text) != 0;
  }
  [[nodiscard]] double number(double otherwise = 0) const noexcept {
    return ordeal_json_number(at_, otherwise);
  }
  /// A number that is meant as a count: rounded towards zero, negative ones as 0.
  [[nodiscard]] std::uint64_t count(std::uint64_t otherwise = 0) const noexcept {
    const double value = number(static_cast<double>(otherwise));
    if (!(value > 0)) return 0;
    return value < 18446744073709549568.0 ? static_cast<std::uint64_t>(value) : UINT64_MAX;
  }
  [[nodiscard]] bool boolean(bool otherwise = false) const noexcept {
    return ordeal_json_bool(at_, otherwise ? 1 : 0) != 0;
  }
  /// A string, escapes resolved.
  [[nodiscard]] std::string text(std::string_view otherwise = {}) const {
    if (ordeal_json_type(at_) != '"') return std::string(otherwise);
    std::string made(static_cast<std::size_t>(ordeal_json_text(at_, nullptr, 0)), '\0');
    ordeal_json_text(at_, made.data(), made.size() + 1);
    return made;
  }

  /// Walks over an array; over nothing when it is none.
  class iterator {
   public:
    explicit iterator(ordeal_json at) noexcept : at_(at) {}
    Json operator*() const noexcept { return Json(at_); }
    iterator& operator++() noexcept {
      at_ = ordeal_json_next(at_);
      return *this;
    }
    bool operator!=(const iterator& other) const noexcept { return at_.at != other.at_.at; }

   private:
    ordeal_json at_;
  };
  [[nodiscard]] iterator begin() const noexcept {
    return iterator(ordeal_json_type(at_) == '[' ? ordeal_json_first(at_) : ordeal_json{});
  }
  [[nodiscard]] iterator end() const noexcept { return iterator(ordeal_json{}); }

 private:
  explicit Json(ordeal_json at) noexcept : at_(at) {}
  ordeal_json at_;
};

}  // namespace ordeal
