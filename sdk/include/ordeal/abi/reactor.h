/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host service ordeal.host.reactor/1: readiness of descriptors and timers on the worker's thread.
 * Callbacks must not block: a callback over 100 ms is reported as an overrun.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_REACTOR "ordeal.host.reactor/1"

/* Bits of `events`, level triggered. ERROR and HANGUP are always reported. Since 0.1. */
enum { ORDEAL_IO_READ = 1, ORDEAL_IO_WRITE = 2, ORDEAL_IO_ERROR = 4, ORDEAL_IO_HANGUP = 8 };

/* [worker] A watched descriptor is ready; `user` is what was given to `watch`. Since 0.1. */
typedef void (*ordeal_io_fn)(void* user, uint32_t events) ORDEAL_NOEXCEPT;
/* [worker] A timer has fired or a posted task's turn has come. Since 0.1. */
typedef void (*ordeal_task_fn)(void* user) ORDEAL_NOEXCEPT;

/*
 * The host's; lives as long as the process. `user` is the plugin's throughout: what it points at
 * must live until the callback has come or cannot come any more. Since 0.1.
 */
typedef struct ordeal_host_reactor {
  uint32_t struct_size;
  uint32_t reserved;

  /*
   * [worker] Watches `fd` (which stays the plugin's, and is non-blocking). One watch per
   * descriptor. `watch` receives a number for the two calls below; 0 is never used.
   * ORDEAL_E_NOT_FOUND: no such descriptor. ORDEAL_E_INVALID: watched already, a regular file, or
   * `fn` or `watch` is NULL. ORDEAL_E_LIMIT: the kernel's. ORDEAL_E_IO: any other refusal.
   */
  int32_t (*watch)(const ordeal_host* host, int32_t fd, uint32_t events, ordeal_io_fn fn,
                   void* user, uint64_t* watch) ORDEAL_NOEXCEPT;
  /* [worker] Changes what is waited for. ORDEAL_E_NOT_FOUND: no such watch; others as above. */
  int32_t (*rewatch)(const ordeal_host* host, uint64_t watch, uint32_t events) ORDEAL_NOEXCEPT;
  /*
   * [worker] Ends a watch: before the descriptor is closed. No callback follows.
   * ORDEAL_E_NOT_FOUND: no such watch.
   */
  int32_t (*unwatch)(const ordeal_host* host, uint64_t watch) ORDEAL_NOEXCEPT;

  /*
   * [worker] Calls fn once at `at_ns` (CLOCK_MONOTONIC) or as soon after it as possible, never from
   * inside this call. ORDEAL_E_INVALID: `fn` or `timer` is NULL.
   */
  int32_t (*timer)(const ordeal_host* host, uint64_t at_ns, ordeal_task_fn fn, void* user,
                   uint64_t* timer) ORDEAL_NOEXCEPT;
  /* [worker] Ends a timer: no callback follows. ORDEAL_E_NOT_FOUND when it has fired already. */
  int32_t (*cancel_timer)(const ordeal_host* host, uint64_t timer) ORDEAL_NOEXCEPT;

  /*
   * [any] Calls fn on [worker], in the order posted. The only function of this table that other
   * threads may call. ORDEAL_E_LIMIT when 65,536 are waiting; ORDEAL_E_STATE once the instance is
   * being destroyed (fn is then never called); ORDEAL_E_INVALID: `fn` is NULL.
   */
  int32_t (*post)(const ordeal_host* host, ordeal_task_fn fn, void* user) ORDEAL_NOEXCEPT;
} ordeal_host_reactor;

#ifdef __cplusplus
}
#endif
