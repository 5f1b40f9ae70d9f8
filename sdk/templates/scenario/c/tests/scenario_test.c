/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario_test PLUGIN: drives the built plugin over the SDK's fake host and engine, against
 * line_server.h in a child process. Exit 0 when it behaves.
 */
#include <ordeal/testing/fake_engine.h>
#include <ordeal/testing/fake_host.h>
#include <ordeal/testing/plugin_file.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "line_server.h"

static ordeal_fake_host host;
static ordeal_fake_engine engine;
static pid_t server;

static void stop_server(void) {
  if (server <= 0) return;
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
  server = 0;
}

/* Runs the reactor until `*value` is `wanted`, for at most 20 s. */
static int becomes(const uint32_t* value, uint32_t wanted) {
  for (int i = 0; i < 1000 && *value != wanted; ++i) ordeal_fake_run_once(&host, 20);
  return *value == wanted;
}

static int run(const char* file, int port) {
  ordeal_fake_host_init(&host);
  ordeal_fake_engine_init(&engine);
  const ordeal_plugin_entry_t* entry = ordeal_plugin_open(file, "@ID@", &host);
  ORDEAL_CHECK(entry != NULL);
  const ordeal_scenario_factory* factory = entry->get_factory(ordeal_text(ORDEAL_SCENARIO));
  ORDEAL_CHECK(factory != NULL);
  ORDEAL_CHECK(entry->get_factory(ordeal_text("ordeal.scenario/1x")) == NULL);

  void* lines = NULL;
  ORDEAL_CHECK(factory->create(&host.host, &engine.engine, ordeal_text("@NAME@"),
                               ordeal_text("{\"address\":\"nowhere\",\"port\":1}"),
                               &lines) == ORDEAL_E_INVALID);
  ORDEAL_CHECK(strcmp(host.error, "address 'nowhere' is not an IP address") == 0);

  char config[256];
  snprintf(config, sizeof config,
           "{\"address\":\"127.0.0.1\",\"port\":%d,\"keys\":10,\"value_bytes\":100000,"
           "\"connect_timeout_ms\":2000}",
           port);
  ORDEAL_CHECK(factory->create(&host.host, &engine.engine, ordeal_text("@NAME@"),
                               ordeal_text(config), &lines) == ORDEAL_OK);
  ORDEAL_CHECK(factory->open(lines, 0) == ORDEAL_OK);
  ORDEAL_CHECK(becomes(&engine.opened, 1));
  for (uint32_t i = 0; i < 3; ++i) {
    factory->issue(lines, ordeal_fake_op(&engine, 0, i % 2));
    ORDEAL_CHECK(becomes(&engine.outcomes[ORDEAL_OUTCOME_OK], i + 1));
  }

  /* A request that is given up costs its connection, and is not completed any more. */
  const ordeal_op* op = ordeal_fake_op(&engine, 0, 0);
  factory->issue(lines, op);
  factory->cancel(lines, op->id);
  ORDEAL_CHECK(engine.lost == 1 && engine.done[op->id - 1] == 0);

  stop_server();
  ORDEAL_CHECK(factory->open(lines, 0) == ORDEAL_OK);
  ORDEAL_CHECK(becomes(&engine.refused, 1));
  ORDEAL_CHECK(engine.misbehaviour == 0);
  ORDEAL_CHECK(ordeal_fake_watching(&host) == 0);
  factory->destroy(lines);
  entry->deinit();
  return 0;
}

int main(int argc, char** argv) {
  int port = 0;
  const int listener = line_server_listen(&port);
  if (argc != 2 || listener < 0) return 1;
  server = fork();
  if (server == 0) line_server_serve(listener);
  close(listener);
  const int status = run(argv[1], port);
  stop_server();
  return status;
}
