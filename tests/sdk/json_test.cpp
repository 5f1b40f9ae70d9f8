// SPDX-License-Identifier: Apache-2.0
#include "ordeal/json.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

using ordeal::Json;

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(finds_members_and_items) {
  const std::string text =
      R"( {"limit": 0.5, "list" : [1, [2, 3], {"a": "]}"}, "x"] , "on": true, "off":false,
         "nothing": null, "deep": {"a": {"b": -1.25e2}}, "limit2": "0.5"} )";
  const Json root(text);
  BOOST_TEST(root["limit"].number() == 0.5);
  BOOST_TEST(root["limit2"].number(7) == 7);
  BOOST_TEST(root["limi"].number(7) == 7);
  BOOST_TEST(root["on"].boolean());
  BOOST_TEST(!root["off"].boolean(true));
  BOOST_TEST(root["nothing"].boolean(true));
  BOOST_TEST(!root["nothing"].given());
  BOOST_TEST(!root["none"].given());
  BOOST_TEST(root["deep"]["a"]["b"].number() == -125);
  BOOST_TEST(!root["deep"]["b"].given());
  std::vector<std::string> seen;
  for (const Json item : root["list"]) {
    seen.push_back(item["a"].text() + item.text("-"));
  }
  BOOST_TEST(seen == (std::vector<std::string>{"-", "-", "]}-", "x"}),
             boost::test_tools::per_element());
  for (const Json item : root["deep"]) BOOST_TEST(false, item.text());
  for (const Json item : Json("[]")) BOOST_TEST(false, item.text());
}

BOOST_AUTO_TEST_CASE(counts_do_not_overflow) {
  BOOST_TEST(Json("3.9").count() == 3u);
  BOOST_TEST(Json("-3").count() == 0u);
  BOOST_TEST(Json("1e300").count() == UINT64_MAX);
  BOOST_TEST(Json("\"3\"").count(5) == 5u);
}

BOOST_AUTO_TEST_CASE(resolves_escapes) {
  const Json value(R"("a\"b\\c\/\n\u0041\u00e9\u20ac\ud83d\ude00")");
  BOOST_TEST(value.text() == "a\"b\\c/\nA\u00e9\u20ac\U0001F600");
  BOOST_TEST((value == "a\"b\\c/\nA\u00e9\u20ac\U0001F600"));
  BOOST_TEST(!(value == "a\"b"));
  BOOST_TEST(!(Json("\"a\"") == "ab"));
  BOOST_TEST(!(Json(R"("a\u0000b")") == "a"));
  BOOST_TEST(Json(R"("a\u0000b")").text() == std::string("a\0b", 3));
  BOOST_TEST(Json(R"({"k\u0065y": 1})")["key"].number() == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_is_cut_at_a_character) {
  const std::string text = "\"ab\u00e9\u00e9\"";
  const ordeal_json value = ordeal_json_of(ordeal::abi::str(text));
  char buffer[8];
  BOOST_TEST(ordeal_json_text(value, buffer, 8) == 6u);
  BOOST_TEST(std::string(buffer) == "ab\u00e9\u00e9");
  BOOST_TEST(ordeal_json_text(value, buffer, 6) == 6u);
  BOOST_TEST(std::string(buffer) == "ab\u00e9");
  BOOST_TEST(ordeal_json_text(value, buffer, 4) == 6u);
  BOOST_TEST(std::string(buffer) == "ab");
  BOOST_TEST(ordeal_json_text(value, buffer, 1) == 6u);
  BOOST_TEST(std::string(buffer).empty());
}

BOOST_AUTO_TEST_CASE(keys_can_be_walked) {
  const std::string text = R"({"a": 1, "b": {"c": 2}, "d": [3]})";
  std::string keys;
  for (ordeal_json key = ordeal_json_first(ordeal_json_of(ordeal::abi::str(text)));
       key.at != nullptr;) {
    char name[8];
    ordeal_json_text(key, name, sizeof name);
    keys += name;
    key = ordeal_json_next(ordeal_json_value(key));
  }
  BOOST_TEST(keys == "abd");
}

BOOST_AUTO_TEST_CASE(tells_json_from_other_text) {
  const auto valid = [](std::string_view text) {
    return ordeal_json_valid(ordeal::abi::str(text)) != 0;
  };
  for (const char* text : {"0", "-0.5e+3", "1E2", "\"\"", R"("\u00e9\n")", "null", " true ", "[]",
                           "{}", "[ 1 , [ ] ]", R"({"a":{"b":[null]}, "c" : "d"})"}) {
    BOOST_TEST(valid(text), text);
  }
  for (const char* text : {"",        " ",           "01",
                           "1.",      ".5",          "-",
                           "1e",      "+1",          "nul",
                           "nulls",   "tru",         "\"",
                           "\"\\x\"", R"("\u00g0")", "\"\n\"",
                           "[1,]",    "[,1]",        "[1 2]",
                           "[",       "]",           "{",
                           "{}}",     "{\"a\"}",     "{\"a\":}",
                           "{a:1}",   "{\"a\":1,}",  "{\"a\":1 \"b\":2}",
                           "1 2",     "[1}",         "{\"a\":1]"}) {
    BOOST_TEST(!valid(text), text);
  }
  for (const char* text : {"\"\xc3\xa9\"", "\"\xe2\x82\xac\"", "\"\xf0\x9f\x98\x80\"",
                           "\"\xf4\x8f\xbf\xbf\"", "\"\xed\x9f\xbf\""})
    BOOST_TEST(valid(text), text);
  // Cut short, alone, overlong, a surrogate, too large, no such byte.
  for (const char* text :
       {"\"\xc3\"", "\"\xe2\x82\"", "\"\x80\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"",
        "\"\xf0\x80\x80\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf8\"", "\"\xff\""})
    BOOST_TEST(!valid(text));
  BOOST_TEST(valid(std::string(64, '[') + std::string(64, ']')));
  BOOST_TEST(!valid(std::string(65, '[') + std::string(65, ']')));
  BOOST_TEST(!valid(std::string(100'000, '[')));
  BOOST_CHECK_EXCEPTION(static_cast<void>(Json::checked("{")), ordeal::Failure,
                        [](const ordeal::Failure& f) { return f.status() == ORDEAL_E_INVALID; });
}

// Every prefix and every single changed byte, in memory that ends with the text: a sanitizer sees a
// read beyond it.
BOOST_AUTO_TEST_CASE(broken_text_is_never_read_beyond) {
  const std::string good = R"({"a":[1,{"b":"\u00e9\ud83d\ude00\\"},-1.5e3],"c":null,"d":"x"})";
  std::size_t tried = 0;
  std::size_t whole = 0;
  const auto walk = [&](const std::string& text) {
    const std::unique_ptr<char[]> exact(new char[text.size() + (text.empty() ? 1 : 0)]);
    std::memcpy(exact.get(), text.data(), text.size());
    const Json root(std::string_view(exact.get(), text.size()));
    whole += ordeal_json_valid({exact.get(), text.size()}) != 0 ? 1U : 0U;
    for (const Json item : root["a"]) {
      static_cast<void>(item.number());
      static_cast<void>(item["b"].text());
    }
    static_cast<void>(root["d"].text());
    static_cast<void>(root["c"] == "x");
    ++tried;
  };
  for (std::size_t n = 0; n <= good.size(); ++n) walk(good.substr(0, n));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'\0', '"', '\\', '{', '}', '[', ']', ',', ':', 'x', '9'}) {
      std::string text = good;
      text[i] = c;
      walk(text);
    }
  }
  BOOST_TEST(tried > 600u);
  BOOST_TEST(whole > 10u);
  BOOST_TEST(whole < tried / 2);
}

BOOST_AUTO_TEST_SUITE_END()
