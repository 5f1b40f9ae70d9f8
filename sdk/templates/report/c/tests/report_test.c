/* SPDX-License-Identifier: Apache-2.0 */
/* report_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves. */
#include <ordeal/testing/captures.h>
#include <ordeal/testing/fake_host.h>
#include <ordeal/testing/plugin_file.h>

/* As much of a campaign document as this report reads. */
static const char document[] =
    "{\"document\": \"campaign\", \"phase_results\": ["
    "{\"phase_info\": {\"name\": \"warm, up\"},"
    " \"test_result\": {\"summary\": {\"total_operations\": 120, \"successful_operations\": 118,"
    "  \"operations_per_second\": 59.5, \"p99_response_time\": 0.0125}},"
    " \"phase_analysis\": {\"result\": \"passed\"}},"
    "{\"phase_info\": {\"name\": \"peak\"},"
    " \"test_result\": {\"summary\": {\"total_operations\": 0, \"successful_operations\": 0,"
    "  \"operations_per_second\": 0, \"p99_response_time\": null}},"
    " \"phase_analysis\": {\"result\": \"failed\"}}]}";

static ordeal_fake_host host;
static ordeal_file_capture files;

int main(int argc, char** argv) {
  ORDEAL_CHECK(argc == 2);
  ordeal_fake_host_init(&host);
  ordeal_file_capture_init(&files);
  const ordeal_plugin_entry_t* entry = ordeal_plugin_open(argv[1], "@ID@", &host);
  ORDEAL_CHECK(entry != NULL);
  const ordeal_report_factory* factory = entry->get_factory(ordeal_text(ORDEAL_REPORT));
  ORDEAL_CHECK(factory != NULL);

  void* report = NULL;
  ORDEAL_CHECK(factory->create(&host.host, ordeal_text("@NAME@"),
                               ordeal_text("{\"separator\":\",\",\"header\":true}"),
                               &report) == ORDEAL_OK);
  ORDEAL_CHECK(factory->render(report, ORDEAL_STAGE_PHASE, ordeal_text("{}"), &files.sink) ==
               ORDEAL_OK);
  ORDEAL_CHECK(files.n_files == 0);
  ORDEAL_CHECK(factory->render(report, ORDEAL_STAGE_CAMPAIGN, ordeal_text("{}"), &files.sink) ==
               ORDEAL_E_INVALID);
  ORDEAL_CHECK(strcmp(host.error, "this is no campaign document") == 0);
  ORDEAL_CHECK(factory->render(report, ORDEAL_STAGE_CAMPAIGN, ordeal_text(document), &files.sink) ==
               ORDEAL_OK);
  ORDEAL_CHECK(files.n_files == 1 && strcmp(files.name, "@NAME@.csv") == 0);
  ORDEAL_CHECK(strcmp(files.bytes,
                      "phase,operations,successful,per_second,p99_seconds,result\n"
                      "\"warm, up\",120,118,59.5,0.0125,passed\n"
                      "peak,0,0,0,,failed\n") == 0);
  factory->destroy(report);
  entry->deinit();
  return 0;
}
