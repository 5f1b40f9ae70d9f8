/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin with one fault, chosen by a definition; without one it is sound. Built as a collector,
 * and with FAULT_IN_SCENARIO, FAULT_IN_RULE or FAULT_IN_REPORT as that kind. The component is
 * "fault" whichever the kind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ordeal/abi/bus.h>
#include <ordeal/abi/collector.h>
#include <ordeal/abi/entry.h>
#include <ordeal/abi/log.h>
#include <ordeal/abi/report.h>
#include <ordeal/abi/rule.h>
#include <ordeal/abi/scenario.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef FAULT_SAYS_ID
#define FAULT_SAYS_ID FAULT_ID
#endif
#ifndef FAULT_ABI_MAJOR
#define FAULT_ABI_MAJOR ORDEAL_ABI_MAJOR
#endif
#ifndef FAULT_ABI_MINOR
#define FAULT_ABI_MINOR ORDEAL_ABI_MINOR
#endif
#ifndef FAULT_ENTRY_SIZE
#define FAULT_ENTRY_SIZE sizeof(ordeal_plugin_entry_t)
#endif

static ordeal_str text(const char* s) {
  ordeal_str str = {s, strlen(s)};
  return str;
}

static int same(ordeal_str a, const char* b) {
  return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

struct instance {
  const ordeal_host* host;
  const ordeal_engine* engine;
  uint64_t calls;
  double value;
};

#ifdef FAULT_THROWS
void throw_something(void);
#endif

#ifdef FAULT_FORGES
/* Writes to the cell's own channel: an interval of a load that is not its own. */
static void put(unsigned char** at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) *(*at)++ = (unsigned char)(value >> (8 * i));
}

static void forge(void) {
  unsigned char packet[256];
  unsigned char* at = packet;
  put(&at, 0x4c44524f, 4);
  put(&at, 1, 2);
  put(&at, 68, 2);       /* a frame */
  put(&at, 1u << 31, 4); /* its number */
  put(&at, 0, 4);
  put(&at, 1, 4);                          /* the instance */
  put(&at, 2 + 3 * 4 + 17 * 8 + 3 * 4, 4); /* bytes of the interval */
  put(&at, 1, 2);
  put(&at, 1000000, 4); /* the load */
  put(&at, 0, 4);
  put(&at, 1, 4);
  for (int i = 0; i < 17; ++i) put(&at, 1, 8);
  put(&at, 1, 4);
  put(&at, 0, 4);
  put(&at, 0, 4);
  for (int fd = 3; fd < 64; ++fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
      send(fd, packet, (size_t)(at - packet), 0);
  }
}
#endif

static void go_wrong(struct instance* self) {
  (void)self;
#if defined(FAULT_EXITS)
  exit(3);
#elif defined(FAULT_ABORTS)
  abort();
#elif defined(FAULT_LOOPS)
  for (volatile int i = 0;; ++i) continue;
#elif defined(FAULT_THROWS)
  throw_something();
#elif defined(FAULT_FORKS)
  const pid_t child = fork();
  if (child == 0) _exit(0);
  self->value = child < 0 ? errno : 0;
#elif defined(FAULT_CONNECTS)
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  self->value = fd < 0 ? errno : 0;
  if (fd >= 0) close(fd);
#elif defined(FAULT_KILLS)
  self->value = kill(getppid(), 0) != 0 ? errno : 0;
#elif defined(FAULT_LEAKS_DESCRIPTORS)
  for (int i = 0; i < 200; ++i) self->value += dup(2) < 0 ? 1 : 0;
#elif defined(FAULT_FLOODS_LOG)
  const ordeal_host_log* log = self->host->get_extension(self->host, text(ORDEAL_HOST_LOG));
  for (int i = 0; i < 3000; ++i) log->write(self->host, ORDEAL_LOG_INFO, text("again and again"));
#elif defined(FAULT_FLOODS_BUS)
  const ordeal_host_bus* bus = self->host->get_extension(self->host, text(ORDEAL_HOST_BUS));
  for (int i = 0; i < 3000; ++i) {
    const int32_t status =
        bus->publish(self->host, text(FAULT_ID "/flood"), &i, sizeof i, text("again"));
    if (status == ORDEAL_E_LIMIT) self->value += 1;
  }
#elif defined(FAULT_CLOSES_DESCRIPTORS)
  for (int fd = 3; fd < 512; ++fd) close(fd);
#elif defined(FAULT_FORGES)
  forge();
#elif defined(FAULT_WRITES_GARBAGE)
  for (int fd = 3; fd < 64; ++fd) {
    int type = 0;
    socklen_t size = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET)
      send(fd, "garbage", 7, 0);
  }
#elif defined(FAULT_SAYS_ODD_THINGS)
  self->host->set_error(self->host, text("<script>alert(1)</script>\x1b[31m\xff\xfe\xc3"));
  self->value = 1;
#elif defined(FAULT_HANDLES_SIGNALS)
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
#endif
}

static int32_t create_any(const ordeal_host* host, ordeal_str component, void** made) {
  if (!same(component, "fault")) {
    host->set_error(host, text("this plugin has the component 'fault' only"));
    return ORDEAL_E_NOT_FOUND;
  }
  struct instance* self = calloc(1, sizeof *self);
  if (self == NULL) return ORDEAL_E_LIMIT;
  self->host = host;
  *made = self;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

#if defined(FAULT_IN_SCENARIO)

static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** made) {
  (void)config;
  const int32_t status = create_any(host, component, made);
  if (status == ORDEAL_OK) ((struct instance*)*made)->engine = engine;
  return status;
}

static int32_t describe(void* instance, ordeal_scenario_info* info) {
  static ordeal_str kind;
  (void)instance;
  kind = text("nothing");
  info->n_kinds = 1;
  info->kinds = &kind;
  info->max_in_flight = 1;
  return ORDEAL_OK;
}

static int32_t open_session(void* instance, ordeal_session_id session) {
  const ordeal_engine* engine = ((struct instance*)instance)->engine;
  engine->opened(engine, session, ORDEAL_OUTCOME_OK, 0, NULL, 0);
  return ORDEAL_OK;
}

static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  (void)instance, (void)session, (void)how;
}

static void issue(void* instance, const ordeal_op* op) {
  struct instance* self = instance;
  ordeal_result result = {.struct_size = sizeof result, .requests = 1};
  const uint64_t id = op->id;
#ifdef FAULT_IN_PROBE
  go_wrong(self);
#else
  if ((op->flags & ORDEAL_OP_PROBE) == 0 && ++self->calls == 10) go_wrong(self);
#endif
  self->engine->complete(self->engine, id, &result);
#ifdef FAULT_COMPLETES_TWICE
  self->engine->complete(self->engine, id, &result);
#endif
}

static void cancel(void* instance, uint64_t op_id) { (void)instance, (void)op_id; }

#define FAULT_KIND ORDEAL_SCENARIO
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

#else

static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** made) {
  (void)config;
#ifdef FAULT_IN_CREATE
  go_wrong(NULL);
#endif
  return create_any(host, component, made);
}

#if defined(FAULT_IN_RULE)

static int32_t evaluate(void* instance, const ordeal_snapshot* snapshot, ordeal_verdict* verdict) {
  struct instance* self = instance;
  (void)snapshot, (void)verdict;
  if (++self->calls == 3) go_wrong(self);
  return ORDEAL_OK;
}

#define FAULT_KIND ORDEAL_RULE
static const ordeal_rule_factory factory = {
    .struct_size = sizeof factory,
    .create = create,
    .destroy = destroy,
    .evaluate = evaluate,
};

#elif defined(FAULT_IN_REPORT)

static int32_t render(void* instance, uint32_t stage, ordeal_str document,
                      const ordeal_file_sink* sink) {
  (void)document, (void)sink;
  if (stage == ORDEAL_STAGE_CAMPAIGN) go_wrong(instance);
  return ORDEAL_OK;
}

#define FAULT_KIND ORDEAL_REPORT
static const ordeal_report_factory factory = {
    .struct_size = sizeof factory,
    .create = create,
    .destroy = destroy,
    .render = render,
};

#else

static int32_t describe(void* instance, const ordeal_metric_info** infos, uint32_t* count) {
  static ordeal_metric_info info;
  (void)instance;
  info.struct_size = sizeof info;
  info.type = ORDEAL_METRIC_GAUGE;
  info.name = text("fault_value");
  info.unit = text("");
  info.help = text("What came of the fault: an errno, or a count.");
  *infos = &info;
  *count = 1;
  return ORDEAL_OK;
}

static int32_t collect(void* instance, const ordeal_sample_sink* sink) {
  struct instance* self = instance;
  if (++self->calls >= 3) go_wrong(self);
#ifdef FAULT_SAYS_ODD_THINGS
  if (self->value > 0) return ORDEAL_E_INVALID;
#endif
#ifdef FAULT_NEVER_REPEATS_LABELS
  for (int i = 0; i < 4000; ++i) {
    char label[64];
    snprintf(label, sizeof label, "id=\"%llu-%d\"", (unsigned long long)self->calls, i);
    sink->sample(sink, 0, text(label), 1);
  }
#endif
  return sink->sample(sink, 0, text(""), self->value);
}

#define FAULT_KIND ORDEAL_COLLECTOR
static const ordeal_collector_factory factory = {
    .struct_size = sizeof factory,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .collect = collect,
};

#endif
#endif

static int32_t init(const ordeal_host* host, ordeal_str* id, ordeal_str* version) {
  (void)host;
#ifdef FAULT_IN_INIT
  go_wrong(NULL);
#endif
  *id = text(FAULT_SAYS_ID);
  *version = text("1.2.3");
  return ORDEAL_OK;
}

static void deinit(void) {}

static const void* get_factory(ordeal_str id) { return same(id, FAULT_KIND) ? &factory : NULL; }

#ifdef FAULT_MARKS
/* Runs as soon as the library is mapped: shows whether it was. */
__attribute__((constructor)) static void mark(void) {
  const char* path = getenv("ORDEAL_FAULT_MARKER");
  const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd < 0) return;
  if (write(fd, "x", 1) != 1) abort();
  close(fd);
}
#endif

#ifdef FAULT_NO_ENTRY
extern const ordeal_plugin_entry_t not_the_entry;
#define ordeal_plugin_entry not_the_entry
#endif
const ordeal_plugin_entry_t ordeal_plugin_entry = {
    .magic = ORDEAL_PLUGIN_MAGIC,
    .struct_size = FAULT_ENTRY_SIZE,
    .abi_major = FAULT_ABI_MAJOR,
    .abi_minor = FAULT_ABI_MINOR,
    .init = init,
    .deinit = deinit,
    .get_factory = get_factory,
};
