// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include <ordeal/testing/captures.hpp>
#include <ordeal/testing/instance.hpp>
#include <ordeal/testing/plugin_file.hpp>

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      std::fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                                    \
    }                                                              \
  } while (false)

int main(int argc, char** argv) try {
  CHECK(argc == 2);
  namespace kit = ordeal::testing;
  const kit::PluginFile plugin(argv[1]);
  const auto* factory = plugin.factory<ordeal_report_factory>(ORDEAL_REPORT);
  CHECK(factory != nullptr);

  kit::FakeHost host;
  host.declare_topics({}, {"org.example.numbers/next"});
  kit::Instance report(factory, host, "seen", "{}");
  std::uint64_t number = 41;
  const std::string_view payload(reinterpret_cast<const char*>(&number), sizeof number);
  CHECK(host.deliver("org.example.numbers/next", payload) == 1);
  CHECK(host.deliver("org.example.numbers/next", "short") == 1);
  kit::FileCapture files;
  CHECK(report->render(report.get(), ORDEAL_STAGE_CAMPAIGN, ordeal::abi::str("{}"),
                       files.handle()) == ORDEAL_OK);
  CHECK(files.files().at("seen.txt") == "1 41\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
