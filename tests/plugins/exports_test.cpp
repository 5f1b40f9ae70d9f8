// SPDX-License-Identifier: Apache-2.0
// What can be said of every built plugin without knowing it.
#include <elf.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ordeal/abi/collector.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"
#include "ordeal/abi/scenario.h"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> built_plugins() {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(ORDEAL_BUILT_PLUGINS)) {
    if (entry.path().extension() == ".so") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

template <class T>
T at(const std::string& bytes, std::size_t offset) {
  T value;
  BOOST_REQUIRE(offset + sizeof value <= bytes.size());
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// The names of the defined symbols of the dynamic table: what `nm -D --defined-only` prints.
std::vector<std::string> exported_names(const std::string& elf) {
  std::vector<std::string> names;
  const auto header = at<Elf64_Ehdr>(elf, 0);
  BOOST_REQUIRE(std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0);
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(elf, header.e_shoff + i * header.e_shentsize);
    if (section.sh_type != SHT_DYNSYM) continue;
    const auto strings = at<Elf64_Shdr>(elf, header.e_shoff + section.sh_link * header.e_shentsize);
    for (std::size_t at_ = 0; at_ < section.sh_size; at_ += section.sh_entsize) {
      const auto symbol = at<Elf64_Sym>(elf, section.sh_offset + at_);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_name == 0) continue;
      names.emplace_back(elf.c_str() + strings.sh_offset + symbol.st_name);
    }
  }
  return names;
}

const char* extension_of(const std::string& kind) {
  if (kind == "scenario") return ORDEAL_SCENARIO;
  if (kind == "collector") return ORDEAL_COLLECTOR;
  if (kind == "rule") return ORDEAL_RULE;
  return ORDEAL_REPORT;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exports)

BOOST_AUTO_TEST_CASE(exactly_one_symbol) {
  const std::vector<fs::path> plugins = built_plugins();
  BOOST_REQUIRE(plugins.size() >= 3U);
  for (const fs::path& path : plugins) {
    BOOST_TEST_CONTEXT(path) {
      const std::vector<std::string> names = exported_names(read(path));
      BOOST_REQUIRE(names.size() == 1U);
      BOOST_TEST(names[0] == ORDEAL_PLUGIN_ENTRY_SYMBOL);
    }
  }
}

BOOST_AUTO_TEST_CASE(library_and_manifest_agree) {
  for (const fs::path& path : built_plugins()) {
    BOOST_TEST_CONTEXT(path) {
      const ordeal::testing::PluginFile plugin(path.string());
      BOOST_TEST(plugin.id() == path.stem().string());
      const fs::path manifest =
          fs::path(ORDEAL_SOURCE_DIR) / "manifests/plugins" / (plugin.id() + ".json");
      BOOST_REQUIRE(fs::exists(manifest));
      const json::value document = json::parse(read(manifest));
      const json::object& root = document.as_object();
      BOOST_TEST(root.at("id").as_string().c_str() == plugin.id());
      BOOST_TEST(root.at("version").as_string().c_str() == plugin.version());
      BOOST_TEST(root.at("library").as_string().c_str() == path.filename().string());
      BOOST_TEST(root.at("abi").at("major").as_int64() == ORDEAL_ABI_MAJOR);
      BOOST_TEST(root.at("abi").at("min_minor").as_int64() == ORDEAL_ABI_MINOR);
      std::set<std::string> kinds;
      for (const json::value& component : root.at("components").as_array()) {
        const std::string kind = component.at("kind").as_string().c_str();
        kinds.insert(kind);
        BOOST_TEST(plugin.factory<void>(extension_of(kind)) != nullptr);
        // every property is explained, and every default is one of the schema's
        const json::object& schema = component.at("config_schema").as_object();
        BOOST_TEST(schema.at("additionalProperties").as_bool() == false);
        const json::object& properties = schema.at("properties").as_object();
        for (const auto& [key, property] : properties) {
          BOOST_TEST_CONTEXT(key) { BOOST_TEST(property.as_object().contains("description")); }
        }
        for (const auto& [key, value] : component.at("defaults").as_object()) {
          BOOST_TEST_CONTEXT(key) { BOOST_TEST(properties.contains(key)); }
        }
      }
      for (const char* kind : {"scenario", "collector", "rule", "report"}) {
        BOOST_TEST_CONTEXT(kind) {
          BOOST_TEST((plugin.factory<void>(extension_of(kind)) != nullptr) ==
                     (kinds.count(kind) != 0));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(unknown_ids_have_no_factory) {
  for (const fs::path& path : built_plugins()) {
    BOOST_TEST_CONTEXT(path) {
      const ordeal::testing::PluginFile plugin(path.string());
      for (const char* base :
           {ORDEAL_SCENARIO, ORDEAL_COLLECTOR, ORDEAL_RULE, ORDEAL_REPORT, "", "org.example/1"}) {
        for (const char* tail : {"x", " ", "0", "/"}) {
          const std::string id = std::string(base) + tail;
          BOOST_TEST_CONTEXT(id) { BOOST_TEST(plugin.factory<void>(id) == nullptr); }
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
