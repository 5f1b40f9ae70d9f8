// SPDX-License-Identifier: Apache-2.0
// Ten thousand mutated manifests, the same ones every time: each is refused in clear words or is
// usable, and none does any harm.
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "base/files.h"
#include "base/json.h"
#include "places.h"
#include "registry/manifest.h"
#include "registry/temporary_plugins.h"

using namespace ordeal;
namespace json = boost::json;

namespace {

constexpr int manifests = 10'000;

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  std::string text(std::string text) {
    static const std::string pieces[] = {
        "{",       "}",    "[", "]",  "\"",           ",", ":",      "null", "true", "1e999", "-1",
        "\\u0000", "\xff", "0", "\n", "\xef\xbb\xbf", "/", "^(a+)+$"};
    for (std::size_t edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text.erase(at, 1 + below(16));
          break;
        case 1:
          text.insert(at, pieces[below(std::size(pieces))]);
          break;
        case 2:
          text[at] = static_cast<char>(random_());
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(64)));
      }
    }
    return text;
  }

  /// Puts something odd into the tree, so that it still parses.
  void tree(json::value& root) {
    for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
      json::value* at = &root;
      for (std::size_t depth = 1 + below(7); depth > 0; --depth) {
        json::value* next = child(*at);
        if (next == nullptr) break;
        at = next;
      }
      if (at->is_object() && below(3) == 0) {
        at->get_object()[key()] = odd();
      } else {
        *at = odd();
      }
    }
  }

  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  json::value* child(json::value& value) {
    if (json::array* array = value.if_array(); array != nullptr && !array->empty())
      return &(*array)[below(array->size())];
    json::object* object = value.if_object();
    if (object == nullptr || object->empty()) return nullptr;
    return &(object->begin() + static_cast<std::ptrdiff_t>(below(object->size())))->value();
  }

  std::string key() {
    static const char* const keys[] = {"$ref",
                                       "pattern",
                                       "anyOf",
                                       "items",
                                       "type",
                                       "default",
                                       "required",
                                       "properties",
                                       "minimum",
                                       "x-mine",
                                       "enum",
                                       "if",
                                       "optional",
                                       "version",
                                       "id",
                                       "",
                                       "patternProperties",
                                       "additionalProperties"};
    return keys[below(std::size(keys))];
  }

  json::value odd() {
    switch (below(16)) {
      case 0:
        return nullptr;
      case 1:
        return true;
      case 2:
        return -1;
      case 3:
        return 1e300;
      case 4:
        return UINT64_MAX;
      case 5:
        return "";
      case 6:
        return json::value(std::string(below(5000), 'a'));
      case 7:
        return json::array();
      case 8:
        return json::object();
      case 9:
        return "#";
      case 10:
        return "(a*)*b";
      case 11:
        return "../../etc/passwd";
      case 12:
        return json::array({nullptr, 1, "x", json::array()});
      case 13:
        return json::object({{"$ref", "#/properties"}});
      case 14:
        return json::value("[\x1b[2J\n");
      default: {
        json::value nested = 1;
        for (int depth = 0; depth < 40; ++depth) nested = json::array({nested});
        return nested;
      }
    }
  }

  std::mt19937 random_;
};

std::vector<std::string> good_manifests() {
  std::vector<std::string> texts;
  for (const auto& entry :
       std::filesystem::directory_iterator(ORDEAL_SOURCE_DIR "/manifests/plugins"))
    texts.push_back(read_file(entry.path().string(), ExitCode::internal).value());
  std::sort(texts.begin(), texts.end());
  texts.push_back(manifest_text(
      "org.example.p", "rule", "r",
      R"(, "requires": {"plugins": ["org.example.q", {"id": "org.example.z", "version": "^1.2", "optional": true}],
        "host_extensions": ["ordeal.host.bus/1"], "privileges": ["network"]},
      "isolation": {"allowed": ["own"], "default": "own"}, "platform": "linux",
      "integrity": {"sha256": "0000000000000000000000000000000000000000000000000000000000000000"})",
      R"(, "config_schema": {"type": "object", "properties": {"a": {"type": "number", "default": 1},
      "b": {"anyOf": [{"$ref": "#/properties/a"}, {"type": "string", "pattern": "^[a-z]+$"}]}},
      "required": ["a"]}, "defaults": {"a": 3, "b": "x"})"));
  return texts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(manifest_fuzz)

BOOST_AUTO_TEST_CASE(mutated_manifests_are_refused_in_clear_words) {
  const Result<json::value> schema = read_manifest_schema(ORDEAL_SOURCE_DIR "/manifests/schemas");
  BOOST_REQUIRE(schema);
  ManifestRules rules{*schema};
  const TemporaryFolder folder;
  const PluginPlace place{folder.path(), folder.path(), Trust::owner, "test"};
  const std::string path = folder.write("org.example.p.json", "");
  const std::vector<std::string> good = good_manifests();
  Mutator mutate(20261123);
  int refused = 0;
  for (int i = 0; i < manifests; ++i) {
    std::string text = good[mutate.below(good.size())];
    if (i % 2 == 0) {
      text = mutate.text(std::move(text));
    } else {
      json::value tree = *parse_json(text, "good");
      mutate.tree(tree);
      text = compact_json(tree);
    }
    // Through the file only now and then: what is fuzzed is the reading of its text.
    const bool by_file = i % 50 == 0;
    if (by_file) folder.write("org.example.p.json", text);
    const ManifestReading reading =
        by_file ? read_manifest(path, place, rules) : read_manifest_text(text, path, rules);
    if (!reading.errors.empty()) ++refused;
    for (const Error& error : reading.errors) {
      const std::string line = error.line();
      BOOST_TEST_CONTEXT(i << ": " << line << "\n" << text) {
        BOOST_REQUIRE((error.code == ExitCode::plugin_rejected));
        BOOST_REQUIRE(!error.what.empty());
        BOOST_REQUIRE(error.where.file.find(folder.path()) == 0u);
        BOOST_REQUIRE(std::none_of(line.begin(), line.end(), [](char c) {
          return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        }));
        BOOST_REQUIRE(line.size() < 4096u);
      }
    }
    if (reading.errors.empty()) {
      BOOST_REQUIRE(bool(parse_version(reading.info.version)));
      BOOST_REQUIRE(reading.info.library_path.find("..") == std::string::npos);
    }
  }
  BOOST_TEST_MESSAGE(refused << " of " << manifests << " refused");
  BOOST_TEST(refused > manifests / 2);
}

BOOST_AUTO_TEST_SUITE_END()
