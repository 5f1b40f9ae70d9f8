// SPDX-License-Identifier: Apache-2.0
// Reading members of journal values that may be absent, and writing figures that may be unknown.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::documents {

/// The member, or nullptr when `value` is no object, has no such member, or it is null.
const boost::json::value* field(const boost::json::value& value, std::string_view key);
std::optional<double> number_field(const boost::json::value& value, std::string_view key);
std::optional<std::string> text_field(const boost::json::value& value, std::string_view key);
std::optional<bool> bool_field(const boost::json::value& value, std::string_view key);
/// Whole and not negative, else nothing.
std::optional<std::uint64_t> count_field(const boost::json::value& value, std::string_view key);
std::vector<std::string> text_list(const boost::json::value& value, std::string_view key);
/// The elements of an array member; none when it is not an array. Live as long as `value`.
std::vector<const boost::json::value*> elements(const boost::json::value& value,
                                                std::string_view key);
std::vector<const boost::json::value*> elements(const boost::json::value& array);

/// null, or the figure.
boost::json::value or_null(const std::optional<double>& value);
boost::json::value or_null(const std::optional<std::uint64_t>& value);
boost::json::value or_null(const std::optional<std::string>& value);
boost::json::value or_null(const std::optional<bool>& value);
/// The named members of `value`, null where it has none. null when `value` is no object.
boost::json::value pick(const boost::json::value& value, std::initializer_list<const char*> keys);
/// pick() for every element of an array member.
boost::json::array pick_all(const boost::json::value& value, std::string_view key,
                            std::initializer_list<const char*> keys);
boost::json::array text_array(const std::vector<std::string>& texts);
/// Nanoseconds as seconds.
double seconds(std::uint64_t ns);

}  // namespace ordeal::documents
