/* SPDX-License-Identifier: Apache-2.0 */
/* @NAME@: writes one line of comma-separated values per phase, as @NAME@.csv. */
#include <ordeal/abi/report.h>
#include <ordeal/json_valid.h>
#include <ordeal/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { longest_text = 256 };

struct csv {
  const ordeal_host* host;
  char separator;
  int header;
};

static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  if (!ordeal_is(component, "@NAME@")) {
    return ordeal_fail(host, ORDEAL_E_NOT_FOUND, "the only component is '@NAME@'");
  }
  if (!ordeal_json_valid(config)) {
    return ordeal_fail(host, ORDEAL_E_INVALID, "the config is not JSON");
  }
  struct csv* csv = calloc(1, sizeof *csv);
  if (csv == NULL) return ordeal_fail(host, ORDEAL_E_LIMIT, "out of memory");
  csv->host = host;
  /* The host has checked the options against the manifest's config_schema. */
  const ordeal_json json = ordeal_json_of(config);
  char separator[4];
  ordeal_json_text(ordeal_json_get(json, "separator"), separator, sizeof separator);
  csv->separator = separator[0] != '\0' ? separator[0] : ',';
  csv->header = ordeal_json_bool(ordeal_json_get(json, "header"), 1);
  *instance = csv;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

static int32_t write_text(const ordeal_file_sink* sink, const char* text) {
  return sink->write(sink, text, strlen(text));
}

/* As RFC 4180 wants it: quotes around a text with a separator, a quote or a line's end in it. */
static int32_t write_quoted(const struct csv* csv, const ordeal_file_sink* sink,
                            ordeal_json value) {
  char text[longest_text];
  char made[2 * longest_text + 3];
  const char special[] = {csv->separator, '"', '\r', '\n', '\0'};
  ordeal_json_text(value, text, sizeof text);
  if (strpbrk(text, special) == NULL) return write_text(sink, text);
  char* to = made;
  *to++ = '"';
  for (const char* from = text; *from != '\0'; ++from) {
    if (*from == '"') *to++ = '"';
    *to++ = *from;
  }
  *to++ = '"';
  *to = '\0';
  return write_text(sink, made);
}

/* A separator and a number; nothing behind it where the document has none. */
static int32_t write_number(const struct csv* csv, const ordeal_file_sink* sink,
                            ordeal_json value) {
  char text[40] = {csv->separator, '\0'};
  if (ordeal_json_given(value)) {
    snprintf(text + 1, sizeof text - 1, "%.9g", ordeal_json_number(value, 0));
  }
  return write_text(sink, text);
}

static int32_t write_phase(const struct csv* csv, const ordeal_file_sink* sink, ordeal_json phase) {
  static const char* const numbers[] = {"total_operations", "successful_operations",
                                        "operations_per_second", "p99_response_time"};
  const ordeal_json summary = ordeal_json_get(ordeal_json_get(phase, "test_result"), "summary");
  const ordeal_json result = ordeal_json_get(ordeal_json_get(phase, "phase_analysis"), "result");
  const char separator[] = {csv->separator, '\0'};
  int32_t status =
      write_quoted(csv, sink, ordeal_json_get(ordeal_json_get(phase, "phase_info"), "name"));
  for (int i = 0; status == ORDEAL_OK && i < 4; ++i) {
    status = write_number(csv, sink, ordeal_json_get(summary, numbers[i]));
  }
  if (status == ORDEAL_OK) status = write_text(sink, separator);
  if (status == ORDEAL_OK) status = write_quoted(csv, sink, result);
  if (status == ORDEAL_OK) status = write_text(sink, "\n");
  return status;
}

/* The document of the last stage holds all phases; `ordeal schema campaign-report` describes it. */
static int32_t render(void* instance, uint32_t stage, ordeal_str document,
                      const ordeal_file_sink* sink) {
  const struct csv* csv = instance;
  if (stage != ORDEAL_STAGE_CAMPAIGN) return ORDEAL_OK;
  const ordeal_json campaign = ordeal_json_of(document);
  if (!ordeal_json_is(ordeal_json_get(campaign, "document"), "campaign")) {
    return ordeal_fail(csv->host, ORDEAL_E_INVALID, "this is no campaign document");
  }
  int32_t status = sink->begin(sink, ordeal_text("@NAME@.csv"));
  if (status == ORDEAL_OK && csv->header) {
    char line[] = "phase,operations,successful,per_second,p99_seconds,result\n";
    for (char* c = line; *c != '\0'; ++c) *c = *c == ',' ? csv->separator : *c;
    status = write_text(sink, line);
  }
  ordeal_json phase = ordeal_json_first(ordeal_json_get(campaign, "phase_results"));
  for (; status == ORDEAL_OK && phase.at != NULL; phase = ordeal_json_next(phase)) {
    status = write_phase(csv, sink, phase);
  }
  if (status == ORDEAL_OK) status = sink->end(sink);
  if (status == ORDEAL_OK) return ORDEAL_OK;
  return ordeal_fail(csv->host, status, "the host did not take @NAME@.csv");
}

static const ordeal_report_factory report = {
    .struct_size = sizeof report,
    .create = create,
    .destroy = destroy,
    .render = render,
};

static const void* get_factory(ordeal_str id) {
  return ordeal_is(id, ORDEAL_REPORT) ? &report : NULL;
}

ORDEAL_C_PLUGIN("@ID@", "0.1.0", get_factory);
