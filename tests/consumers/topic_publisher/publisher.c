/* SPDX-License-Identifier: Apache-2.0 */
/* Every operation is ok at once and publishes its number on org.example.numbers/next. */
#include <ordeal/abi/bus.h>
#include <ordeal/abi/entry.h>
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

struct publisher {
  const ordeal_host* host;
  const ordeal_engine* engine;
  const ordeal_host_bus* bus;
  ordeal_str kind;
  uint64_t number;
};

static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** instance) {
  (void)config;
  const ordeal_host_bus* bus = host->get_extension(host, text(ORDEAL_HOST_BUS));
  if (bus == NULL) {
    host->set_error(host, text("this host has no bus"));
    return ORDEAL_E_UNSUPPORTED;
  }
  /* The host refuses the component for this, whatever we return. */
  if (same(component, "rogue"))
    bus->publish(host, text("org.example.secret/thing"), NULL, 0, text(""));
  struct publisher* self = malloc(sizeof *self);
  if (self == NULL) return ORDEAL_E_LIMIT;
  self->host = host;
  self->engine = engine;
  self->bus = bus;
  self->kind = text("number");
  self->number = 0;
  *instance = self;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

static int32_t describe(void* instance, ordeal_scenario_info* info) {
  struct publisher* self = instance;
  info->n_kinds = 1;
  info->kinds = &self->kind;
  info->max_in_flight = 1;
  return ORDEAL_OK;
}

static int32_t open_session(void* instance, ordeal_session_id session) {
  struct publisher* self = instance;
  self->engine->opened(self->engine, session, ORDEAL_OUTCOME_OK, 0, NULL, 0);
  return ORDEAL_OK;
}

static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  (void)instance, (void)session, (void)how;
}

static void issue(void* instance, const ordeal_op* op) {
  struct publisher* self = instance;
  ordeal_result result = {
      .struct_size = sizeof result, .outcome = ORDEAL_OUTCOME_OK, .requests = 1};
  const uint64_t next = self->number + 1;
  if (self->bus->publish(self->host, text("org.example.numbers/next"), &next, sizeof next,
                         text("{}")) == ORDEAL_OK)
    self->number = next;
  else
    result.outcome = ORDEAL_OUTCOME_FAIL;
  self->engine->complete(self->engine, op->id, &result);
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
  *id = text("org.example.publisher");
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
