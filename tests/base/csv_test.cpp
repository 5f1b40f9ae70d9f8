// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

using namespace ordeal;

namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string unquoted(const CsvField& field) {
  std::string text;
  for (std::size_t i = 0; i < field.text.size(); ++i) {
    text += field.text[i];
    if (field.doubled && field.text[i] == '"') ++i;
  }
  return text;
}

/// All records, or where and why it ends.
std::string read(std::string_view text, Rows& rows) {
  rows.clear();
  for (std::size_t at = 0; at < text.size();) {
    auto& row = rows.emplace_back();
    CsvField field;
    do {
      if (const char* problem = next_csv_field(text, at, field))
        return std::to_string(at) + ": " + problem;
      row.push_back(unquoted(field));
    } while (!field.last);
  }
  return "";
}

void same(std::string_view text, const Rows& expected) {
  Rows rows;
  BOOST_TEST(read(text, rows) == "");
  BOOST_TEST((rows == expected), text);
}
void wrong(std::string_view text, const std::string& expected) {
  Rows rows;
  BOOST_TEST(read(text, rows) == expected, text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(as_rfc_4180_has_it) {
  same("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", {{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}});
  same("aaa,bbb\nzzz,yyy", {{"aaa", "bbb"}, {"zzz", "yyy"}});
  same("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz", {{"aaa", "b\r\nbb", "ccc"}, {"zzz"}});
  same("\"a\"\"b\",\"\",\"\"\"\"", {{"a\"b", "", "\""}});
  same("a,\n,b\n", {{"a", ""}, {"", "b"}});
  same("a,", {{"a", ""}});
  same(" a , b ", {{" a ", " b "}});
  same("a\r", {{"a"}});
  same("\"a\"\r\n", {{"a"}});
}

BOOST_AUTO_TEST_CASE(what_it_has_not) {
  wrong("a,b\"c\n", "3: a quote in a field that is not in quotes");
  wrong("\"a\"b,c", "3: characters behind a closing quote");
  wrong("x\n\"abc\n", "2: a quoted field that does not end");
  wrong("a\rb\n", "1: a carriage return that ends no line");
}

BOOST_AUTO_TEST_CASE(any_fields_come_back_from_any_text) {
  std::mt19937 random(7);
  const std::string letters = "ab,\"\n\r é";
  for (int round = 0; round < 2000; ++round) {
    Rows rows(1 + random() % 4);
    const std::size_t columns = 1 + random() % 4;
    std::string text;
    for (auto& row : rows) {
      for (std::size_t c = 0; c < columns; ++c) {
        std::string field;
        for (std::size_t n = random() % 6; n > 0; --n) field += letters[random() % letters.size()];
        row.push_back(field);
        const bool must = field.find_first_of(",\"\n\r") != std::string::npos;
        if (c > 0) text += ',';
        if (must || random() % 2 == 0) {
          text += '"';
          for (const char ch : field) text += ch == '"' ? "\"\"" : std::string(1, ch);
          text += '"';
        } else {
          text += field;
        }
      }
      // A last empty field without a line's end would be no field.
      text += random() % 2 == 0 ? "\n" : "\r\n";
    }
    same(text, rows);
  }
}

BOOST_AUTO_TEST_CASE(garbage_stays_within_bounds) {
  std::mt19937 random(8);
  const std::string letters = "a,\"\n\r";
  for (int round = 0; round < 20000; ++round) {
    // On the heap and of exactly this size, so that a sanitizer sees one byte too many.
    std::vector<char> bytes(random() % 20);
    for (char& c : bytes) c = letters[random() % letters.size()];
    const std::string_view text(bytes.data(), bytes.size());
    std::size_t at = 0;
    CsvField field;
    while (at < text.size()) {
      const std::size_t before = at;
      if (next_csv_field(text, at, field) != nullptr) break;
      BOOST_TEST_REQUIRE(at <= text.size());
      BOOST_TEST_REQUIRE((at > before || field.last));
    }
    BOOST_TEST_REQUIRE(at <= text.size());
  }
}

BOOST_AUTO_TEST_CASE(json_strings) {
  const auto json = [](std::string_view text, bool doubled = false) {
    std::string out;
    append_json_string(out, text, doubled);
    return out;
  };
  BOOST_TEST(json("") == "\"\"");
  BOOST_TEST(json("plain é") == "\"plain é\"");
  BOOST_TEST(json("a\"b\\c\n\r\t\x01\x1f") == R"("a\"b\\c\n\r\t\u0001\u001f")");
  BOOST_TEST(json("a\"\"b\"\"", true) == R"("a\"b\"")");
  for (int c = 0; c < 128; ++c) {
    const std::string one = "x" + std::string(1, static_cast<char>(c)) + "y";
    BOOST_TEST(boost::json::parse(json(one)).as_string() == one);
  }
}

BOOST_AUTO_TEST_CASE(utf8) {
  const auto none = std::string_view::npos;
  BOOST_TEST(invalid_utf8("") == none);
  BOOST_TEST(invalid_utf8("plain ASCII of more than eight bytes") == none);
  BOOST_TEST(invalid_utf8("é €  \xf0\x9f\x99\x82 \xf4\x8f\xbf\xbf") == none);
  BOOST_TEST(invalid_utf8("12345678\xff") == 8u);
  BOOST_TEST(invalid_utf8("a\xc3") == 1u);             // cut short
  BOOST_TEST(invalid_utf8("a\xc0\xaf") == 1u);         // longer than needed
  BOOST_TEST(invalid_utf8("\xe0\x80\x80") == 0u);      // likewise
  BOOST_TEST(invalid_utf8("\xed\xa0\x80") == 0u);      // a surrogate
  BOOST_TEST(invalid_utf8("\xf4\x90\x80\x80") == 0u);  // beyond the last
  BOOST_TEST(invalid_utf8("\x80") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
