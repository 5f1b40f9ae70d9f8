// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

#include "base/json.h"

namespace ordeal {
namespace json = boost::json;
namespace {

void write_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 40> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += text;
  // It must come back as a double, not as an integer.
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void write_string(json::string_view text, std::string& out) { out += json::serialize(text); }

bool scalar(const json::value& value) { return !value.is_object() && !value.is_array(); }

/// `indent` < 0: on one line.
void write(const json::value& value, int indent, std::string& out) {
  const int inner = indent < 0 ? -1 : indent + 2;
  const auto new_line = [&out](int width) {
    if (width < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(width), ' ');
  };
  if (value.is_object()) {
    const json::object& object = value.get_object();
    out += '{';
    bool first = true;
    for (const auto& member : object) {
      if (!first) out += ',';
      first = false;
      new_line(inner);
      write_string(member.key(), out);
      out += indent < 0 ? ":" : ": ";
      write(member.value(), inner, out);
    }
    if (!first) new_line(indent);
    out += '}';
  } else if (value.is_array()) {
    const json::array& array = value.get_array();
    // Series of numbers stay on one line: thousands of lines of one number help nobody.
    const bool flat = std::all_of(array.begin(), array.end(), scalar);
    out += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out += indent >= 0 && flat ? ", " : ",";
      if (!flat) new_line(inner);
      write(array[i], flat ? -1 : inner, out);
    }
    if (!flat) new_line(indent);
    out += ']';
  } else if (value.is_double()) {
    write_double(value.get_double(), out);
  } else if (value.is_string()) {
    write_string(value.get_string(), out);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string pretty_json(const json::value& value) {
  std::string out;
  write(value, 0, out);
  out += '\n';
  return out;
}

std::string compact_json(const json::value& value) {
  std::string out;
  write(value, -1, out);
  return out;
}

}  // namespace ordeal
