/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extension ordeal.rule/1: judges safety. Pure: reads an immutable snapshot, returns a verdict with
 * its reason; the host acts. A rule has max(1 s, its check interval) to answer: one miss counts as
 * warn, two in a row as hold, three as stop_phase.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this extension. Since 0.1. */
#define ORDEAL_RULE "ordeal.rule/1"

/* From the mildest to the harshest. Since 0.1. */
enum {
  ORDEAL_VERDICT_OK = 0,
  ORDEAL_VERDICT_WARN = 1,
  ORDEAL_VERDICT_THROTTLE = 2,   /* offer less load */
  ORDEAL_VERDICT_HOLD = 3,       /* no new operations, keep sessions */
  ORDEAL_VERDICT_STOP_PHASE = 4, /* end this phase */
  ORDEAL_VERDICT_ABORT = 5       /* end the campaign */
};

/* The newest value of one series. The host's; in arrays the stride is the snapshot's. Since 0.1. */
typedef struct ordeal_sample {
  uint32_t struct_size;
  uint32_t type;     /* ORDEAL_METRIC_* */
  ordeal_str metric; /* name as declared */
  ordeal_str labels; /* label values in the order declared, separated by commas */
  double value;
  uint64_t mono_ns; /* when it was read */
} ordeal_sample;

/* What one operation kind did in one interval. The host's; stride as above. Since 0.1. */
typedef struct ordeal_interval {
  uint32_t struct_size;
  uint32_t reserved;
  ordeal_str scenario;
  ordeal_str kind;
  uint64_t start_ns;
  uint64_t end_ns;
  uint64_t outcomes[8]; /* by ORDEAL_OUTCOME_* */
  uint64_t p50_ns;      /* of successful operations; 0 without any */
  uint64_t p99_ns;
  uint64_t max_ns;
} ordeal_interval;

/* What a rule judges. The host's; valid during the call, all it points at included. Since 0.1. */
typedef struct ordeal_snapshot {
  uint32_t struct_size;
  uint32_t phase; /* number of the running phase, 0xffffffff between phases */
  uint64_t now_ns;
  const ordeal_sample* samples;
  uint32_t n_samples;
  uint32_t sample_stride; /* bytes from one sample to the next */
  const ordeal_interval* intervals;
  uint32_t n_intervals;
  uint32_t interval_stride;
} ordeal_snapshot;

/*
 * A rule's answer. The struct is the host's; strings are the rule's and stay valid until its next
 * call. Since 0.1.
 */
typedef struct ordeal_verdict {
  uint32_t struct_size;
  uint32_t level;    /* ORDEAL_VERDICT_* */
  ordeal_str metric; /* what was judged */
  ordeal_str reason; /* one sentence that names metric, value, limit and window */
  double value;
  double limit;
  uint64_t window_ns; /* how long the condition has to hold */
} ordeal_verdict;

/* Functions of one component kind. The plugin's; lives until deinit. Since 0.1. */
typedef struct ordeal_rule_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Makes an instance: `component` is the component's id from the manifest, `config` JSON
   * that satisfies its schema, defaults merged in; both are read during the call only. `host`
   * outlives the instance. On an error (with set_error) `instance` is not looked at, and the
   * component is refused: the run does not start.
   */
  int32_t (*create)(const ordeal_host* host, ordeal_str component, ordeal_str config,
                    void** instance) ORDEAL_NOEXCEPT;
  /* [worker] Ends an instance, once, after all other calls. Its host is not used afterwards. */
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;
  /*
   * [worker] Judges. `verdict` comes zeroed (that is: ok) with struct_size set; write no further
   * than that says. An error (with set_error) counts as a missed deadline.
   */
  int32_t (*evaluate)(void* instance, const ordeal_snapshot* snapshot,
                      ordeal_verdict* verdict) ORDEAL_NOEXCEPT;
} ordeal_rule_factory;

#ifdef __cplusplus
}
#endif
