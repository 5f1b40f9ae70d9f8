/* SPDX-License-Identifier: Apache-2.0 */
/* collector_test PLUGIN: drives the built plugin over the SDK's fake host. Exit 0 when it behaves.
 */
#include <ordeal/testing/captures.h>
#include <ordeal/testing/fake_host.h>
#include <ordeal/testing/plugin_file.h>
#include <stdio.h>

static ordeal_fake_host host;
static ordeal_sample_capture samples;

static void write_values(const char* text) {
  FILE* file = fopen("values.txt", "w");
  if (file == NULL) return;
  fputs(text, file);
  fclose(file);
}

int main(int argc, char** argv) {
  ORDEAL_CHECK(argc == 2);
  ordeal_fake_host_init(&host);
  const ordeal_plugin_entry_t* entry = ordeal_plugin_open(argv[1], "@ID@", &host);
  ORDEAL_CHECK(entry != NULL);
  const ordeal_collector_factory* factory = entry->get_factory(ordeal_text(ORDEAL_COLLECTOR));
  ORDEAL_CHECK(factory != NULL);

  void* collector = NULL;
  ORDEAL_CHECK(
      factory->create(&host.host, ordeal_text("@NAME@"),
                      ordeal_text("{\"path\":\"values.txt\",\"names\":[\"hits\",\"misses\"]}"),
                      &collector) == ORDEAL_OK);
  const ordeal_metric_info* infos = NULL;
  uint32_t count = 0;
  ORDEAL_CHECK(factory->describe(collector, &infos, &count) == ORDEAL_OK);
  ORDEAL_CHECK(count == 2 && ordeal_is(infos[0].name, "@METRIC@_value"));

  remove("values.txt");
  ordeal_sample_capture_init(&samples);
  ORDEAL_CHECK(factory->collect(collector, &samples.sink) == ORDEAL_E_IO);
  ORDEAL_CHECK(strcmp(host.error, "values.txt: No such file or directory") == 0);

  write_values("hits 12\nsize 7\nmisses 0.5\n");
  ordeal_sample_capture_init(&samples);
  ORDEAL_CHECK(factory->collect(collector, &samples.sink) == ORDEAL_OK);
  ORDEAL_CHECK(samples.n == 3); /* size was not asked for */
  ORDEAL_CHECK(samples.metrics[0] == 0 && samples.values[0] == 12);
  ORDEAL_CHECK(strcmp(samples.labels[0], "hits") == 0);
  ORDEAL_CHECK(samples.metrics[1] == 0 && samples.values[1] == 0.5);
  ORDEAL_CHECK(samples.metrics[2] == 1 && samples.values[2] >= 0);

  write_values("hits many\n");
  ordeal_sample_capture_init(&samples);
  ORDEAL_CHECK(factory->collect(collector, &samples.sink) == ORDEAL_E_INVALID);
  ORDEAL_CHECK(strcmp(host.error, "values.txt: no number after 'hits'") == 0);
  factory->destroy(collector);
  entry->deinit();
  return 0;
}
