// SPDX-License-Identifier: Apache-2.0
#include "base/json_text.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

namespace ordeal {

char JsonText::peek() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
    ++at_;
  }
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool JsonText::take(char c) {
  if (peek() != c || at_ >= text_.size()) return false;
  ++at_;
  return true;
}

std::string_view JsonText::string_token() {
  peek();
  const std::size_t start = at_;
  if (at_ < text_.size()) ++at_;
  while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
  at_ = std::min(at_ + 1, text_.size());
  return text_.substr(start, at_ - start);
}

std::string JsonText::string() {
  const std::string_view token = string_token();
  if (token.find('\\') == std::string_view::npos) {
    return token.size() < 2 ? std::string() : std::string(token.substr(1, token.size() - 2));
  }
  boost::json::error_code failed;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(token.data(), token.size()), failed);
  if (failed || !value.is_string()) return {};
  return std::string(value.get_string().data(), value.get_string().size());
}

std::string_view JsonText::scalar() {
  peek();
  const std::size_t start = at_;
  while (at_ < text_.size() &&
         std::string_view(" \t\n\r,]}").find(text_[at_]) == std::string_view::npos) {
    ++at_;
  }
  return text_.substr(start, at_ - start);
}

void JsonText::skip_value() {
  // Brackets in strings do not count, so nesting is all there is to follow.
  std::size_t depth = 0;
  do {
    const char c = peek();
    if (at_ >= text_.size()) return;
    if (c == '"') {
      string_token();
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at_;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return;
      --depth;
      ++at_;
    } else if (c == ',' || c == ':') {
      if (depth == 0) return;
      ++at_;
    } else {
      scalar();
    }
  } while (depth > 0);
}

JsonPosition position_of(std::string_view text, std::size_t offset) {
  JsonPosition position{1, 1};
  for (std::size_t i = 0; i < std::min(offset, text.size()); ++i) {
    if (text[i] == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(text[i]) & 0xC0u) != 0x80u) {
      ++position.column;
    }
  }
  return position;
}

std::string pointer_token(std::string_view key) {
  std::string token = "/";
  for (char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

namespace {

/// The next token of a pointer, unescaped; nullopt at its end.
std::optional<std::string> next_token(std::string_view& pointer) {
  if (pointer.empty() || pointer[0] != '/') return std::nullopt;
  pointer.remove_prefix(1);
  const std::size_t end = std::min(pointer.find('/'), pointer.size());
  std::string token;
  for (std::size_t i = 0; i < end; ++i) {
    if (pointer[i] == '~' && i + 1 < end) {
      token += pointer[++i] == '1' ? '/' : '~';
    } else {
      token += pointer[i];
    }
  }
  pointer.remove_prefix(end);
  return token;
}

/// Moves from the start of a container to the start of the child `token`; where its key (in an
/// array: itself) stands is put into `key_at`.
bool enter(JsonText& walk, const std::string& token, std::size_t& key_at) {
  if (walk.take('{')) {
    while (walk.peek() == '"') {
      const std::size_t start = walk.at();
      const std::string key = walk.string();
      if (!walk.take(':')) return false;
      walk.peek();
      if (key == token) {
        key_at = start;
        return true;
      }
      walk.skip_value();
      if (!walk.take(',')) return false;
    }
    return false;
  }
  if (!walk.take('[')) return false;
  for (std::size_t index = 0; walk.peek() != ']'; ++index) {
    if (std::to_string(index) == token) {
      key_at = walk.at();
      return true;
    }
    walk.skip_value();
    if (!walk.take(',')) return false;
  }
  return false;
}

}  // namespace

JsonPosition locate_json(std::string_view text, std::string_view pointer, bool key) {
  JsonText walk(text);
  walk.peek();
  std::size_t key_at = walk.at();
  while (const std::optional<std::string> token = next_token(pointer)) {
    if (!enter(walk, *token, key_at)) return {};
  }
  if (!pointer.empty()) return {};
  return position_of(text, key ? key_at : walk.at());
}

}  // namespace ordeal
