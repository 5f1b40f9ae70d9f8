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
  CHECK(plugin.id() == "org.example.digest");
  CHECK(plugin.factory<void>(ORDEAL_SCENARIO) == nullptr);
  const auto* factory = plugin.factory<ordeal_report_factory>(ORDEAL_REPORT);
  CHECK(factory != nullptr);
  CHECK(factory->interval == nullptr);  // not overridden, so no stream is asked for

  kit::FakeHost host;
  kit::Instance report(factory, host, "digest", "{}");
  kit::FileCapture files;
  const auto render = [&](std::string_view document) {
    return report->render(report.get(), ORDEAL_STAGE_CAMPAIGN, ordeal::abi::str(document),
                          files.handle());
  };
  CHECK(render("a") == ORDEAL_OK);
  CHECK(files.files().at("digest-3.txt") == "1 af63dc4c8601ec8c\n");
  CHECK(host.logged("stage 3"));
  CHECK(render("") == ORDEAL_E_INVALID);
  CHECK(host.error() == "the document is empty");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
