// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

/// One thing that a JSON body must say.
struct JsonCheck {
  std::string pointer;  // RFC 6901
  std::shared_ptr<const boost::json::value> equals;
  std::optional<bool> exists;
  std::optional<std::string> contains;  // the value is a text that contains this
  std::optional<double> min;            // the value is a number from min to max
  std::optional<double> max;

  /// `found` is nullptr when nothing is there.
  [[nodiscard]] bool holds(const boost::json::value* found) const;
};

/// Parses bodies and looks into them, in memory it keeps from one body to the next. One thread.
class JsonChecker {
 public:
  JsonChecker();
  ~JsonChecker();
  JsonChecker(const JsonChecker&) = delete;
  JsonChecker& operator=(const JsonChecker&) = delete;

  /// 0, code_not_json or code_json.
  std::int64_t check(std::string_view body, const std::vector<JsonCheck>& checks);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace http
