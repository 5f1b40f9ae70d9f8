/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin with one component 'broken' that does everything right, in plain C. Each file of this
 * folder replaces one piece of it before it includes this header, and so has one defect.
 * KIND_COLLECTOR, KIND_RULE, KIND_REPORT or KIND_SCENARIO chooses the kind.
 */
#pragma once

#include <ordeal/abi/clock.h>
#include <ordeal/abi/collector.h>
#include <ordeal/abi/entry.h>
#include <ordeal/abi/log.h>
#include <ordeal/abi/reactor.h>
#include <ordeal/abi/report.h>
#include <ordeal/abi/rule.h>
#include <ordeal/abi/scenario.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef PLUGIN_ID
#error "PLUGIN_ID comes from the build"
#endif
#ifndef SAID_ID
#define SAID_ID PLUGIN_ID
#endif
#ifndef SAID_MINOR
#define SAID_MINOR ORDEAL_ABI_MINOR
#endif
/* Statements, run at these moments. `self` is the instance, `host` its host. */
#ifndef ON_INIT
#define ON_INIT
#endif
#ifndef ON_CREATE
#define ON_CREATE
#endif
#ifndef ON_USE
#define ON_USE
#endif
#ifndef ON_DESTROY
#define ON_DESTROY
#endif
#ifndef IS_COMPONENT
#define IS_COMPONENT(id) same(id, "broken")
#endif
#ifndef IS_FACTORY
#define IS_FACTORY(id, wanted) same(id, wanted)
#endif
/* A stand-in for reading a config: whether it looks like an object. */
#ifndef IS_CONFIG
#define IS_CONFIG(config) (config.len >= 2 && config.ptr[0] == '{')
#endif

struct instance {
  const ordeal_host* host;
  const ordeal_engine* engine;
  uint64_t count;
  void* extra;
};

static inline ordeal_str text(const char* s) {
  ordeal_str str = {s, strlen(s)};
  return str;
}

static inline int same(ordeal_str a, const char* b) {
  return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

/* The last function of a table may lie beyond the size a host gives it. */
static inline int32_t refuse(const ordeal_host* host, int32_t status, const char* why) {
  if (host->struct_size >= sizeof *host && host->set_error != NULL)
    host->set_error(host, text(why));
  return status;
}

static inline const void* service(const ordeal_host* host, const char* id) {
  return host->get_extension(host, text(id));
}

#ifndef OWN_MAKE
static int32_t make(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                    ordeal_str config, void** instance) {
  if (!IS_COMPONENT(component)) return refuse(host, ORDEAL_E_NOT_FOUND, "no such component");
  if (!IS_CONFIG(config)) return refuse(host, ORDEAL_E_INVALID, "the config is no object");
  struct instance* self = calloc(1, sizeof *self);
#ifndef UNCHECKED_MEMORY
  if (self == NULL) return refuse(host, ORDEAL_E_LIMIT, "out of memory");
#endif
  self->host = host;
  self->engine = engine;
  ON_CREATE
  *instance = self;
  return ORDEAL_OK;
}
#endif

#ifndef OWN_DESTROY
static void destroy(void* instance) {
  struct instance* self = instance;
  (void)self;
  ON_DESTROY
  free(instance);
}
#endif

#if defined(KIND_COLLECTOR)
#ifndef METRIC
#define METRIC "example_level_ratio", "ratio"
#endif
#ifndef METRIC_TYPE
#define METRIC_TYPE ORDEAL_METRIC_GAUGE
#endif
#ifndef VALUE
#define VALUE 0.5
#endif
static const char* const metric[] = {METRIC};
static ordeal_metric_info info;
static int32_t describe(void* instance, const ordeal_metric_info** infos, uint32_t* count) {
  (void)instance;
  const ordeal_str none = {NULL, 0};
  info.struct_size = sizeof info;
  info.type = METRIC_TYPE;
  info.name = text(metric[0]);
  info.unit = text(metric[1]);
  info.help = text("An example.");
  info.labels = none;
  *infos = &info;
  *count = 1;
  return ORDEAL_OK;
}
static int32_t collect(void* instance, const ordeal_sample_sink* sink) {
  struct instance* self = instance;
  const ordeal_str none = {NULL, 0};
  ++self->count;
  ON_USE
  sink->sample(sink, 0, none, VALUE);
  return ORDEAL_OK;
}
static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  return make(host, NULL, component, config, instance);
}
static const ordeal_collector_factory factory = {
    sizeof(ordeal_collector_factory), 0, create, destroy, describe, collect};
#define FACTORY_ID ORDEAL_COLLECTOR

#elif defined(KIND_RULE)
static int32_t evaluate(void* instance, const ordeal_snapshot* snapshot, ordeal_verdict* verdict) {
  struct instance* self = instance;
  ++self->count;
  (void)snapshot;
  verdict->level = ORDEAL_VERDICT_OK;
  ON_USE
  return ORDEAL_OK;
}
static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  return make(host, NULL, component, config, instance);
}
#ifndef EVALUATE
#define EVALUATE evaluate
#endif
static const ordeal_rule_factory factory = {sizeof(ordeal_rule_factory), 0, create, destroy,
                                            EVALUATE};
#define FACTORY_ID ORDEAL_RULE

#elif defined(KIND_REPORT)
#ifndef FILE_NAME
#define FILE_NAME "broken.txt"
#endif
static int32_t render(void* instance, uint32_t stage, ordeal_str document,
                      const ordeal_file_sink* sink) {
  struct instance* self = instance;
  char line[160];
  int n = snprintf(line, sizeof line, "stage %u, %llu bytes\n", stage,
                   (unsigned long long)document.len);
  ++self->count;
  ON_USE
  if (sink->begin(sink, text(FILE_NAME)) != ORDEAL_OK) return ORDEAL_OK;
  sink->write(sink, line, (uint64_t)n);
  return sink->end(sink);
}
static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  return make(host, NULL, component, config, instance);
}
static const ordeal_report_factory factory = {
    sizeof(ordeal_report_factory), 0, create, destroy, render, NULL};
#define FACTORY_ID ORDEAL_REPORT

#else
#ifndef KINDS
#define KINDS 1
#endif
static ordeal_str kind;
static int32_t describe(void* instance, ordeal_scenario_info* info) {
  (void)instance;
  kind = text("echo");
  info->n_kinds = KINDS;
  info->kinds = &kind;
  info->max_in_flight = 1;
  return ORDEAL_OK;
}
static int32_t open_session(void* instance, ordeal_session_id session) {
  struct instance* self = instance;
  self->engine->opened(self->engine, session, ORDEAL_OUTCOME_OK, 0, NULL, 0);
  return ORDEAL_OK;
}
static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  (void)instance, (void)session, (void)how;
}
static inline void complete(struct instance* self, uint64_t id) {
  ordeal_result result;
  memset(&result, 0, sizeof result);
  result.struct_size = sizeof result;
  result.outcome = ORDEAL_OUTCOME_OK;
  result.requests = 1;
  self->engine->complete(self->engine, id, &result);
}
#ifndef OWN_ISSUE
static void issue(void* instance, const ordeal_op* op) {
  struct instance* self = instance;
  const uint64_t id = op->id;
  ++self->count;
  ON_USE
  complete(self, id);
}
static void cancel(void* instance, uint64_t op_id) { (void)instance, (void)op_id; }
#endif
static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** instance) {
  return make(host, engine, component, config, instance);
}
static const ordeal_scenario_factory factory = {sizeof(ordeal_scenario_factory),
                                                0,
                                                create,
                                                destroy,
                                                describe,
                                                open_session,
                                                close_session,
                                                issue,
                                                cancel,
                                                NULL};
#define FACTORY_ID ORDEAL_SCENARIO
#endif

#ifndef OWN_ENTRY
static int32_t init(const ordeal_host* host, ordeal_str* id, ordeal_str* version) {
  (void)host;
  ON_INIT
  *id = text(SAID_ID);
  *version = text("0.1.0");
  return ORDEAL_OK;
}
static void deinit(void) {}
static const void* get_factory(ordeal_str id) {
  return IS_FACTORY(id, FACTORY_ID) ? &factory : NULL;
}
const ordeal_plugin_entry_t ordeal_plugin_entry = {ORDEAL_PLUGIN_MAGIC,
                                                   sizeof(ordeal_plugin_entry_t),
                                                   ORDEAL_ABI_MAJOR,
                                                   SAID_MINOR,
                                                   0,
                                                   init,
                                                   deinit,
                                                   get_factory};
#endif
