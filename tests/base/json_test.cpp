// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace ordeal;
namespace bj = boost::json;

namespace {

struct BadText {
  const char* text;
  std::uint32_t line;
  std::uint32_t column;
  const char* pointer;
  const char* what;
  const char* hint;  // in expected or fix
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(bad_text_is_placed_exactly) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const BadText cases[] = {
      {"", 1, 1, "", "empty", "object"},
      {"  \n ", 1, 1, "", "empty", "object"},
      {"{\n  \"a\": 1,\n}", 3, 1, "", "unexpected '}'", "comma"},
      {"[1, 2,]", 1, 7, "", "unexpected ']'", "comma"},
      {"{\"a\": {\"b\": tru}}", 1, 13, "/a/b", "unexpected 'tru'", ""},
      {"{\"a\": [1, {\"b\": x}]}", 1, 17, "/a/1/b", "unexpected 'x'", ""},
      {"{'a': 1}", 1, 2, "", "unexpected '''", "double quotes"},
      {"{\"a\": 1} x", 1, 10, "", "unexpected 'x'", "nothing more"},
      {"{\"a\": 1", 1, 8, "", "ends too soon", "not closed"},
      {"{\"a\": \"b", 1, 9, "", "ends too soon", "not closed"},
      {"// hello\n{}", 1, 1, "", "unexpected '/'", "no comments"},
      {"{\"a\": 1 \"b\": 2}", 1, 9, "", "unexpected '\"'", "','"},
      {"\xEF\xBB\xBF{}", 1, 1, "", "unexpected", "byte order mark"},
      {"{\"a\": 01}", 1, 8, "/a", "unexpected '1'", ""},
      {"{\"a\": NaN}", 1, 7, "/a", "unexpected 'NaN'", ""},
      {"{\"a\": 1, \"a\": 2}", 1, 10, "/a", "given twice", "once"},
      {"{\"a\": 1, \"\\u0061\": 2}", 1, 10, "/a", "given twice", "once"},
      {"{\"x\": [{\"k\": 1,\n \"k\": 2}]}", 2, 2, "/x/0/k", "given twice", "once"},
      {"{\"a/b\": [0, 1e400]}", 1, 13, "/a~1b/1", "1e400 is too large", "fits a double"},
      {"[-1e400]", 1, 2, "/0", "-1e400 is too large", "fits a double"},
      {"{\"ü\": [\"é\", }", 1, 13, "/ü", "unexpected '}'", "comma"},
  };
  for (const BadText& one : cases) {
    BOOST_TEST_CONTEXT(one.text) {
      const Result<bj::value> parsed = parse_json(one.text, "f.json");
      BOOST_REQUIRE(!parsed);
      const Error& error = parsed.error();
      BOOST_TEST_INFO(error.line());
      BOOST_TEST((error.code == ExitCode::invalid_config));
      BOOST_TEST(error.where.file == "f.json");
      BOOST_TEST(error.where.line == one.line);
      BOOST_TEST(error.where.column == one.column);
      BOOST_TEST(error.where.pointer == one.pointer);
      BOOST_TEST(error.what.find(one.what) != std::string::npos, error.line());
      BOOST_TEST((error.expected + error.fix).find(one.hint) != std::string::npos, error.line());
    }
  }
  const Result<bj::value> nested = parse_json(deep, "f");
  BOOST_REQUIRE(!nested);
  BOOST_TEST(nested.error().what.find("deep") != std::string::npos);
  BOOST_TEST(nested.error().where.column == 33u);
}

BOOST_AUTO_TEST_CASE(broken_utf8_is_refused) {
  for (const char* text : {"{\"a\": \"\xff\"}", "{\"a\": \"\xc3\"}", "{\"a\": \"\xed\xa0\x80\"}",
                           "\"\xf8\x88\x80\x80\x80\""}) {
    const Result<bj::value> parsed = parse_json(text, "f");
    BOOST_REQUIRE(!parsed);
    BOOST_TEST(parsed.error().where.line == 1u);
  }
  BOOST_TEST(bool(parse_json(std::string(32, '[') + std::string(32, ']'), "f")));
}

BOOST_AUTO_TEST_CASE(positions_are_those_of_an_editor) {
  const std::string text = "{\n  \"a\": [1, {\"b/c\": true}],\n  \"é\": \"x\", \"~\": null\n}";
  const auto at = [&](const char* pointer, bool key = false) {
    const JsonPosition position = locate_json(text, pointer, key);
    return std::pair<int, int>(position.line, position.column);
  };
  BOOST_TEST((at("") == std::pair(1, 1)));
  BOOST_TEST((at("/a") == std::pair(2, 8)));
  BOOST_TEST((at("/a", true) == std::pair(2, 3)));
  BOOST_TEST((at("/a/0") == std::pair(2, 9)));
  BOOST_TEST((at("/a/1/b~1c") == std::pair(2, 20)));
  BOOST_TEST((at("/a/1/b~1c", true) == std::pair(2, 13)));
  BOOST_TEST((at("/é") == std::pair(3, 8)));
  BOOST_TEST((at("/~0", true) == std::pair(3, 13)));
  BOOST_TEST((at("/nothing") == std::pair(0, 0)));
  BOOST_TEST((at("/a/2") == std::pair(0, 0)));
  BOOST_TEST((at("/a/0/x") == std::pair(0, 0)));
  BOOST_TEST((at("a") == std::pair(0, 0)));
}

BOOST_AUTO_TEST_CASE(writing_is_stable_and_exact) {
  bj::object object;
  object["z"] = 1;
  object["a"] = 1.0;
  object["d"] = 0.1;
  object["big"] = 1e22;
  object["nan"] = std::numeric_limits<double>::quiet_NaN();
  object["list"] = bj::array({1, 2.5, "x\n\"y\""});
  object["of"] = bj::array({bj::value(bj::object())});
  object["none"] = bj::array();
  const bj::value value(object);
  BOOST_TEST(
      pretty_json(value) ==
      "{\n  \"z\": 1,\n  \"a\": 1.0,\n  \"d\": 0.1,\n  \"big\": 1e+22,\n  \"nan\": null,\n"
      "  \"list\": [1, 2.5, \"x\\n\\\"y\\\"\"],\n  \"of\": [\n    {}\n  ],\n  \"none\": []\n}\n");
  BOOST_TEST(
      compact_json(value) ==
      "{\"z\":1,\"a\":1.0,\"d\":0.1,\"big\":1e+22,\"nan\":null,\"list\":[1,2.5,\"x\\n\\\"y\\\"\"],"
      "\"of\":[{}],\"none\":[]}");
}

BOOST_AUTO_TEST_CASE(doubles_come_back_to_the_last_bit) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t bits = random();
    double number = 0;
    static_assert(sizeof number == sizeof bits);
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) continue;
    const std::string text = compact_json(bj::value(bj::array({bj::value(number)})));
    const Result<bj::value> again = parse_json(text, "f");
    BOOST_REQUIRE_MESSAGE(again, text);
    BOOST_REQUIRE_MESSAGE(again->as_array()[0].as_double() == number, text);
  }
}

BOOST_AUTO_TEST_CASE(integers_keep_their_kind) {
  const Result<bj::value> parsed =
      parse_json("[18446744073709551615, -9223372036854775808, 1.0, 1e-400]", "f");
  BOOST_REQUIRE(parsed);
  BOOST_TEST(parsed->as_array()[0].is_uint64());
  BOOST_TEST(parsed->as_array()[1].is_int64());
  BOOST_TEST(parsed->as_array()[2].is_double());
  BOOST_TEST(parsed->as_array()[3].as_double() == 0.0);
}

BOOST_AUTO_TEST_CASE(pointers_find_values) {
  const Result<bj::value> parsed = parse_json("{\"a\": [1, {\"b/c\": true}]}", "f");
  BOOST_REQUIRE(parsed);
  BOOST_REQUIRE(at_pointer(*parsed, "/a/1/b~1c") != nullptr);
  BOOST_TEST(at_pointer(*parsed, "/a/1/b~1c")->as_bool());
  BOOST_TEST(at_pointer(*parsed, "") == &*parsed);
  BOOST_TEST(at_pointer(*parsed, "/a/7") == nullptr);
  BOOST_TEST(at_pointer(*parsed, "/a/-") == nullptr);
  BOOST_TEST(at_pointer(*parsed, "nonsense") == nullptr);
}

BOOST_AUTO_TEST_CASE(slips_are_recognised) {
  const std::vector<std::string> words{"rate", "connections", "operations", "fit"};
  BOOST_TEST(nearest("raet", words) == "rate");
  BOOST_TEST(nearest("Rate", words) == "rate");
  BOOST_TEST(nearest("conections", words) == "connections");
  BOOST_TEST(nearest("operation", words) == "operations");
  BOOST_TEST(nearest("zebra", words) == "");
  BOOST_TEST(nearest("", words) == "");
  BOOST_TEST(nearest("x", words) == "");
  BOOST_TEST(nearest(std::string(10000, 'r'), words) == "");
}

BOOST_AUTO_TEST_CASE(mutations_never_crash) {
  const std::string text =
      "{\"a\": [1, -2.5e3, {\"b/c\": true, \"\\u00fc\": null}], \"s\": \"x\\n\xc3\xa9\", \"o\": "
      "{}}";
  std::mt19937 random(3);
  for (int i = 0; i < 5000; ++i) {
    std::string mutated = text;
    for (int edits = 1 + static_cast<int>(random() % 4); edits > 0; --edits) {
      const std::size_t at = random() % mutated.size();
      switch (random() % 3) {
        case 0:
          mutated[at] = static_cast<char>(random());
          break;
        case 1:
          mutated.erase(at, 1 + random() % 5);
          break;
        default:
          mutated.insert(at, 1, "{}[]\",:\\0123e.-"[random() % 15]);
          break;
      }
      if (mutated.empty()) mutated = "{";
    }
    const Result<bj::value> parsed = parse_json(mutated, "f");
    if (parsed) {
      const Result<bj::value> again = parse_json(pretty_json(*parsed), "f");
      BOOST_REQUIRE_MESSAGE(again, mutated);
      BOOST_REQUIRE(*again == *parsed);
    } else {
      BOOST_REQUIRE(parsed.error().where.line >= 1);
    }
    locate_json(mutated, "/a/2/b~1c", true);
  }
}

BOOST_AUTO_TEST_SUITE_END()
