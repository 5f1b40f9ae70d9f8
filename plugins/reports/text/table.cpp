// SPDX-License-Identifier: Apache-2.0
#include "text/table.h"

#include <algorithm>

namespace ordeal::reports {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string clean(std::string_view text, std::size_t max_width) {
  std::string out;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!continues(text[i]) && ++width > max_width) {
      out.resize(out.size() - std::min<std::size_t>(out.size(), 3));
      while (!out.empty() && continues(out.back())) out.pop_back();
      return out + "...";
    }
    // C1 controls are two bytes in UTF-8: 0xc2 0x80..0x9f.
    const bool c1 =
        c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
    } else if (c < 0x20 || c == 0x7f) {
      out += '?';
    } else if (c1) {
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

Table::Table(std::vector<std::string> heads, std::vector<std::size_t> right)
    : heads_(std::move(heads)), right_(std::move(right)) {}

void Table::row(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  for (std::string& cell : cells) cell = clean(cell, 60);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(heads_.size());
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    widths[i] = text_width(heads_[i]);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], text_width(row[i]));
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text = "  ";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string pad(widths[i] - text_width(cells[i]), ' ');
      const bool flush = std::find(right_.begin(), right_.end(), i) != right_.end();
      text += flush ? pad + cells[i] : cells[i] + pad;
      text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(heads_);
  for (const auto& row : rows_) line(row);
  return out;
}

std::string wrapped(std::string_view first, std::string_view text, std::size_t width) {
  const std::string indent(text_width(first), ' ');
  std::string out(first);
  std::size_t used = indent.size();
  bool begun = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word.empty()) continue;
    const std::size_t size = text_width(word);
    if (begun && used + 1 + size > width) {
      out += "\n" + indent;
      used = indent.size();
    } else if (begun) {
      out += ' ';
      ++used;
    }
    out += word;
    used += size;
    begun = true;
  }
  return out + "\n";
}

}  // namespace ordeal::reports
