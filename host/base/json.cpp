// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/json_text.h"

namespace ordeal {
namespace json = boost::json;
namespace {

constexpr std::size_t max_depth = 32;

Error bad_json(std::string_view text, const std::string& file, std::size_t offset,
               std::string what) {
  const JsonPosition position = position_of(text, offset);
  Error error;
  error.code = ExitCode::invalid_config;
  error.what = std::move(what);
  error.where = {file, position.line, position.column, {}};
  return error;
}

std::string printable(std::string_view text, std::size_t offset) {
  const auto c = static_cast<unsigned char>(text[offset]);
  // The whole of a misspelt literal says more than its first letter.
  std::size_t end = offset;
  while (end < text.size() && end - offset < 20 &&
         std::isalpha(static_cast<unsigned char>(text[end])))
    ++end;
  if (end > offset) return "'" + std::string(text.substr(offset, end - offset)) + "'";
  if (c >= 0x20 && c < 0x7f) return std::string("'") + text[offset] + "'";
  if (c == '\n' || c == '\r') return "the end of the line";
  char hex[8];
  std::snprintf(hex, sizeof hex, "0x%02x", c);
  return std::string("byte ") + hex;
}

/// The pointer of the value in which `offset` stands, as far as the text before it is sound.
void enclosing(JsonText& walk, std::size_t offset, std::string& pointer, std::size_t depth = 0) {
  if (depth > max_depth) return;
  const auto inside = [&](const std::string& token, bool member) {
    walk.peek();
    JsonText ahead = walk;
    ahead.skip_value();
    // A member whose value does not even begin is still that member.
    const bool missing = member && walk.at() == offset;
    if (ahead.at() <= offset && !missing) {
      walk = ahead;
      return false;
    }
    pointer += token;
    enclosing(walk, offset, pointer, depth + 1);
    return true;
  };
  if (walk.take('{')) {
    while (walk.peek() == '"' && walk.at() < offset) {
      const std::string key = walk.string();
      if (walk.at() > offset || !walk.take(':') || walk.at() > offset) return;
      if (inside(pointer_token(key), true) || !walk.take(',')) return;
    }
  } else if (walk.take('[')) {
    for (std::size_t index = 0; walk.peek() != ']' && walk.at() < offset; ++index) {
      if (inside("/" + std::to_string(index), false) || !walk.take(',')) return;
    }
  }
}

Error syntax_error(std::string_view text, const std::string& file, std::size_t offset,
                   json::error_code why) {
  if (why == json::error::too_deep) {
    return bad_json(text, file, offset, "nested more than " + std::to_string(max_depth) + " deep");
  }
  Error error;
  const auto before = text.substr(0, std::min(offset, text.size())).find_last_not_of(" \t\r\n");
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    error = bad_json(text, file, 0, "the file is empty");
    error.expected = "a JSON object";
  } else if (offset >= text.size()) {
    error = bad_json(text, file, text.size(), "the text ends too soon");
    error.expected = "the rest of a value: a bracket or quote is not closed";
  } else if (why == json::error::extra_data) {
    error = bad_json(text, file, offset, "unexpected " + printable(text, offset));
    error.expected = "nothing more after the first value";
  } else {
    error = bad_json(text, file, offset, "unexpected " + printable(text, offset));
    if (static_cast<unsigned char>(text[offset]) >= 0x80) error.expected = "UTF-8";
    if (text.substr(0, 3) == "\xEF\xBB\xBF") {
      error.fix = "remove the byte order mark at the start of the file";
    } else if (before != std::string_view::npos && text[before] == ',' &&
               (text[offset] == '}' || text[offset] == ']')) {
      error.fix = "remove the comma before it";
    } else if (text[offset] == '\'') {
      error.expected = "double quotes";
    } else if (text[offset] == '/' || text[offset] == '#') {
      error.fix = "JSON has no comments; use a key that starts with \"x-\"";
    } else if (before != std::string_view::npos && (text[offset] == '"' || text[offset] == '{')) {
      error.expected = "',' or ':' before it";
    }
  }
  JsonText walk(text);
  enclosing(walk, offset, error.where.pointer);
  return error;
}

/// Follows text and tree together for what the parser lets pass: duplicate keys (the last wins),
/// infinite numbers, and doubles that its fast path rounds in the last place.
class Verifier {
 public:
  Verifier(std::string_view text, const std::string& file)
      : text_(text), file_(file), walk_(text) {}

  Result<void> check(json::value& value) {
    walk_.peek();
    if (value.is_object()) return check_object(value.get_object());
    if (value.is_array()) return check_array(value.get_array());
    if (value.is_double()) return check_double(value);
    walk_.skip_value();
    return {};
  }

 private:
  Result<void> check_object(json::object& object) {
    std::set<std::string> seen;
    walk_.take('{');
    while (walk_.peek() == '"') {
      const std::size_t start = walk_.at();
      const std::string key = walk_.string();
      const std::size_t length = pointer_.size();
      pointer_ += pointer_token(key);
      if (!seen.insert(key).second) {
        Error error = bad_json(text_, file_, start, "key '" + key + "' is given twice");
        error.where.pointer = pointer_;
        error.expected = "each key once";
        return error;
      }
      walk_.take(':');
      json::value* child = object.if_contains(key);
      if (child == nullptr) return bad_json(text_, file_, start, "key '" + key + "' was lost");
      if (Result<void> done = check(*child); !done) return done;
      pointer_.resize(length);
      if (!walk_.take(',')) break;
    }
    walk_.take('}');
    return {};
  }

  Result<void> check_array(json::array& array) {
    walk_.take('[');
    const std::size_t length = pointer_.size();
    for (std::size_t index = 0; index < array.size(); ++index) {
      pointer_ += "/" + std::to_string(index);
      if (Result<void> done = check(array[index]); !done) return done;
      pointer_.resize(length);
      walk_.take(',');
    }
    walk_.take(']');
    return {};
  }

  Result<void> check_double(json::value& value) {
    const std::size_t start = walk_.at();
    const std::string_view token = walk_.scalar();
    double exact = 0;
    const auto read = std::from_chars(token.data(), token.data() + token.size(), exact);
    if (read.ec == std::errc{}) {
      value.get_double() = exact;
    } else if (!std::isfinite(value.get_double()) || std::abs(value.get_double()) > 1) {
      Error error = bad_json(text_, file_, start,
                             "number " + std::string(token.substr(0, 40)) + " is too large");
      error.where.pointer = pointer_;
      error.expected = "a number that fits a double";
      return error;
    }
    return {};
  }

  std::string_view text_;
  const std::string& file_;
  JsonText walk_;
  std::string pointer_;
};

}  // namespace

Result<json::value> parse_json(std::string_view text, const std::string& file) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::stream_parser parser({}, options);
  json::error_code failed;
  const std::size_t used = parser.write_some(text.data(), text.size(), failed);
  if (failed) return syntax_error(text, file, used, failed);
  const std::size_t rest = text.find_first_not_of(" \t\r\n", used);
  if (rest != std::string_view::npos) {
    return syntax_error(text, file, rest, json::make_error_code(json::error::extra_data));
  }
  parser.finish(failed);
  if (failed) return syntax_error(text, file, text.size(), failed);
  json::value value = parser.release();
  if (Result<void> sound = Verifier(text, file).check(value); !sound) return sound.error();
  return value;
}

const json::value* at_pointer(const json::value& root, std::string_view pointer) {
  json::error_code failed;
  const json::value* found =
      root.find_pointer(json::string_view(pointer.data(), pointer.size()), failed);
  return failed ? nullptr : found;
}

}  // namespace ordeal
