/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest scenario: every operation is ok at once. It counts them in a metric of its own, when
 * the host takes any.
 */
#include <ordeal/abi/entry.h>
#include <ordeal/abi/metrics.h>
#include <ordeal/abi/scenario.h>
#include <stdlib.h>
#include <string.h>

static ordeal_str text(const char* s) {
  ordeal_str str = {s, strlen(s)};
  return str;
}

static int same(ordeal_str a, const char* b) {
  return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

struct echo {
  const ordeal_host* host;
  const ordeal_engine* engine;
  const ordeal_host_metrics* metrics; /* NULL without */
  uint32_t metric;
  uint64_t operations;
  ordeal_str kind;
};

static void declare_metric(struct echo* echo) {
  const ordeal_metric_info info = {.struct_size = sizeof info,
                                   .type = ORDEAL_METRIC_COUNTER,
                                   .name = text("echo_operations_total"),
                                   .help = text("Operations the echo scenario has answered.")};
  const ordeal_host_metrics* metrics =
      echo->host->get_extension(echo->host, text(ORDEAL_HOST_METRICS));
  if (metrics != NULL && metrics->declare(echo->host, &info, &echo->metric) == ORDEAL_OK)
    echo->metrics = metrics;
}

static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** instance) {
  (void)config;
  if (!same(component, "echo")) {
    host->set_error(host, text("this plugin has the component 'echo' only"));
    return ORDEAL_E_NOT_FOUND;
  }
  struct echo* echo = calloc(1, sizeof *echo);
  if (echo == NULL) return ORDEAL_E_LIMIT;
  echo->host = host;
  echo->engine = engine;
  echo->kind = text("echo");
  declare_metric(echo);
  *instance = echo;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

static int32_t describe(void* instance, ordeal_scenario_info* info) {
  struct echo* echo = instance;
  info->n_kinds = 1;
  info->kinds = &echo->kind;
  info->max_in_flight = 1;
  return ORDEAL_OK;
}

static int32_t open_session(void* instance, ordeal_session_id session) {
  struct echo* echo = instance;
  echo->engine->opened(echo->engine, session, ORDEAL_OUTCOME_OK, 0, NULL, 0);
  return ORDEAL_OK;
}

static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  (void)instance, (void)session, (void)how;
}

static void issue(void* instance, const ordeal_op* op) {
  struct echo* echo = instance;
  ordeal_result result = {
      .struct_size = sizeof result, .outcome = ORDEAL_OUTCOME_OK, .requests = 1};
  const uint64_t id = op->id;
  ++echo->operations;
  if (echo->metrics != NULL)
    echo->metrics->record(echo->host, echo->metric, text(""), (double)echo->operations);
  echo->engine->complete(echo->engine, id, &result);
}

static void cancel(void* instance, uint64_t op_id) { (void)instance, (void)op_id; }

static const ordeal_scenario_factory factory = {
    .struct_size = sizeof factory,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .open = open_session,
    .close = close_session,
    .issue = issue,
    .cancel = cancel,
};

static int32_t init(const ordeal_host* host, ordeal_str* id, ordeal_str* version) {
  (void)host;
  *id = text("org.example.echo");
  *version = text("0.1.0");
  return ORDEAL_OK;
}

static void deinit(void) {}

static const void* get_factory(ordeal_str id) {
  return same(id, ORDEAL_SCENARIO) ? &factory : NULL;
}

const ordeal_plugin_entry_t ordeal_plugin_entry = {
    .magic = ORDEAL_PLUGIN_MAGIC,
    .struct_size = sizeof(ordeal_plugin_entry_t),
    .abi_major = ORDEAL_ABI_MAJOR,
    .abi_minor = ORDEAL_ABI_MINOR,
    .init = init,
    .deinit = deinit,
    .get_factory = get_factory,
};
