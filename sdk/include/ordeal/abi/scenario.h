/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extension ordeal.scenario/1: what makes load.
 *
 * The engine owns *when*: it decides at which moment which session issues which kind of operation,
 * and measures. The plugin owns *what*: it opens sessions (a connection, an MCP session, an h2
 * connection), performs operations on them and says how each ended. I/O goes through the host's
 * reactor. So every scenario has closed and open load, mixes, timeouts and latency histograms that
 * are safe against coordinated omission without a line of its own.
 *
 * One instance per worker; all calls on that worker's thread.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this extension. Since 0.1. */
#define ORDEAL_SCENARIO "ordeal.scenario/1"

/* How an operation or a session ended. Each is counted apart. Since 0.1. */
enum {
  ORDEAL_OUTCOME_OK = 0,
  ORDEAL_OUTCOME_FAIL = 1,      /* answered, but not as expected: status, body */
  ORDEAL_OUTCOME_TIMEOUT = 2,   /* no answer before the deadline (the engine decides this one) */
  ORDEAL_OUTCOME_REFUSED = 3,   /* connection refused, reset or closed by the peer */
  ORDEAL_OUTCOME_THROTTLED = 4, /* the target asked for less: HTTP 429 */
  ORDEAL_OUTCOME_PROTOCOL = 5,  /* the answer breaks the protocol */
  ORDEAL_OUTCOME_DROPPED = 6,   /* never attempted (the engine decides this one) */
  ORDEAL_OUTCOME_CANCELLED = 7, /* stopped from our side before it ended */
  ORDEAL_OUTCOME_COUNT = 8
};

/* Bits of `ordeal_op::flags`. Since 0.1. */
enum {
  ORDEAL_OP_PROBE = 1,  /* a single unloaded probe: baseline, half-open breaker */
  ORDEAL_OP_WARM_UP = 2 /* counted apart from the measured ones */
};

/* How a session is closed. Since 0.1. */
enum {
  ORDEAL_CLOSE_ORDERLY = 0, /* say goodbye as the protocol wants it */
  ORDEAL_CLOSE_ABRUPT = 1   /* as a crashed client would: reset, no farewell */
};

/* The engine numbers sessions from 0 within a worker; a number is reused once closed. Since 0.1. */
typedef uint32_t ordeal_session_id;

/* One operation. The host's; valid until it is completed. Since 0.1. */
typedef struct ordeal_op {
  uint32_t struct_size;
  ordeal_session_id session;
  uint64_t id; /* never reused within a run */
  uint32_t kind;
  uint32_t flags;       /* ORDEAL_OP_* */
  ordeal_str data;      /* a feeder's record, JSON; empty without a feeder */
  uint64_t intended_ns; /* when it was meant to start: latency counts from here */
  uint64_t deadline_ns; /* when the engine will cancel it */
} ordeal_op;

/*
 * A moment or a duration measured by the plugin: `mark` indexes the marks it declared. Stands in
 * plain arrays, so it has no struct_size and never grows. Since 0.1.
 */
typedef struct ordeal_mark {
  uint32_t mark;
  uint32_t reserved;
  uint64_t duration_ns;
} ordeal_mark;

/* How an operation ended. The plugin's; read during `complete` only. Since 0.1. */
typedef struct ordeal_result {
  uint32_t struct_size;
  uint32_t outcome; /* ORDEAL_OUTCOME_* */
  int64_t code;     /* protocol's own: HTTP status, errno; 0 when there is none */
  uint64_t bytes_out;
  uint64_t bytes_in;
  uint64_t sent_ns; /* when the first byte left; 0 when nothing was sent */
  const ordeal_mark* marks;
  uint32_t n_marks;
  uint32_t requests; /* requests put on the wire, retries inside the plugin included; usually 1 */
} ordeal_result;

/*
 * What a scenario says about itself. The struct is the host's; the arrays and strings are the
 * plugin's and live as long as the instance. Since 0.1.
 */
typedef struct ordeal_scenario_info {
  uint32_t struct_size;
  uint32_t n_kinds;
  const ordeal_str* kinds; /* names of the operation kinds: "get", "post"; at most 64 */
  const ordeal_str* marks; /* names of the timing marks: "connect", "first_byte"; at most 16 */
  uint32_t n_marks;
  uint32_t max_in_flight; /* operations one session takes at a time; 1 for HTTP/1.1 */
  uint32_t slow;          /* 1: latencies are recorded in microseconds, else in nanoseconds */
  uint32_t reserved;
} ordeal_scenario_info;

/*
 * The engine's side, given to `create`. The host's; lives as long as the instance. `engine` is this
 * struct, passed back. No function of it can fail: misuse is counted against the plugin. Since 0.1.
 */
typedef struct ordeal_engine {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;

  /*
   * [worker] Ends an operation, exactly once. May be called from inside `issue`. A second
   * completion, or one of an unknown id, is counted as misbehaviour and otherwise ignored; one
   * after the engine's timeout is counted as late.
   */
  void (*complete)(const struct ordeal_engine* engine, uint64_t op_id,
                   const ordeal_result* result) ORDEAL_NOEXCEPT;

  /*
   * [worker] Answers `open`: with ORDEAL_OUTCOME_OK the session takes operations from now on; with
   * any other outcome it is not open, and the engine tries again after a back-off (10 ms doubling
   * to 1 s). `code` as in ordeal_result. Marks (connect, tls) may be NULL. May be called from
   * inside `open`.
   */
  void (*opened)(const struct ordeal_engine* engine, ordeal_session_id session, uint32_t outcome,
                 int64_t code, const ordeal_mark* marks, uint32_t n_marks) ORDEAL_NOEXCEPT;

  /*
   * [worker] An open session has ended by itself (the peer closed it). Its operations in flight
   * must have been completed before. The engine opens it again, at once after ORDEAL_OUTCOME_OK (an
   * orderly end, as at the end of HTTP keep-alive), otherwise after the back-off.
   */
  void (*lost)(const struct ordeal_engine* engine, ordeal_session_id session, uint32_t outcome,
               int64_t code) ORDEAL_NOEXCEPT;

  /*
   * [worker] Records something that arrived unasked: `metric` indexes the marks the plugin
   * declared, `value_ns` is a duration.
   */
  void (*observe)(const struct ordeal_engine* engine, ordeal_session_id session, uint32_t metric,
                  uint64_t value_ns) ORDEAL_NOEXCEPT;
} ordeal_engine;

/* Functions of one component kind. The plugin's; lives until deinit. Since 0.1. */
typedef struct ordeal_scenario_factory {
  uint32_t struct_size;
  uint32_t reserved;

  /*
   * [worker] Makes an instance. `component` is the component's id from the manifest. `config` is
   * JSON that satisfies the component's schema, defaults merged in. Both are read during the call
   * only; `engine` and `host` outlive the instance. Must not touch the network. On an error (with
   * set_error) `instance` is not looked at, and the component is refused: the run does not start.
   */
  int32_t (*create)(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                    ordeal_str config, void** instance) ORDEAL_NOEXCEPT;
  /* [worker] Ends an instance, once. No function of the engine or the host is called afterwards. */
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;

  /*
   * [worker] Says what the instance does. Called once, directly after create. `info` comes zeroed
   * with struct_size set; write no further than that says. An error refuses the component.
   */
  int32_t (*describe)(void* instance, ordeal_scenario_info* info) ORDEAL_NOEXCEPT;

  /*
   * [worker] Starts to open a session; answered through `opened`, at once or later. An error (with
   * set_error) is an answer too: not open, and nothing else follows.
   */
  int32_t (*open)(void* instance, ordeal_session_id session) ORDEAL_NOEXCEPT;
  /*
   * [worker] Closes a session that is open or still opening. Its operations have been completed or
   * cancelled before. Nothing is answered.
   */
  void (*close)(void* instance, ordeal_session_id session, uint32_t how) ORDEAL_NOEXCEPT;

  /*
   * [worker] Starts an operation on an open session; answered through `complete`, at once or later.
   * Cannot fail: what goes wrong is the operation's outcome.
   */
  void (*issue)(void* instance, const ordeal_op* op) ORDEAL_NOEXCEPT;
  /*
   * [worker] Gives up an operation: the engine has counted it already (timeout or cancelled). The
   * plugin must not complete it any more and must bring the session into a clean state, through
   * `lost` when that needs a new connection. Other operations that end with it are completed as
   * cancelled, and count as this one does.
   */
  void (*cancel)(void* instance, uint64_t op_id) ORDEAL_NOEXCEPT;

  /*
   * [worker] No more operations will come; those in flight end by `deadline_ns`, when the engine
   * cancels the rest. A hint: may be NULL.
   */
  void (*drain)(void* instance, uint64_t deadline_ns) ORDEAL_NOEXCEPT;
} ordeal_scenario_factory;

#ifdef __cplusplus
}
#endif
