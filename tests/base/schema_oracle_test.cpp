// SPDX-License-Identifier: Apache-2.0
// check_schema beside two oracles: Ajv on schemas and values made at random, and the cases of the
// JSON Schema Test Suite that use no other keywords than ours.
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/json.h"
#include "base/schema.h"
#include "places.h"

using namespace ordeal;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

const std::string source = ORDEAL_SOURCE_DIR;

/// Schemas and values of few names, numbers and texts, so that they often meet.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  json::value schema(int depth) {
    if (one_in(12)) return json::value(one_in(2));
    json::object made;
    for (int keywords = 1 + pick(3); keywords > 0; --keywords) keyword(made, depth);
    return json::value(std::move(made));
  }

  json::value value(int depth) {
    switch (pick(depth > 0 ? 8 : 6)) {
      case 0:
        return json::value(nullptr);
      case 1:
        return json::value(one_in(2));
      case 2:
        return number();
      case 3:
        return number();
      case 4:
        return text();
      case 5:
        return text();
      case 6: {
        json::array made;
        for (int n = pick(4); n > 0; --n) made.push_back(value(depth - 1));
        return json::value(std::move(made));
      }
      default: {
        json::object made;
        for (int n = pick(4); n > 0; --n) made[name()] = value(depth - 1);
        return json::value(std::move(made));
      }
    }
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  bool one_in(int n) { return pick(n) == 0; }
  std::string name() { return std::vector<std::string>{"a", "b", "c", "x-a", "a/b~c"}[pick(5)]; }
  json::value number() {
    switch (pick(4)) {
      case 0:
        return json::value(pick(7) - 3);
      case 1:
        return json::value(static_cast<double>(pick(13) - 6) / 2);
      case 2:
        return json::value(static_cast<double>(pick(4)));  // whole, written as a double
      default:
        return json::value(pick(1000));
    }
  }
  json::value text() {
    return json::value(std::vector<std::string>{"", "a", "ab", "éé", "aab", "3", "1m30s", "5x", "0",
                                                "日本", "a\nb", "😀"}[pick(12)]);
  }
  json::value type() {
    return json::value(std::vector<std::string>{"object", "array", "string", "integer", "number",
                                                "boolean", "null"}[pick(7)]);
  }
  std::string pattern() {
    return std::vector<std::string>{
        "^a+$", "b",        "^.$", "^[a-zé]*$", "^x-",    "^(a|b){2}$",
        "\\d",  "^(?=a)..", "^$",  "[^a]",      "^\\S+$", "^[日-本]+$"}[pick(12)];
  }
  json::array schemas(int depth) {
    json::array made;
    for (int n = 1 + pick(3); n > 0; --n) made.push_back(schema(depth - 1));
    return made;
  }

  void keyword(json::object& to, int depth) {
    switch (pick(depth > 0 ? 30 : 16)) {
      case 0:
      case 1:
        to["type"] = type();
        break;
      case 2: {
        json::array types{type()};
        if (const json::value other = type(); other != types[0]) types.push_back(other);
        to["type"] = types;
        break;
      }
      case 3:
        to["enum"] = json::array{value(1), 7, text()};
        break;
      case 4:
        to["const"] = value(1);
        break;
      case 5:
        to["minimum"] = number();
        break;
      case 6:
        to["maximum"] = number();
        break;
      case 7:
        to["exclusiveMinimum"] = number();
        break;
      case 8:
        to["exclusiveMaximum"] = number();
        break;
      case 9:
        to["multipleOf"] = static_cast<double>(1 + pick(6)) / 2;
        break;
      case 10:
        to["minLength"] = pick(4);
        break;
      case 11:
        to["maxLength"] = pick(4);
        break;
      case 12:
        to["pattern"] = pattern();
        break;
      case 13:
        to["format"] = "duration-go";
        break;
      case 14:
        to["required"] = json::array{name()};
        break;
      case 15:
        to[one_in(2) ? "minItems" : "maxItems"] = pick(4);
        break;
      case 16:
        to[one_in(2) ? "minProperties" : "maxProperties"] = pick(4);
        break;
      case 17:
        to["uniqueItems"] = true;
        break;
      case 18:
      case 19: {
        json::object made;
        for (int n = 1 + pick(3); n > 0; --n) made[name()] = schema(depth - 1);
        to["properties"] = made;
        break;
      }
      case 20:
        to["patternProperties"] = json::object{{pattern(), schema(depth - 1)}};
        break;
      case 21:
        to["additionalProperties"] = schema(depth - 1);
        break;
      case 22:
        to["propertyNames"] = schema(depth - 1);
        break;
      case 23:
        to["items"] = schema(depth - 1);
        break;
      case 24:
        to["prefixItems"] = schemas(depth);
        break;
      case 25:
        to["allOf"] = schemas(depth);
        break;
      case 26:
        to["anyOf"] = schemas(depth);
        break;
      case 27:
        to["oneOf"] = schemas(depth);
        break;
      case 28:
        to["not"] = schema(depth - 1);
        break;
      default:
        to["if"] = schema(depth - 1);
        if (!one_in(3)) to["then"] = schema(depth - 1);
        if (!one_in(3)) to["else"] = schema(depth - 1);
    }
  }

  std::mt19937 random_;
};

/// Uses a keyword or a form that config schemas may not have.
bool foreign(const json::value& schema) {
  if (schema.is_bool()) return false;
  if (!schema.is_object()) return true;
  static const json::value known = [] {
    std::ifstream in(source + "/manifests/schemas/plugin-manifest.json");
    std::ostringstream text;
    text << in.rdbuf();
    return *at_pointer(*parse_json(text.str(), ""), "/$defs/config_schema/properties");
  }();
  const json::object& members = schema.get_object();
  for (const auto& member : members) {
    if (!known.get_object().contains(member.key())) return true;
    const json::value& one = member.value();
    if (member.key() == "format" || (member.key() == "items" && one.is_array())) return true;
    // In draft 7, which the suite is for, what stands beside a $ref is ignored.
    if (member.key() == "$ref" &&
        (members.size() > 1 || !one.is_string() || !one.get_string().starts_with("#"))) {
      return true;
    }
    for (const char* key : {"properties", "patternProperties"}) {
      if (member.key() != key) continue;
      for (const auto& sub : one.get_object())
        if (foreign(sub.value())) return true;
    }
    for (const char* key : {"allOf", "anyOf", "oneOf"}) {
      if (member.key() != key) continue;
      for (const auto& sub : one.get_array())
        if (foreign(sub)) return true;
    }
    for (const char* key :
         {"items", "not", "if", "then", "else", "additionalProperties", "propertyNames"})
      if (member.key() == key && foreign(one)) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schema_oracle)

BOOST_AUTO_TEST_CASE(ajv_agrees_on_schemas_made_at_random) {
  const std::string ajv = source + "/packaging/npm/node_modules/ajv";
  BOOST_TEST_REQUIRE(fs::exists(ajv), "run packaging/setup first");
  const fs::path folder =
      fs::temp_directory_path() / ("schema_oracle." + std::to_string(::getpid()));
  fs::create_directories(folder);
  struct Pair {
    json::value schema;
    json::value value;
  };
  std::vector<Pair> pairs;
  Maker make(20261123);
  for (int i = 0; i < 600; ++i) {
    const json::value schema = make.schema(3);
    for (int k = 0; k < 5; ++k) pairs.push_back({schema, make.value(3)});
  }
  {
    std::ofstream in(folder / "in");
    for (const Pair& one : pairs)
      in << compact_json(json::object{{"schema", one.schema}, {"value", one.value}}) << "\n";
  }
  const std::string command = "node '" + source + "/tests/base/schema_oracle.cjs' '" + ajv +
                              "' <'" + (folder / "in").string() + "' >'" +
                              (folder / "out").string() + "'";
  BOOST_TEST_REQUIRE(std::system(command.c_str()) == 0);
  std::ifstream answers(folder / "out");
  std::size_t valid = 0;
  for (const Pair& one : pairs) {
    std::string answer;
    BOOST_TEST_REQUIRE(static_cast<bool>(std::getline(answers, answer)));
    const bool ours = check_schema(one.schema, one.value).empty();
    valid += ours ? 1 : 0;
    BOOST_TEST(answer == (ours ? "1" : "0"),
               compact_json(one.schema) << " of " << compact_json(one.value) << ": Ajv " << answer);
  }
  // Both kinds must be there, or nothing is compared.
  BOOST_TEST(valid > pairs.size() / 5);
  BOOST_TEST(valid < pairs.size() * 4 / 5);
  fs::remove_all(folder);
}

BOOST_AUTO_TEST_CASE(the_json_schema_test_suite_agrees) {
  const fs::path suite = "/usr/share/json-schema-test-suite/tests/draft7";
  BOOST_TEST_REQUIRE(fs::exists(suite), "run packaging/setup --tests first");
  std::size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(suite)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path());
    std::ostringstream text;
    text << in.rdbuf();
    const json::value groups = json::parse(text.str());
    for (const json::value& group : groups.get_array()) {
      const json::value& schema = group.at("schema");
      if (foreign(schema)) continue;
      for (const json::value& test : group.at("tests").get_array()) {
        ++compared;
        const auto found = check_schema(schema, test.at("data"));
        BOOST_TEST(found.empty() == test.at("valid").get_bool(),
                   entry.path().filename().string()
                       << ": " << group.at("description") << ": " << test.at("description"));
      }
    }
  }
  BOOST_TEST(compared >= 300u);
  BOOST_TEST_MESSAGE("compared " << compared);
}

BOOST_AUTO_TEST_SUITE_END()
