/* SPDX-License-Identifier: Apache-2.0 */
/* Drives the plugin as a host would, in C: exit 0 when it behaves. */
#include <dlfcn.h>
#include <ordeal/abi/entry.h>
#include <ordeal/abi/scenario.h>
#include <stdio.h>
#include <string.h>

static int opened_sessions;
static int completed_operations;

static const void* get_extension(const ordeal_host* host, ordeal_str id) {
  (void)host, (void)id;
  return NULL;
}
static void set_error(const ordeal_host* host, ordeal_str message) {
  (void)host;
  fprintf(stderr, "plugin: %.*s\n", (int)message.len, message.ptr);
}
static void complete(const ordeal_engine* engine, uint64_t op_id, const ordeal_result* result) {
  (void)engine;
  if (op_id == 7 && result->outcome == ORDEAL_OUTCOME_OK) ++completed_operations;
}
static void opened(const ordeal_engine* engine, ordeal_session_id session, uint32_t outcome,
                   int64_t code, const ordeal_mark* marks, uint32_t n_marks) {
  (void)engine, (void)code, (void)marks, (void)n_marks;
  if (session == 3 && outcome == ORDEAL_OUTCOME_OK) ++opened_sessions;
}

static ordeal_str text(const char* s) {
  ordeal_str str = {s, strlen(s)};
  return str;
}

#define CHECK(condition)                                      \
  do {                                                        \
    if (!(condition)) {                                       \
      fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
      return 1;                                               \
    }                                                         \
  } while (0)

int main(int argc, char** argv) {
  CHECK(argc == 2);
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK(library != NULL);
  const ordeal_plugin_entry_t* entry = dlsym(library, ORDEAL_PLUGIN_ENTRY_SYMBOL);
  CHECK(entry != NULL);
  CHECK(entry->magic == ORDEAL_PLUGIN_MAGIC);
  CHECK(entry->abi_major == ORDEAL_ABI_MAJOR && entry->abi_minor == ORDEAL_ABI_MINOR);

  ordeal_host host = {.struct_size = sizeof host,
                      .abi_minor = ORDEAL_ABI_MINOR,
                      .get_extension = get_extension,
                      .set_error = set_error};
  ordeal_engine engine = {.struct_size = sizeof engine, .complete = complete, .opened = opened};
  ordeal_str id = {0};
  ordeal_str version = {0};
  CHECK(entry->init(&host, &id, &version) == ORDEAL_OK);
  CHECK(id.len == 16 && memcmp(id.ptr, "org.example.echo", 16) == 0);
  CHECK(entry->get_factory(text("ordeal.scenario/1x")) == NULL);
  const ordeal_scenario_factory* scenario = entry->get_factory(text(ORDEAL_SCENARIO));
  CHECK(scenario != NULL);

  void* instance = NULL;
  CHECK(scenario->create(&host, &engine, text("other"), text("{}"), &instance) ==
        ORDEAL_E_NOT_FOUND);
  CHECK(scenario->create(&host, &engine, text("echo"), text("{}"), &instance) == ORDEAL_OK);
  ordeal_scenario_info info = {.struct_size = sizeof info};
  CHECK(scenario->describe(instance, &info) == ORDEAL_OK);
  CHECK(info.n_kinds == 1 && info.kinds[0].len == 4);
  CHECK(scenario->open(instance, 3) == ORDEAL_OK);
  CHECK(opened_sessions == 1);
  const ordeal_op op = {.struct_size = sizeof op, .session = 3, .id = 7};
  scenario->issue(instance, &op);
  CHECK(completed_operations == 1);
  scenario->close(instance, 3, ORDEAL_CLOSE_ORDERLY);
  scenario->destroy(instance);
  entry->deinit();
  return 0;
}
