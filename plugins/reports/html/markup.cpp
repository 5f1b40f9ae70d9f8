// SPDX-License-Identifier: Apache-2.0
#include "html/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace ordeal::reports {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
          out += "\xef\xbf\xbd";
        else
          out += c;
    }
  }
  return out;
}

std::string script_string(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+2028 and U+2029 end a line in older JavaScript.
    const bool separator = text.substr(i, 2) == "\xe2\x80" && i + 2 < text.size() &&
                           (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
    if (separator) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f) {
      std::array<char, 8> code{};
      std::snprintf(code.data(), code.size(), "\\u%04x", static_cast<unsigned>(c));
      out += code.data();
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += text[i];
    }
  }
  return out + "\"";
}

std::string script_number(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return "null";
  std::array<char, 40> text{};
  const int n = std::snprintf(text.data(), text.size(), "%.6g", *value);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::string_view tone_class(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "good";
    case Tone::bad:
      return "bad";
    case Tone::unsure:
      return "unsure";
    case Tone::neutral:
      break;
  }
  return "neutral";
}

std::string badge(std::string_view result) {
  std::string word(result);
  std::replace(word.begin(), word.end(), '_', ' ');
  return "<span class=\"badge " + std::string(tone_class(tone_of(result))) + "\">" + escaped(word) +
         "</span>";
}

std::string section(std::string_view id, std::string_view title, std::string_view body) {
  std::string out = "<section class=\"card\" id=\"";
  out += id;
  out += "\"><h2>" + escaped(title) + "</h2>\n";
  out += body;
  return out + "</section>\n";
}

std::string paragraph(std::string_view text, std::string_view css) {
  std::string out = "<p";
  if (!css.empty()) out += " class=\"" + std::string(css) + "\"";
  return out + ">" + escaped(text) + "</p>\n";
}

HtmlTable::HtmlTable(std::initializer_list<std::string_view> heads,
                     std::initializer_list<std::size_t> numeric)
    : HtmlTable(std::vector<std::string>(heads.begin(), heads.end()),
                std::vector<std::size_t>(numeric)) {}

HtmlTable::HtmlTable(const std::vector<std::string>& heads, std::vector<std::size_t> numeric)
    : numeric_(std::move(numeric)) {
  for (std::size_t i = 0; i < heads.size(); ++i) head_ += cell("th", i, escaped(heads[i]));
}

std::string HtmlTable::cell(std::string_view tag, std::size_t column,
                            std::string_view content) const {
  const bool numeric = std::find(numeric_.begin(), numeric_.end(), column) != numeric_.end();
  std::string out = "<";
  out += tag;
  if (tag == "th") out += " scope=\"col\"";
  if (numeric) out += " class=\"num\"";
  out += ">";
  out += content;
  out += "</";
  out += tag;
  return out + ">";
}

void HtmlTable::row(const std::vector<std::string>& cells, std::string_view css) {
  body_ += css.empty() ? "<tr>" : "<tr class=\"" + std::string(css) + "\">";
  for (std::size_t i = 0; i < cells.size(); ++i) body_ += cell("td", i, cells[i]);
  body_ += "</tr>\n";
  ++rows_;
}

std::string HtmlTable::html() const {
  return "<div class=\"scroll\"><table><thead><tr>" + head_ + "</tr></thead>\n<tbody>" + body_ +
         "</tbody></table></div>\n";
}

}  // namespace ordeal::reports
