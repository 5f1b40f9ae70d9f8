/* SPDX-License-Identifier: Apache-2.0 */
/* @NAME@: judges the newest value of one metric against a limit. */
#include <ordeal/abi/rule.h>
#include <ordeal/json_valid.h>
#include <ordeal/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_series = 256, longest_labels = 128, longest_metric = 256 };

/* Since when one series is over the limit. */
struct over {
  char labels[longest_labels];
  uint64_t since_ns; /* 0: it is not */
};

struct limit {
  char metric[longest_metric];
  double limit;
  uint64_t window_ns;
  uint32_t level;
  char reason[longest_metric + longest_labels + 128]; /* of the last verdict */
  uint32_t n_series;
  struct over series[most_series];
};

static uint32_t level_of(ordeal_json verdict) {
  static const char* const names[] = {"ok", "warn", "throttle", "hold", "stop_phase", "abort"};
  for (uint32_t level = 0; level < sizeof names / sizeof names[0]; ++level) {
    if (ordeal_json_is(verdict, names[level])) return level; /* in the order of ORDEAL_VERDICT_* */
  }
  return ORDEAL_VERDICT_WARN;
}

static int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                      void** instance) {
  if (!ordeal_is(component, "@NAME@")) {
    return ordeal_fail(host, ORDEAL_E_NOT_FOUND, "the only component is '@NAME@'");
  }
  if (!ordeal_json_valid(config)) {
    return ordeal_fail(host, ORDEAL_E_INVALID, "the config is not JSON");
  }
  struct limit* limit = calloc(1, sizeof *limit);
  if (limit == NULL) return ordeal_fail(host, ORDEAL_E_LIMIT, "out of memory");
  /* The host has checked the options against the manifest's config_schema. */
  const ordeal_json json = ordeal_json_of(config);
  ordeal_json_text(ordeal_json_get(json, "metric"), limit->metric, sizeof limit->metric);
  limit->limit = ordeal_json_number(ordeal_json_get(json, "limit"), 0.95);
  limit->window_ns = (uint64_t)(ordeal_json_number(ordeal_json_get(json, "seconds"), 10) * 1e9);
  limit->level = level_of(ordeal_json_get(json, "verdict"));
  *instance = limit;
  return ORDEAL_OK;
}

static void destroy(void* instance) { free(instance); }

/* The series with these label values; NULL when there are too many. */
static struct over* series_of(struct limit* limit, ordeal_str labels) {
  char name[longest_labels];
  snprintf(name, sizeof name, "%.*s", (int)labels.len, labels.len == 0 ? "" : labels.ptr);
  for (uint32_t i = 0; i < limit->n_series; ++i) {
    if (strcmp(limit->series[i].labels, name) == 0) return &limit->series[i];
  }
  if (limit->n_series == most_series) return NULL;
  struct over* made = &limit->series[limit->n_series++];
  memcpy(made->labels, name, sizeof name);
  made->since_ns = 0;
  return made;
}

/*
 * A value counts from when it was read, not from when it is judged: to look at the same snapshot
 * again changes nothing.
 */
static int32_t evaluate(void* instance, const ordeal_snapshot* snapshot, ordeal_verdict* verdict) {
  struct limit* limit = instance;
  ordeal_snapshot all;
  ordeal_read(&all, snapshot, sizeof all);
  ordeal_verdict out = {.struct_size = sizeof out,
                        .metric = ordeal_text(limit->metric),
                        .limit = limit->limit,
                        .window_ns = limit->window_ns};
  for (uint32_t i = 0; i < all.n_samples; ++i) {
    ordeal_sample sample; /* the host says how far apart its samples are */
    ordeal_read(&sample, (const char*)all.samples + (size_t)i * all.sample_stride, sizeof sample);
    if (!ordeal_is(sample.metric, limit->metric)) continue;
    struct over* over = series_of(limit, sample.labels);
    if (over == NULL) continue;
    if (!(sample.value > limit->limit)) {
      over->since_ns = 0;
      continue;
    }
    if (over->since_ns == 0) over->since_ns = sample.mono_ns;
    if (sample.mono_ns - over->since_ns < limit->window_ns) continue;
    const int named = over->labels[0] != '\0';
    snprintf(limit->reason, sizeof limit->reason,
             "%s%s%s%s is %.4g, over the limit of %.4g for %.4g s", limit->metric, named ? "{" : "",
             over->labels, named ? "}" : "", sample.value, limit->limit,
             (double)limit->window_ns / 1e9);
    out.level = limit->level;
    out.value = sample.value;
    out.reason = ordeal_text(limit->reason);
  }
  ordeal_fill(verdict, &out, sizeof out);
  return ORDEAL_OK;
}

static const ordeal_rule_factory rule = {
    .struct_size = sizeof rule,
    .create = create,
    .destroy = destroy,
    .evaluate = evaluate,
};

static const void* get_factory(ordeal_str id) { return ordeal_is(id, ORDEAL_RULE) ? &rule : NULL; }

ORDEAL_C_PLUGIN("@ID@", "0.1.0", get_factory);
