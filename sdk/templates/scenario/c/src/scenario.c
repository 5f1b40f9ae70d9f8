/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @NAME@: load for a server that speaks lines. "SET key value" is answered "OK", "GET key" is
 * answered "VALUE bytes" or "NONE"; "BUSY" asks for less, "ERROR ..." is a failed operation, and
 * anything else breaks the protocol.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <ordeal/abi/clock.h>
#include <ordeal/abi/reactor.h>
#include <ordeal/abi/scenario.h>
#include <ordeal/json_valid.h>
#include <ordeal/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* In the order in which describe() names them. */
enum { kind_get, kind_set };
enum { mark_connect };
enum { longest_answer = 64 * 1024 };

struct lines;

/* One session: a connection with one request in flight at a time. */
struct connection {
  struct lines* lines;
  ordeal_session_id session;
  int fd;
  int connecting;
  uint64_t watch; /* 0: none */
  uint64_t timer;
  uint64_t opened_ns;
  uint64_t op; /* in flight, 0: none */
  uint32_t kind;
  uint64_t sent_ns;
  size_t sent;
  size_t out_size;
  char* out; /* room for the longest request */
  size_t in_size;
  char in[longest_answer];
};

struct lines {
  const ordeal_host* host;
  const ordeal_engine* engine;
  const ordeal_host_reactor* reactor;
  const ordeal_host_clock* clock;
  struct addrinfo* address;
  uint64_t keys;
  size_t value_bytes;
  uint64_t connect_timeout_ns;
  uint32_t n_connections;
  struct connection** connections; /* by session; they stay where they are */
};

static uint64_t now_ns(const struct lines* lines) {
  return lines->clock->monotonic_ns(lines->host);
}

static void disconnect(struct connection* c) {
  const struct lines* lines = c->lines;
  if (c->timer != 0) lines->reactor->cancel_timer(lines->host, c->timer);
  if (c->watch != 0) lines->reactor->unwatch(lines->host, c->watch);
  if (c->fd >= 0) close(c->fd);
  c->timer = c->watch = c->op = 0;
  c->fd = -1;
  c->connecting = 0;
}

/*
 * In the functions below a connection is in a settled state before the engine is told of anything,
 * because the engine may call back at once.
 */
static void not_opened(struct connection* c, int error) {
  const ordeal_engine* engine = c->lines->engine;
  disconnect(c);
  engine->opened(engine, c->session,
                 error == ETIMEDOUT ? ORDEAL_OUTCOME_TIMEOUT : ORDEAL_OUTCOME_REFUSED, error, NULL,
                 0);
}

/* Ends the operation; after anything but an answer the connection is of no more use. */
static void finish(struct connection* c, uint32_t outcome, int64_t code) {
  const ordeal_engine* engine = c->lines->engine;
  const ordeal_result result = {.struct_size = sizeof result,
                                .outcome = outcome,
                                .code = code,
                                .bytes_out = c->sent,
                                .bytes_in = c->in_size,
                                .sent_ns = c->sent > 0 ? c->sent_ns : 0,
                                .requests = c->sent > 0 ? 1 : 0};
  const int keep = outcome != ORDEAL_OUTCOME_REFUSED && outcome != ORDEAL_OUTCOME_PROTOCOL;
  const uint64_t op = c->op;
  c->op = 0;
  if (!keep) disconnect(c);
  engine->complete(engine, op, &result);
  if (!keep) engine->lost(engine, c->session, outcome, code);
}

static void send_rest(struct connection* c) {
  const struct lines* lines = c->lines;
  if (c->op == 0) return;
  const ssize_t n = send(c->fd, c->out + c->sent, c->out_size - c->sent, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN && errno != EINTR) {
    finish(c, ORDEAL_OUTCOME_REFUSED, errno);
    return;
  }
  if (n > 0) c->sent += (size_t)n;
  lines->reactor->rewatch(
      lines->host, c->watch,
      c->sent < c->out_size ? ORDEAL_IO_READ | ORDEAL_IO_WRITE : ORDEAL_IO_READ);
}

static int starts(const struct connection* c, const char* with) {
  return c->in_size >= strlen(with) && memcmp(c->in, with, strlen(with)) == 0;
}

static uint32_t judge(const struct connection* c) {
  if (starts(c, "BUSY\n")) return ORDEAL_OUTCOME_THROTTLED;
  if (starts(c, "ERROR")) return ORDEAL_OUTCOME_FAIL;
  const int good =
      c->kind == kind_set ? starts(c, "OK\n") : starts(c, "NONE\n") || starts(c, "VALUE ");
  return good ? ORDEAL_OUTCOME_OK : ORDEAL_OUTCOME_PROTOCOL;
}

static void receive(struct connection* c) {
  const ordeal_engine* engine = c->lines->engine;
  const ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - c->in_size, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const int error = n < 0 ? errno : 0;
  if (c->op == 0) { /* idle: the server has gone, or talks out of turn */
    disconnect(c);
    engine->lost(engine, c->session,
                 n == 0  ? ORDEAL_OUTCOME_OK
                 : n < 0 ? ORDEAL_OUTCOME_REFUSED
                         : ORDEAL_OUTCOME_PROTOCOL,
                 error);
    return;
  }
  if (n <= 0) {
    finish(c, ORDEAL_OUTCOME_REFUSED, n < 0 ? error : ECONNRESET);
    return;
  }
  c->in_size += (size_t)n;
  const char* end = memchr(c->in, '\n', c->in_size);
  if (end == NULL && c->in_size < sizeof c->in) return;
  /* Bytes behind the answer were not asked for. */
  finish(c, end != NULL && end + 1 == c->in + c->in_size ? judge(c) : ORDEAL_OUTCOME_PROTOCOL, 0);
}

static void connected(struct connection* c) {
  const struct lines* lines = c->lines;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) {
    not_opened(c, error);
    return;
  }
  c->connecting = 0;
  lines->reactor->cancel_timer(lines->host, c->timer);
  c->timer = 0;
  lines->reactor->rewatch(lines->host, c->watch, ORDEAL_IO_READ);
  const ordeal_mark mark = {mark_connect, 0, now_ns(lines) - c->opened_ns};
  lines->engine->opened(lines->engine, c->session, ORDEAL_OUTCOME_OK, 0, &mark, 1);
}

/* The reactor's callbacks. */
static void ready(void* user, uint32_t events) {
  struct connection* c = user;
  if (c->connecting) {
    connected(c);
    return;
  }
  if ((events & ORDEAL_IO_WRITE) != 0) send_rest(c);
  if (c->fd >= 0 && (events & ~(uint32_t)ORDEAL_IO_WRITE) != 0) receive(c);
}
static void connect_timeout(void* user) {
  struct connection* c = user;
  c->timer = 0;
  not_opened(c, ETIMEDOUT);
}

/*
 * Session numbers come again, so a connection object stays for the next session of its number; NULL
 * without memory.
 */
static struct connection* connection_of(struct lines* lines, ordeal_session_id session) {
  if (session >= lines->n_connections) {
    const uint32_t n = session + 16;
    struct connection** more = realloc(lines->connections, n * sizeof *more);
    if (more == NULL) return NULL;
    memset(more + lines->n_connections, 0, (n - lines->n_connections) * sizeof *more);
    lines->connections = more;
    lines->n_connections = n;
  }
  if (lines->connections[session] == NULL) {
    struct connection* made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->out = malloc(lines->value_bytes + 64);
    if (made->out == NULL) {
      free(made);
      return NULL;
    }
    made->lines = lines;
    made->session = session;
    made->fd = -1;
    lines->connections[session] = made;
  }
  return lines->connections[session];
}

static int32_t open_session(void* instance, ordeal_session_id session) {
  struct lines* lines = instance;
  struct connection* c = connection_of(lines, session);
  if (c == NULL) return ordeal_fail(lines->host, ORDEAL_E_LIMIT, "out of memory");
  const struct addrinfo* to = lines->address;
  const int on = 1;
  c->opened_ns = now_ns(lines);
  c->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0 || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      (connect(c->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)) {
    not_opened(c, errno);
    return ORDEAL_OK; /* answered through `opened` */
  }
  c->connecting = 1;
  if (lines->reactor->watch(lines->host, c->fd, ORDEAL_IO_WRITE, ready, c, &c->watch) !=
          ORDEAL_OK ||
      lines->reactor->timer(lines->host, c->opened_ns + lines->connect_timeout_ns, connect_timeout,
                            c, &c->timer) != ORDEAL_OK) {
    not_opened(c, ENOMEM);
  }
  return ORDEAL_OK;
}

static void close_session(void* instance, ordeal_session_id session, uint32_t how) {
  struct lines* lines = instance;
  (void)how; /* the protocol has no farewell */
  disconnect(lines->connections[session]);
}

static void issue(void* instance, const ordeal_op* op) {
  struct lines* lines = instance;
  struct connection* c = lines->connections[op->session];
  const unsigned long long key = op->id % lines->keys;
  c->op = op->id;
  c->kind = op->kind;
  c->sent = c->in_size = 0;
  if (c->kind == kind_get) {
    c->out_size = (size_t)snprintf(c->out, 64, "GET key%llu\n", key);
  } else {
    c->out_size = (size_t)snprintf(c->out, 64, "SET key%llu ", key);
    memset(c->out + c->out_size, 'x', lines->value_bytes);
    c->out_size += lines->value_bytes;
    c->out[c->out_size++] = '\n';
  }
  c->sent_ns = now_ns(lines);
  send_rest(c);
}

/* Gives up a request. Its answer may still come, so the connection goes too. */
static void cancel(void* instance, uint64_t op_id) {
  struct lines* lines = instance;
  for (uint32_t i = 0; i < lines->n_connections; ++i) {
    struct connection* c = lines->connections[i];
    if (c == NULL || c->op != op_id) continue;
    disconnect(c);
    lines->engine->lost(lines->engine, c->session, ORDEAL_OUTCOME_OK, 0);
    return;
  }
}

static int32_t describe(void* instance, ordeal_scenario_info* info) {
  static const ordeal_str kinds[] = {{"get", 3}, {"set", 3}};
  static const ordeal_str marks[] = {{"connect", 7}};
  static const ordeal_scenario_info mine = {.struct_size = sizeof mine,
                                            .n_kinds = 2,
                                            .kinds = kinds,
                                            .n_marks = 1,
                                            .marks = marks,
                                            .max_in_flight = 1};
  (void)instance;
  ordeal_fill(info, &mine, sizeof mine);
  return ORDEAL_OK;
}

static void destroy(void* instance) {
  struct lines* lines = instance;
  for (uint32_t i = 0; i < lines->n_connections; ++i) {
    if (lines->connections[i] == NULL) continue;
    disconnect(lines->connections[i]);
    free(lines->connections[i]->out);
    free(lines->connections[i]);
  }
  free(lines->connections);
  if (lines->address != NULL) freeaddrinfo(lines->address);
  free(lines);
}

/* The host has checked the options against the manifest's config_schema and put in the defaults. */
static int32_t configure(struct lines* lines, ordeal_str config) {
  const ordeal_json json = ordeal_json_of(config);
  char host[64];
  char port[16];
  ordeal_json_text(ordeal_json_get(json, "address"), host, sizeof host);
  snprintf(port, sizeof port, "%.0f", ordeal_json_number(ordeal_json_get(json, "port"), 0));
  const struct addrinfo hints = {
      .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, /* a look-up would block the worker */
      .ai_socktype = SOCK_STREAM};
  if (getaddrinfo(host, port, &hints, &lines->address) != 0) {
    lines->address = NULL;
    char why[128];
    snprintf(why, sizeof why, "address '%s' is not an IP address", host);
    return ordeal_fail(lines->host, ORDEAL_E_INVALID, why);
  }
  lines->keys = (uint64_t)ordeal_json_number(ordeal_json_get(json, "keys"), 1);
  lines->value_bytes = (size_t)ordeal_json_number(ordeal_json_get(json, "value_bytes"), 1);
  lines->connect_timeout_ns =
      (uint64_t)(ordeal_json_number(ordeal_json_get(json, "connect_timeout_ms"), 2000) * 1e6);
  return ORDEAL_OK;
}

static int32_t create(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                      ordeal_str config, void** instance) {
  if (!ordeal_is(component, "@NAME@")) {
    return ordeal_fail(host, ORDEAL_E_NOT_FOUND, "the only component is '@NAME@'");
  }
  if (!ordeal_json_valid(config)) {
    return ordeal_fail(host, ORDEAL_E_INVALID, "the config is not JSON");
  }
  struct lines* lines = calloc(1, sizeof *lines);
  if (lines == NULL) return ordeal_fail(host, ORDEAL_E_LIMIT, "out of memory");
  lines->host = host;
  lines->engine = engine;
  lines->reactor = host->get_extension(host, ordeal_text(ORDEAL_HOST_REACTOR));
  lines->clock = host->get_extension(host, ordeal_text(ORDEAL_HOST_CLOCK));
  int32_t status = ORDEAL_OK;
  if (lines->reactor == NULL || lines->clock == NULL) {
    status = ordeal_fail(host, ORDEAL_E_UNSUPPORTED, "this host has no reactor or no clock");
  } else {
    status = configure(lines, config);
  }
  if (status != ORDEAL_OK) {
    destroy(lines);
    return status;
  }
  *instance = lines;
  return ORDEAL_OK;
}

static const ordeal_scenario_factory scenario = {
    .struct_size = sizeof scenario,
    .create = create,
    .destroy = destroy,
    .describe = describe,
    .open = open_session,
    .close = close_session,
    .issue = issue,
    .cancel = cancel,
};

static const void* get_factory(ordeal_str id) {
  return ordeal_is(id, ORDEAL_SCENARIO) ? &scenario : NULL;
}

ORDEAL_C_PLUGIN("@ID@", "0.1.0", get_factory);
