/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of every struct of ABI 0.1 on x86_64, written down. A published layout is never
 * edited: a new minor gets a file of its own beside this one, and this one must still compile, but
 * for sizes of structs that have grown at their end.
 */
#include "ordeal/abi/base.h"
#include "ordeal/abi/bus.h"
#include "ordeal/abi/clock.h"
#include "ordeal/abi/collector.h"
#include "ordeal/abi/entry.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/metrics.h"
#include "ordeal/abi/process.h"
#include "ordeal/abi/reactor.h"
#include "ordeal/abi/report.h"
#include "ordeal/abi/rule.h"
#include "ordeal/abi/scenario.h"

#ifdef __cplusplus
#define ORDEAL_ASSERT(condition, text) static_assert(condition, text)
#else
#define ORDEAL_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define SIZE(type, bytes) ORDEAL_ASSERT(sizeof(type) == (bytes), #type)
#define FIELD(type, field, at) ORDEAL_ASSERT(offsetof(type, field) == (at), #type "." #field)

/* base.h: ordeal_str */
SIZE(ordeal_str, 16);
FIELD(ordeal_str, ptr, 0);
FIELD(ordeal_str, len, 8);

/* base.h: ordeal_host */
SIZE(ordeal_host, 40);
FIELD(ordeal_host, struct_size, 0);
FIELD(ordeal_host, abi_major, 4);
FIELD(ordeal_host, abi_minor, 8);
FIELD(ordeal_host, reserved, 12);
FIELD(ordeal_host, self, 16);
FIELD(ordeal_host, get_extension, 24);
FIELD(ordeal_host, set_error, 32);

/* entry.h: ordeal_plugin_entry_t */
SIZE(ordeal_plugin_entry_t, 48);
FIELD(ordeal_plugin_entry_t, magic, 0);
FIELD(ordeal_plugin_entry_t, struct_size, 8);
FIELD(ordeal_plugin_entry_t, abi_major, 12);
FIELD(ordeal_plugin_entry_t, abi_minor, 16);
FIELD(ordeal_plugin_entry_t, reserved, 20);
FIELD(ordeal_plugin_entry_t, init, 24);
FIELD(ordeal_plugin_entry_t, deinit, 32);
FIELD(ordeal_plugin_entry_t, get_factory, 40);

/* log.h: ordeal_host_log */
SIZE(ordeal_host_log, 16);
FIELD(ordeal_host_log, struct_size, 0);
FIELD(ordeal_host_log, reserved, 4);
FIELD(ordeal_host_log, write, 8);

/* clock.h: ordeal_host_clock */
SIZE(ordeal_host_clock, 24);
FIELD(ordeal_host_clock, struct_size, 0);
FIELD(ordeal_host_clock, reserved, 4);
FIELD(ordeal_host_clock, monotonic_ns, 8);
FIELD(ordeal_host_clock, wall_ns, 16);

/* metrics.h: ordeal_metric_info */
SIZE(ordeal_metric_info, 72);
FIELD(ordeal_metric_info, struct_size, 0);
FIELD(ordeal_metric_info, type, 4);
FIELD(ordeal_metric_info, name, 8);
FIELD(ordeal_metric_info, unit, 24);
FIELD(ordeal_metric_info, help, 40);
FIELD(ordeal_metric_info, labels, 56);

/* metrics.h: ordeal_host_metrics */
SIZE(ordeal_host_metrics, 24);
FIELD(ordeal_host_metrics, struct_size, 0);
FIELD(ordeal_host_metrics, reserved, 4);
FIELD(ordeal_host_metrics, declare, 8);
FIELD(ordeal_host_metrics, record, 16);

/* bus.h: ordeal_event */
SIZE(ordeal_event, 64);
FIELD(ordeal_event, struct_size, 0);
FIELD(ordeal_event, topic, 4);
FIELD(ordeal_event, revision, 8);
FIELD(ordeal_event, source, 12);
FIELD(ordeal_event, generation, 16);
FIELD(ordeal_event, payload_size, 20);
FIELD(ordeal_event, seq, 24);
FIELD(ordeal_event, mono_ns, 32);
FIELD(ordeal_event, payload, 40);
FIELD(ordeal_event, body, 48);

/* bus.h: ordeal_host_bus */
SIZE(ordeal_host_bus, 24);
FIELD(ordeal_host_bus, struct_size, 0);
FIELD(ordeal_host_bus, reserved, 4);
FIELD(ordeal_host_bus, publish, 8);
FIELD(ordeal_host_bus, subscribe, 16);

/* reactor.h: ordeal_host_reactor */
SIZE(ordeal_host_reactor, 56);
FIELD(ordeal_host_reactor, struct_size, 0);
FIELD(ordeal_host_reactor, reserved, 4);
FIELD(ordeal_host_reactor, watch, 8);
FIELD(ordeal_host_reactor, rewatch, 16);
FIELD(ordeal_host_reactor, unwatch, 24);
FIELD(ordeal_host_reactor, timer, 32);
FIELD(ordeal_host_reactor, cancel_timer, 40);
FIELD(ordeal_host_reactor, post, 48);

/* process.h: ordeal_process_spec */
SIZE(ordeal_process_spec, 48);
FIELD(ordeal_process_spec, struct_size, 0);
FIELD(ordeal_process_spec, n_argv, 4);
FIELD(ordeal_process_spec, argv, 8);
FIELD(ordeal_process_spec, env, 16);
FIELD(ordeal_process_spec, n_env, 24);
FIELD(ordeal_process_spec, reserved, 28);
FIELD(ordeal_process_spec, cwd, 32);

/* process.h: ordeal_process_started */
SIZE(ordeal_process_started, 24);
FIELD(ordeal_process_started, struct_size, 0);
FIELD(ordeal_process_started, stdin_fd, 4);
FIELD(ordeal_process_started, stdout_fd, 8);
FIELD(ordeal_process_started, stderr_fd, 12);
FIELD(ordeal_process_started, pidfd, 16);
FIELD(ordeal_process_started, error, 20);

/* process.h: ordeal_process_exit */
SIZE(ordeal_process_exit, 32);
FIELD(ordeal_process_exit, struct_size, 0);
FIELD(ordeal_process_exit, wait_status, 4);
FIELD(ordeal_process_exit, user_ns, 8);
FIELD(ordeal_process_exit, system_ns, 16);
FIELD(ordeal_process_exit, max_rss_bytes, 24);

/* process.h: ordeal_host_process */
SIZE(ordeal_host_process, 24);
FIELD(ordeal_host_process, struct_size, 0);
FIELD(ordeal_host_process, reserved, 4);
FIELD(ordeal_host_process, start, 8);
FIELD(ordeal_host_process, signal, 16);

/* scenario.h: ordeal_op */
SIZE(ordeal_op, 56);
FIELD(ordeal_op, struct_size, 0);
FIELD(ordeal_op, session, 4);
FIELD(ordeal_op, id, 8);
FIELD(ordeal_op, kind, 16);
FIELD(ordeal_op, flags, 20);
FIELD(ordeal_op, data, 24);
FIELD(ordeal_op, intended_ns, 40);
FIELD(ordeal_op, deadline_ns, 48);

/* scenario.h: ordeal_mark */
SIZE(ordeal_mark, 16);
FIELD(ordeal_mark, mark, 0);
FIELD(ordeal_mark, reserved, 4);
FIELD(ordeal_mark, duration_ns, 8);

/* scenario.h: ordeal_result */
SIZE(ordeal_result, 56);
FIELD(ordeal_result, struct_size, 0);
FIELD(ordeal_result, outcome, 4);
FIELD(ordeal_result, code, 8);
FIELD(ordeal_result, bytes_out, 16);
FIELD(ordeal_result, bytes_in, 24);
FIELD(ordeal_result, sent_ns, 32);
FIELD(ordeal_result, marks, 40);
FIELD(ordeal_result, n_marks, 48);
FIELD(ordeal_result, requests, 52);

/* scenario.h: ordeal_scenario_info */
SIZE(ordeal_scenario_info, 40);
FIELD(ordeal_scenario_info, struct_size, 0);
FIELD(ordeal_scenario_info, n_kinds, 4);
FIELD(ordeal_scenario_info, kinds, 8);
FIELD(ordeal_scenario_info, marks, 16);
FIELD(ordeal_scenario_info, n_marks, 24);
FIELD(ordeal_scenario_info, max_in_flight, 28);
FIELD(ordeal_scenario_info, slow, 32);
FIELD(ordeal_scenario_info, reserved, 36);

/* scenario.h: ordeal_engine */
SIZE(ordeal_engine, 48);
FIELD(ordeal_engine, struct_size, 0);
FIELD(ordeal_engine, reserved, 4);
FIELD(ordeal_engine, self, 8);
FIELD(ordeal_engine, complete, 16);
FIELD(ordeal_engine, opened, 24);
FIELD(ordeal_engine, lost, 32);
FIELD(ordeal_engine, observe, 40);

/* scenario.h: ordeal_scenario_factory */
SIZE(ordeal_scenario_factory, 72);
FIELD(ordeal_scenario_factory, struct_size, 0);
FIELD(ordeal_scenario_factory, reserved, 4);
FIELD(ordeal_scenario_factory, create, 8);
FIELD(ordeal_scenario_factory, destroy, 16);
FIELD(ordeal_scenario_factory, describe, 24);
FIELD(ordeal_scenario_factory, open, 32);
FIELD(ordeal_scenario_factory, close, 40);
FIELD(ordeal_scenario_factory, issue, 48);
FIELD(ordeal_scenario_factory, cancel, 56);
FIELD(ordeal_scenario_factory, drain, 64);

/* collector.h: ordeal_sample_sink */
SIZE(ordeal_sample_sink, 24);
FIELD(ordeal_sample_sink, struct_size, 0);
FIELD(ordeal_sample_sink, reserved, 4);
FIELD(ordeal_sample_sink, self, 8);
FIELD(ordeal_sample_sink, sample, 16);

/* collector.h: ordeal_collector_factory */
SIZE(ordeal_collector_factory, 40);
FIELD(ordeal_collector_factory, struct_size, 0);
FIELD(ordeal_collector_factory, reserved, 4);
FIELD(ordeal_collector_factory, create, 8);
FIELD(ordeal_collector_factory, destroy, 16);
FIELD(ordeal_collector_factory, describe, 24);
FIELD(ordeal_collector_factory, collect, 32);

/* rule.h: ordeal_sample */
SIZE(ordeal_sample, 56);
FIELD(ordeal_sample, struct_size, 0);
FIELD(ordeal_sample, type, 4);
FIELD(ordeal_sample, metric, 8);
FIELD(ordeal_sample, labels, 24);
FIELD(ordeal_sample, value, 40);
FIELD(ordeal_sample, mono_ns, 48);

/* rule.h: ordeal_interval */
SIZE(ordeal_interval, 144);
FIELD(ordeal_interval, struct_size, 0);
FIELD(ordeal_interval, reserved, 4);
FIELD(ordeal_interval, scenario, 8);
FIELD(ordeal_interval, kind, 24);
FIELD(ordeal_interval, start_ns, 40);
FIELD(ordeal_interval, end_ns, 48);
FIELD(ordeal_interval, outcomes, 56);
FIELD(ordeal_interval, p50_ns, 120);
FIELD(ordeal_interval, p99_ns, 128);
FIELD(ordeal_interval, max_ns, 136);

/* rule.h: ordeal_snapshot */
SIZE(ordeal_snapshot, 48);
FIELD(ordeal_snapshot, struct_size, 0);
FIELD(ordeal_snapshot, phase, 4);
FIELD(ordeal_snapshot, now_ns, 8);
FIELD(ordeal_snapshot, samples, 16);
FIELD(ordeal_snapshot, n_samples, 24);
FIELD(ordeal_snapshot, sample_stride, 28);
FIELD(ordeal_snapshot, intervals, 32);
FIELD(ordeal_snapshot, n_intervals, 40);
FIELD(ordeal_snapshot, interval_stride, 44);

/* rule.h: ordeal_verdict */
SIZE(ordeal_verdict, 64);
FIELD(ordeal_verdict, struct_size, 0);
FIELD(ordeal_verdict, level, 4);
FIELD(ordeal_verdict, metric, 8);
FIELD(ordeal_verdict, reason, 24);
FIELD(ordeal_verdict, value, 40);
FIELD(ordeal_verdict, limit, 48);
FIELD(ordeal_verdict, window_ns, 56);

/* rule.h: ordeal_rule_factory */
SIZE(ordeal_rule_factory, 32);
FIELD(ordeal_rule_factory, struct_size, 0);
FIELD(ordeal_rule_factory, reserved, 4);
FIELD(ordeal_rule_factory, create, 8);
FIELD(ordeal_rule_factory, destroy, 16);
FIELD(ordeal_rule_factory, evaluate, 24);

/* report.h: ordeal_file_sink */
SIZE(ordeal_file_sink, 40);
FIELD(ordeal_file_sink, struct_size, 0);
FIELD(ordeal_file_sink, reserved, 4);
FIELD(ordeal_file_sink, self, 8);
FIELD(ordeal_file_sink, begin, 16);
FIELD(ordeal_file_sink, write, 24);
FIELD(ordeal_file_sink, end, 32);

/* report.h: ordeal_report_factory */
SIZE(ordeal_report_factory, 40);
FIELD(ordeal_report_factory, struct_size, 0);
FIELD(ordeal_report_factory, reserved, 4);
FIELD(ordeal_report_factory, create, 8);
FIELD(ordeal_report_factory, destroy, 16);
FIELD(ordeal_report_factory, render, 24);
FIELD(ordeal_report_factory, interval, 32);

ORDEAL_ASSERT(ORDEAL_ABI_MAJOR == 0 && ORDEAL_ABI_MINOR == 1, "this file describes ABI 0.1");

/* Numbers that are part of the contract. */
ORDEAL_ASSERT(ORDEAL_OK == 0 && ORDEAL_E_INVALID == -1 && ORDEAL_E_UNSUPPORTED == -2 &&
                  ORDEAL_E_NOT_FOUND == -3 && ORDEAL_E_IO == -4 && ORDEAL_E_LIMIT == -5 &&
                  ORDEAL_E_STATE == -6 && ORDEAL_E_INTERNAL == -7,
              "status codes");
ORDEAL_ASSERT(ORDEAL_OUTCOME_OK == 0 && ORDEAL_OUTCOME_FAIL == 1 && ORDEAL_OUTCOME_TIMEOUT == 2 &&
                  ORDEAL_OUTCOME_REFUSED == 3 && ORDEAL_OUTCOME_THROTTLED == 4 &&
                  ORDEAL_OUTCOME_PROTOCOL == 5 && ORDEAL_OUTCOME_DROPPED == 6 &&
                  ORDEAL_OUTCOME_CANCELLED == 7 && ORDEAL_OUTCOME_COUNT == 8,
              "outcomes");
ORDEAL_ASSERT(ORDEAL_VERDICT_OK == 0 && ORDEAL_VERDICT_WARN == 1 && ORDEAL_VERDICT_THROTTLE == 2 &&
                  ORDEAL_VERDICT_HOLD == 3 && ORDEAL_VERDICT_STOP_PHASE == 4 &&
                  ORDEAL_VERDICT_ABORT == 5,
              "verdicts");
ORDEAL_ASSERT(ORDEAL_LOG_DEBUG == 0 && ORDEAL_LOG_INFO == 1 && ORDEAL_LOG_WARNING == 2 &&
                  ORDEAL_LOG_ERROR == 3,
              "severities");
ORDEAL_ASSERT(ORDEAL_METRIC_GAUGE == 0 && ORDEAL_METRIC_COUNTER == 1, "types of metrics");
ORDEAL_ASSERT(ORDEAL_IO_READ == 1 && ORDEAL_IO_WRITE == 2 && ORDEAL_IO_ERROR == 4 &&
                  ORDEAL_IO_HANGUP == 8,
              "events of descriptors");
ORDEAL_ASSERT(ORDEAL_STAGE_READINESS == 0 && ORDEAL_STAGE_BASELINE == 1 &&
                  ORDEAL_STAGE_PHASE == 2 && ORDEAL_STAGE_CAMPAIGN == 3,
              "stages");
ORDEAL_ASSERT(ORDEAL_OP_PROBE == 1 && ORDEAL_OP_WARM_UP == 2, "flags of operations");
ORDEAL_ASSERT(ORDEAL_CLOSE_ORDERLY == 0 && ORDEAL_CLOSE_ABRUPT == 1, "ways to close");
ORDEAL_ASSERT(ORDEAL_EVENT_PAYLOAD_MAX == 256, "payload of an event");
ORDEAL_ASSERT(ORDEAL_EVENT_BODY_MAX == 65536, "body of an event");
ORDEAL_ASSERT(ORDEAL_EVENTS_PER_SECOND == 100, "rate of events");
ORDEAL_ASSERT(ORDEAL_PLUGIN_MAGIC == UINT64_C(0x4c504c414544524f), "magic");

/* Texts cannot be compared in a constant expression of C; sdk.docs compares them. */
#define NAME(macro, text) ORDEAL_ASSERT(sizeof(macro) == sizeof(text), #macro)
NAME(ORDEAL_PLUGIN_ENTRY_SYMBOL, "ordeal_plugin_entry");
NAME(ORDEAL_SCENARIO, "ordeal.scenario/1");
NAME(ORDEAL_COLLECTOR, "ordeal.collector/1");
NAME(ORDEAL_RULE, "ordeal.rule/1");
NAME(ORDEAL_REPORT, "ordeal.report/1");
NAME(ORDEAL_HOST_LOG, "ordeal.host.log/1");
NAME(ORDEAL_HOST_CLOCK, "ordeal.host.clock/1");
NAME(ORDEAL_HOST_METRICS, "ordeal.host.metrics/1");
NAME(ORDEAL_HOST_BUS, "ordeal.host.bus/1");
NAME(ORDEAL_HOST_REACTOR, "ordeal.host.reactor/1");
NAME(ORDEAL_HOST_PROCESS, "ordeal.host.process/1");
