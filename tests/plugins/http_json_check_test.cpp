// SPDX-License-Identifier: Apache-2.0
#include "scenarios/http/json_check.h"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include "scenarios/http/codes.h"

using namespace http;
namespace json = boost::json;

namespace {

JsonCheck equals(const char* pointer, const char* value) {
  JsonCheck check;
  check.pointer = pointer;
  check.equals = std::make_shared<const json::value>(json::parse(value));
  return check;
}

constexpr char body[] =
    R"({"n":1,"big":18446744073709551615,"half":0.5,"s":"text","list":[1,{"a/b":null}],"o":{"x":1,"y":[2]}})";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_json_check)

BOOST_AUTO_TEST_CASE(values) {
  JsonChecker checker;
  struct Case {
    const char* pointer;
    const char* value;
    bool holds;
  };
  for (const Case& c :
       {Case{"/n", "1", true}, Case{"/n", "1.0", true}, Case{"/n", "2", false},
        Case{"/n", "\"1\"", false}, Case{"/n", "true", false},
        Case{"/big", "18446744073709551615", true}, Case{"/half", "5e-1", true},
        Case{"/s", "\"text\"", true}, Case{"/list/1/a~1b", "null", true},
        Case{"/list/2", "null", false}, Case{"/missing", "null", false},
        Case{"/o", R"({"y":[2.0],"x":1})", true}, Case{"/o", R"({"y":[2,3],"x":1})", false},
        Case{"/list/0", "1", true}, Case{"/list/-", "1", false}, Case{"/s/0", "\"t\"", false}})
    BOOST_TEST(checker.check(body, {equals(c.pointer, c.value)}) == (c.holds ? 0 : code_json),
               c.pointer << " = " << c.value);
  BOOST_TEST(checker.check("[1]", {equals("", "[1]")}) == 0);
}

BOOST_AUTO_TEST_CASE(existence_texts_and_ranges) {
  JsonChecker checker;
  const auto check = [&](JsonCheck one, const char* pointer) {
    one.pointer = pointer;
    return checker.check(body, {one}) == 0;
  };
  JsonCheck there;
  there.exists = true;
  BOOST_TEST(check(there, "/list/1/a~1b"));
  BOOST_TEST(!check(there, "/list/1/c"));
  JsonCheck absent;
  absent.exists = false;
  BOOST_TEST(check(absent, "/list/1/c"));
  BOOST_TEST(!check(absent, "/n"));
  JsonCheck text;
  text.contains = "ex";
  BOOST_TEST(check(text, "/s"));
  BOOST_TEST(!check(text, "/n"));
  BOOST_TEST(!check(text, "/x"));
  JsonCheck range;
  range.min = 0.5;
  range.max = 1;
  BOOST_TEST(check(range, "/n"));
  BOOST_TEST(check(range, "/half"));
  BOOST_TEST(!check(range, "/big"));
  BOOST_TEST(!check(range, "/s"));
  // All must hold.
  BOOST_TEST(checker.check(body, {equals("/n", "1"), equals("/s", "1")}) == code_json);
}

BOOST_AUTO_TEST_CASE(what_is_not_json) {
  JsonChecker checker;
  JsonCheck any;
  any.exists = true;
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("{}x"), std::string("<html>"),
        std::string("\"\xff\""), std::string(600, '[') + std::string(600, ']')})
    BOOST_TEST(checker.check(text, {any}) == code_not_json);
  // The memory is used again.
  const std::string large = "[\"" + std::string(100'000, 'x') + "\",1]";
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(checker.check(large, {equals("/1", "1")}) == 0);
    BOOST_TEST(checker.check("{", {any}) == code_not_json);
  }
}

BOOST_AUTO_TEST_SUITE_END()
