// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <cstdint>
#include <cstring>

namespace ordeal {

namespace {

/// Behind a field's last character: what ends it. False when nothing that may stand there does.
bool take_end(std::string_view text, std::size_t& at, CsvField& field) {
  field.last = true;
  if (at == text.size()) return true;
  if (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] == '\n')) ++at;
  if (at == text.size()) return true;
  if (text[at] != ',' && text[at] != '\n') return false;
  field.last = text[at] == '\n';
  ++at;
  return true;
}

const char* quoted(std::string_view text, std::size_t& at, CsvField& field) {
  const std::size_t begin = at + 1;
  for (std::size_t from = begin;;) {
    const void* found =
        from < text.size() ? std::memchr(text.data() + from, '"', text.size() - from) : nullptr;
    if (found == nullptr) return "a quoted field that does not end";
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    if (quote + 1 < text.size() && text[quote + 1] == '"') {
      field.doubled = true;
      from = quote + 2;
      continue;
    }
    field.text = text.substr(begin, quote - begin);
    at = quote + 1;
    return take_end(text, at, field) ? nullptr : "characters behind a closing quote";
  }
}

}  // namespace

const char* next_csv_field(std::string_view text, std::size_t& at, CsvField& field) {
  field = {};
  if (at < text.size() && text[at] == '"') return quoted(text, at, field);
  const std::size_t begin = at;
  while (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
    if (text[at] == '"') return "a quote in a field that is not in quotes";
    ++at;
  }
  field.text = text.substr(begin, at - begin);
  return take_end(text, at, field) ? nullptr : "a carriage return that ends no line";
}

void append_json_string(std::string& out, std::string_view text, bool doubled) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;  // where what needs no escape begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        if (doubled) plain = ++i + 1;
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += digits[c >> 4];
        out += digits[c & 15];
    }
  }
  if (plain < text.size()) out.append(text, plain, text.size() - plain);
  out += '"';
}

std::size_t invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    std::uint64_t eight = 0;
    if (i + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + i, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        i += 8;
        continue;
      }
    }
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return i;
    // Longer than needed, a surrogate, or beyond the last code point.
    const unsigned char second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace ordeal
