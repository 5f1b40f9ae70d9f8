// SPDX-License-Identifier: Apache-2.0
// The headers are the specification: what they have to say of every function, struct and constant,
// and that the layout written down for the published minor leaves none of it out.
#include <ordeal/abi/base.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "places.h"
#include "sdk/header_text.h"

using namespace ordeal::testing;
namespace fs = std::filesystem;

namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

const std::string include = ORDEAL_SOURCE_DIR "/sdk/include/ordeal";

std::map<std::string, std::vector<HeaderItem>> headers() {
  std::map<std::string, std::vector<HeaderItem>> all;
  for (const auto& entry : fs::directory_iterator(include + "/abi"))
    all[entry.path().filename()] = read_header(slurp(entry.path()));
  return all;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(docs)

BOOST_AUTO_TEST_CASE(every_function_names_thread_errors_and_since) {
  const auto all = headers();
  BOOST_TEST(all.size() >= 12u);
  std::size_t functions = 0;
  for (const auto& [name, items] : all) {
    const auto missing = undocumented(items);
    BOOST_TEST(missing.empty(), name << ":\n" << joined(missing));
    for (const HeaderItem& item : items)
      functions += static_cast<std::size_t>(
          std::count_if(item.fields.begin(), item.fields.end(),
                        [](const HeaderField& field) { return field.function; }));
  }
  BOOST_TEST(functions >= 45u);  // the reader finds them at all
}

BOOST_AUTO_TEST_CASE(what_is_left_out_is_noticed) {
  const auto missing = undocumented(read_header(R"(
/* Since 0.1. */
typedef struct fine {
  uint32_t struct_size;
  int32_t known; /* [worker] belongs to the field before it */
  int32_t (*no_thread)(void* self);
  /* [any] Says nothing of failure. */
  int32_t (*no_errors)(void* self);
  /* [worker] ORDEAL_E_IO. */
  int32_t (*good)(void* self, uint64_t a,
                  uint64_t b) ORDEAL_NOEXCEPT;
} fine;
/* No version. */
struct unsized { uint64_t a; };
typedef void (*callback)(void* user);
enum { FIRST = 1, SECOND = 2 };
#define CONSTANT 3u
)"));
  const std::set<std::string> found(missing.begin(), missing.end());
  const std::set<std::string> expected{"fine.no_thread does not name its thread",
                                       "fine.no_thread has a status and names no error",
                                       "fine.no_errors has a status and names no error",
                                       "unsized does not say since when",
                                       "unsized does not start with struct_size",
                                       "callback does not say since when",
                                       "callback does not name its thread",
                                       "the enumeration of FIRST does not say since when",
                                       "CONSTANT does not say since when"};
  BOOST_TEST(found == expected, joined(missing));
}

BOOST_AUTO_TEST_CASE(every_header_over_the_abi_says_thread_and_since) {
  int headers = 0;
  for (const auto& entry : fs::directory_iterator(include)) {
    if (entry.is_directory()) continue;
    ++headers;
    const std::string text = slurp(entry.path());
    const std::string top = text.substr(0, text.find("#pragma once"));
    BOOST_TEST(std::regex_search(top, std::regex("Since [0-9]+\\.[0-9]+")), entry.path());
    BOOST_TEST(std::regex_search(text, std::regex(R"(\[(worker|any)\])")), entry.path());
  }
  BOOST_TEST(headers >= 12);
}

BOOST_AUTO_TEST_CASE(the_published_layout_is_complete) {
  const std::string file = ORDEAL_SOURCE_DIR "/tests/sdk/layout_" +
                           std::to_string(ORDEAL_ABI_MAJOR) + "_" +
                           std::to_string(ORDEAL_ABI_MINOR) + ".c";
  const std::string layout = slurp(file);
  std::set<std::string> written;
  const auto collect = [&](const std::regex& form) {
    for (std::sregex_iterator at(layout.begin(), layout.end(), form), end; at != end; ++at) {
      const std::string name = (*at)[1].str() + ((*at).size() > 2 ? "." + (*at)[2].str() : "");
      BOOST_TEST(written.insert(name).second, name << " is written down twice");
    }
  };
  collect(std::regex(R"(\nSIZE\((\w+), \d+\);)"));
  collect(std::regex(R"(\nFIELD\((\w+), (\w+), \d+\);)"));
  std::size_t constants = 0;
  for (const auto& [name, items] : headers()) {
    for (const HeaderItem& item : items) {
      if (item.kind == HeaderItem::Kind::structure) {
        BOOST_TEST(written.erase(item.name) == 1u, "no SIZE of " << item.name);
        for (const HeaderField& field : item.fields)
          BOOST_TEST(written.erase(item.name + "." + field.name) == 1u,
                     "no FIELD of " << item.name << "." << field.name);
      } else if (item.kind == HeaderItem::Kind::enumeration) {
        for (const HeaderField& one : item.fields) {
          ++constants;
          BOOST_TEST(std::regex_search(layout, std::regex("\\b" + one.name + " == -?\\d+\\b")),
                     "no value of " << one.name);
        }
      } else if (item.kind == HeaderItem::Kind::define) {
        ++constants;
        BOOST_TEST(std::regex_search(layout, std::regex("\\b" + item.name + "\\b")),
                   "no value of " << item.name);
        if (item.value.starts_with('"'))
          BOOST_TEST(
              layout.find("NAME(" + item.name + ", " + item.value + ");") != std::string::npos,
              item.name << " is " << item.value << " now");
      }
    }
  }
  BOOST_TEST(constants >= 40u);
  for (const std::string& name : written)
    BOOST_TEST(false, name << " is written down, but is in no header");
}

BOOST_AUTO_TEST_SUITE_END()
