// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace ordeal {

/// What a schema asks for, in words: "a number of at least 0", "one of low, high".
std::string describe_schema(const boost::json::object& schema);

/// A number as a person writes it: 3, 0.5.
std::string show_number(const boost::json::value& number);

/// A value in few characters, for messages: 'text', 12, an object.
std::string show_value(const boost::json::value& value);

/// "a, b or c".
std::string join_words(const boost::json::array& values, std::string_view last = " or ");

}  // namespace ordeal
