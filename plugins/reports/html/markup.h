// SPDX-License-Identifier: Apache-2.0
/// Text into HTML and into JSON inside a <script>. Everything that comes from a document goes
/// through here.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/campaign.h"

namespace ordeal::reports {

/// For element content and quoted attributes. Control characters become U+FFFD.
std::string escaped(std::string_view text);

/// A JSON string literal that cannot end a <script> element or begin a comment in it.
std::string script_string(std::string_view text);
/// A JSON number of six significant digits, or null.
std::string script_number(std::optional<double> value);

/// The class of a tone: "good", "bad", "unsure", "neutral".
std::string_view tone_class(Tone tone);
/// A small coloured word: a result with `_` as blank.
std::string badge(std::string_view result);

/// A card: <section id><h2>title</h2>body</section>. `body` is HTML.
std::string section(std::string_view id, std::string_view title, std::string_view body);
/// A paragraph of text.
std::string paragraph(std::string_view text, std::string_view css = {});

/// A table whose cells are HTML. Columns named in `numeric` are set flush right.
class HtmlTable {
 public:
  HtmlTable(std::initializer_list<std::string_view> heads,
            std::initializer_list<std::size_t> numeric);
  HtmlTable(const std::vector<std::string>& heads, std::vector<std::size_t> numeric);
  void row(const std::vector<std::string>& cells, std::string_view css = {});
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::string html() const;

 private:
  [[nodiscard]] std::string cell(std::string_view tag, std::size_t column,
                                 std::string_view content) const;

  std::vector<std::size_t> numeric_;
  std::string head_;
  std::string body_;
  std::size_t rows_ = 0;
};

}  // namespace ordeal::reports
