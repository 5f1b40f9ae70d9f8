// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "config.h"

namespace http {

/// Throws ordeal::Failure (invalid).
[[noreturn]] void refuse(const std::string& what);

/// The value of a key, or `otherwise` when it is absent; each refuses a value of another kind.
std::string_view text_of(const boost::json::object& from, std::string_view key,
                         std::string_view otherwise);
std::uint64_t number_of(const boost::json::object& from, std::string_view key,
                        std::uint64_t otherwise);
bool flag_of(const boost::json::object& from, std::string_view key, bool otherwise);
/// Nanoseconds, more than 0. `what` names it where it is refused.
std::uint64_t duration_of(std::string_view what, std::string_view text);

/// Fills in the kinds and whether there are streams, from "requests", "headers" and "trace". The
/// address is known.
void parse_requests(const boost::json::object& from, Config& config);

/// What a response must be, from one request's "expect".
Expectation parse_expectation(const boost::json::object& request);

}  // namespace http
