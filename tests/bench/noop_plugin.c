/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario that does nothing: sessions open and operations end at once. */
#include <ordeal/abi/entry.h>
#include <ordeal/abi/scenario.h>
#include <string.h>

static const ordeal_engine* engine_of;
static const ordeal_str kinds[] = {{"nothing", 7}};

static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** instance) {
  (void)host, (void)component, (void)config;
  engine_of = engine;
  *instance = &engine_of;
  return ORDEAL_OK;
}
static void destroy(void* instance) { (void)instance; }
static int32_t describe(void* instance, ordeal_scenario_info* info) {
  (void)instance;
  info->n_kinds = 1;
  info->kinds = kinds;
  info->max_in_flight = 1;
  return ORDEAL_OK;
}
static int32_t open_session(void* instance, ordeal_session_id session) {
  const ordeal_engine* engine = *(const ordeal_engine**)instance;
  engine->opened(engine, session, ORDEAL_OUTCOME_OK, 0, NULL, 0);
  return ORDEAL_OK;
}
static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  (void)instance, (void)session, (void)how;
}
static void issue(void* instance, const ordeal_op* op) {
  const ordeal_engine* engine = *(const ordeal_engine**)instance;
  const ordeal_result result = {
      .struct_size = sizeof result, .outcome = ORDEAL_OUTCOME_OK, .requests = 1};
  engine->complete(engine, op->id, &result);
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
  *id = (ordeal_str){"org.example.noop", 16};
  *version = (ordeal_str){"0.1.0", 5};
  return ORDEAL_OK;
}
static void deinit(void) {}
static const void* get_factory(ordeal_str id) {
  return id.len == strlen(ORDEAL_SCENARIO) && memcmp(id.ptr, ORDEAL_SCENARIO, id.len) == 0
             ? &factory
             : NULL;
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
