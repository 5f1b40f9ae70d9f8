// SPDX-License-Identifier: Apache-2.0
// report_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves.
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

namespace kit = ordeal::testing;

namespace {

// As much of a campaign document as this report reads.
constexpr const char* document = R"({"document": "campaign", "phase_results": [
  {"phase_info": {"name": "warm, up"},
   "test_result": {"summary": {"total_operations": 120, "successful_operations": 118,
                               "operations_per_second": 59.5, "p99_response_time": 0.0125}},
   "phase_analysis": {"result": "passed"}},
  {"phase_info": {"name": "peak"},
   "test_result": {"summary": {"total_operations": 0, "successful_operations": 0,
                               "operations_per_second": 0, "p99_response_time": null}},
   "phase_analysis": {"result": "failed"}}]})";

}  // namespace

int main(int argc, char** argv) try {
  CHECK(argc == 2);
  const kit::PluginFile plugin(argv[1]);
  CHECK(plugin.id() == "@ID@");
  const auto* factory = plugin.factory<ordeal_report_factory>(ORDEAL_REPORT);

  kit::FakeHost host;
  kit::FileCapture files;
  const kit::Instance report(factory, host, "@NAME@", R"({"separator":",","header":true})");
  const auto render = [&](std::uint32_t stage, const char* text) {
    return report->render(report.get(), stage, ordeal::abi::str(text), files.handle());
  };
  CHECK(render(ORDEAL_STAGE_PHASE, "{}") == ORDEAL_OK);
  CHECK(files.files().empty());
  CHECK(render(ORDEAL_STAGE_CAMPAIGN, "{}") == ORDEAL_E_INVALID);
  CHECK(host.take_error() == "this is no campaign document");
  CHECK(render(ORDEAL_STAGE_CAMPAIGN, document) == ORDEAL_OK);
  CHECK(files.files().at("@NAME@.csv") ==
        "phase,operations,successful,per_second,p99_seconds,result\n"
        "\"warm, up\",120,118,59.5,0.0125,passed\n"
        "peak,0,0,0,,failed\n");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
