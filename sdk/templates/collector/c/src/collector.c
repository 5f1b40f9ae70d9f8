/* SPDX-License-Identifier: Apache-2.0 */
/* @NAME@: reads chosen values from a file of lines "name value", such as /proc/vmstat. */
#include <errno.h>
#include <ordeal/abi/clock.h>
#include <ordeal/abi/collector.h>
#include <ordeal/json_valid.h>
#include <ordeal/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_names = 64, longest_name = 128, longest_path = 1024 };

/* In the order in which `declared` lists them. */
enum { value_metric, read_seconds, n_metrics };

#define TEXT(literal) \
  { literal, sizeof literal - 1 }

static const ordeal_metric_info declared[n_metrics] = {
    {sizeof(ordeal_metric_info), ORDEAL_METRIC_GAUGE, TEXT("@METRIC@_value"), TEXT(""),
     TEXT("A value of the file, by its name."), TEXT("name")},
    {sizeof(ordeal_metric_info), ORDEAL_METRIC_GAUGE, TEXT("@METRIC@_read_seconds"),
     TEXT("seconds"), TEXT("How long reading the file took."), TEXT("")},
};

struct file_values {
  const ordeal_host* host;
  const ordeal_host_clock* clock;
  char path[longest_path];
  int n_names;
  char names[most_names][longest_name];
};

static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  if (!ordeal_is(component, "@NAME@")) {
    return ordeal_fail(host, ORDEAL_E_NOT_FOUND, "the only component is '@NAME@'");
  }
  if (!ordeal_json_valid(config)) {
    return ordeal_fail(host, ORDEAL_E_INVALID, "the config is not JSON");
  }
  const ordeal_host_clock* clock = host->get_extension(host, ordeal_text(ORDEAL_HOST_CLOCK));
  if (clock == NULL) return ordeal_fail(host, ORDEAL_E_UNSUPPORTED, "this host has no clock");
  struct file_values* values = calloc(1, sizeof *values);
  if (values == NULL) return ordeal_fail(host, ORDEAL_E_LIMIT, "out of memory");
  values->host = host;
  values->clock = clock;
  /* The host has checked the options against the manifest's config_schema. */
  const ordeal_json json = ordeal_json_of(config);
  ordeal_json_text(ordeal_json_get(json, "path"), values->path, sizeof values->path);
  ordeal_json name = ordeal_json_first(ordeal_json_get(json, "names"));
  for (; name.at != NULL && values->n_names < most_names; name = ordeal_json_next(name)) {
    ordeal_json_text(name, values->names[values->n_names++], longest_name);
  }
  *instance = values;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

static int32_t describe(void* instance, const ordeal_metric_info** infos, uint32_t* count) {
  (void)instance;
  *infos = declared;
  *count = n_metrics;
  return ORDEAL_OK;
}

static int wanted(const struct file_values* values, const char* name) {
  for (int i = 0; i < values->n_names; ++i) {
    if (strcmp(values->names[i], name) == 0) return 1;
  }
  return 0;
}

static int32_t collect(void* instance, const ordeal_sample_sink* sink) {
  const struct file_values* values = instance;
  const uint64_t start = values->clock->monotonic_ns(values->host);
  char why[longest_path + longest_name + 64];
  FILE* file = fopen(values->path, "re");
  if (file == NULL) {
    snprintf(why, sizeof why, "%s: %s", values->path, strerror(errno));
    return ordeal_fail(values->host, ORDEAL_E_IO, why);
  }
  char name[longest_name];
  double value = 0;
  int read = 0;
  while ((read = fscanf(file, "%127s %lf", name, &value)) == 2) {
    /* A name that is not there has no value: it is left out, and never zero. */
    if (wanted(values, name)) sink->sample(sink, value_metric, ordeal_text(name), value);
  }
  fclose(file);
  if (read != EOF) {
    snprintf(why, sizeof why, "%s: no number after '%s'", values->path, name);
    return ordeal_fail(values->host, ORDEAL_E_INVALID, why);
  }
  const uint64_t took = values->clock->monotonic_ns(values->host) - start;
  sink->sample(sink, read_seconds, ordeal_text(""), (double)took / 1e9);
  return ORDEAL_OK;
}

static const ordeal_collector_factory collector = {
    .struct_size = sizeof collector,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .collect = collect,
};

static const void* get_factory(ordeal_str id) {
  return ordeal_is(id, ORDEAL_COLLECTOR) ? &collector : NULL;
}

ORDEAL_C_PLUGIN("@ID@", "0.1.0", get_factory);
