// SPDX-License-Identifier: Apache-2.0
// Runs a built report plugin over a document, as a cell does.
#pragma once

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include "ordeal/testing/captures.hpp"
#include "ordeal/testing/instance.hpp"
#include "ordeal/testing/plugin_file.hpp"
#include "places.h"

namespace report_test {

struct Rendered {
  std::int32_t status = 0;
  std::string error;
  std::map<std::string, std::string> files;
};

/// Renders `document` in a fresh instance of the report `component` ("json", "text", "html",
/// "hdr").
inline Rendered render(const std::string& component, std::uint32_t stage, std::string_view document,
                       const std::string& config = "{}") {
  const std::string path = ORDEAL_BUILT_PLUGINS "/org.ordeal.report-" + component + ".so";
  ordeal::testing::PluginFile plugin(path);
  ordeal::testing::FakeHost host;
  ordeal::testing::Instance<ordeal_report_factory> report(
      plugin.factory<ordeal_report_factory>(ORDEAL_REPORT), host, component, config);
  ordeal::testing::FileCapture files;
  Rendered rendered;
  rendered.status = report->render(report.get(), stage, ordeal::abi::str(document), files.handle());
  rendered.error = host.error();
  rendered.files = files.files();
  return rendered;
}

/// A document of tests/plugins/fixtures.
inline std::string fixture(const std::string& name) {
  std::ifstream in(ORDEAL_SOURCE_DIR "/tests/plugins/fixtures/" + name, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, name << " cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, from << " is not in the fixture");
  return text.replace(at, from.size(), to);
}

/// The campaign's document in which eight topics of a plugin lost nothing and a ninth did.
inline std::string with_drops() {
  std::string drops = "\"bus_drops\":[";
  for (int i = 0; i < 8; ++i)
    drops += R"({"topic":"com.acme.kv/state-)" + std::to_string(i) +
             R"(","subscriber":"x","dropped":0,"replaced":5},)";
  drops += R"json({"topic":"com.acme.kv/hot-keys",
                   "subscriber":"com.acme.view 2.1.0 (report keys)",
                   "dropped":41,"replaced":0},)json";
  return replaced(fixture("campaign.json"), "\"bus_drops\":[", drops);
}

}  // namespace report_test
