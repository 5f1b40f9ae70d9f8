/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for unit tests of plugins written in C: what a plugin says is kept for the test to look
 * at, descriptors and timers are real. In C++ use fake_host.hpp, which has more.
 *
 *   ordeal_fake_host host;
 *   ordeal_fake_host_init(&host);
 *   CHECK(factory->create(&host.host, ...) == ORDEAL_OK);
 *
 * One thread, except ordeal.host.reactor/1's `post`, which is not offered here: a plugin with
 * threads of its own is tested with fake_host.hpp. Needs POSIX declarations: GNU C, or
 * _POSIX_C_SOURCE=200809L.
 */
#pragma once

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ordeal/abi/clock.h"
#include "ordeal/abi/log.h"
#include "ordeal/abi/reactor.h"
#include "ordeal/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ORDEAL_FAKE_WATCHES 64

typedef struct ordeal_fake_watch {
  uint64_t id; /* 0: free */
  int32_t fd;  /* -1: a timer */
  uint32_t events;
  uint64_t at_ns;
  ordeal_io_fn ready;
  ordeal_task_fn task;
  void* user;
} ordeal_fake_watch;

typedef struct ordeal_fake_host {
  ordeal_host host; /* what `create` takes: &fake.host */
  char error[1025]; /* the text of the last set_error */
  char log[8192];   /* every line logged, each ended by a newline; the first 8 KiB of them */
  uint64_t watches_made;
  ordeal_fake_watch watches[ORDEAL_FAKE_WATCHES];
} ordeal_fake_host;

static inline ordeal_fake_host* ordeal_fake_of_(const ordeal_host* host) {
  return (ordeal_fake_host*)host->self;
}

static inline uint64_t ordeal_fake_ns_(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
static inline uint64_t ordeal_fake_now_(const ordeal_host* host) ORDEAL_NOEXCEPT {
  (void)host;
  return ordeal_fake_ns_(CLOCK_MONOTONIC);
}
static inline uint64_t ordeal_fake_wall_(const ordeal_host* host) ORDEAL_NOEXCEPT {
  (void)host;
  return ordeal_fake_ns_(CLOCK_REALTIME);
}

static inline void ordeal_fake_error_(const ordeal_host* host, ordeal_str message) ORDEAL_NOEXCEPT {
  snprintf(ordeal_fake_of_(host)->error, sizeof ordeal_fake_of_(host)->error, "%.*s",
           (int)message.len, message.ptr);
}

static inline void ordeal_fake_log_(const ordeal_host* host, uint32_t severity,
                                    ordeal_str message) ORDEAL_NOEXCEPT {
  (void)severity;
  char* log = ordeal_fake_of_(host)->log;
  const size_t used = strlen(log);
  snprintf(log + used, sizeof ordeal_fake_of_(host)->log - used, "%.*s\n", (int)message.len,
           message.ptr);
}

static inline ordeal_fake_watch* ordeal_fake_find_(const ordeal_host* host, uint64_t id) {
  ordeal_fake_host* fake = ordeal_fake_of_(host);
  for (int i = 0; i < ORDEAL_FAKE_WATCHES; ++i) {
    if (fake->watches[i].id == id) return &fake->watches[i];
  }
  return NULL;
}
static inline int32_t ordeal_fake_add_(const ordeal_host* host, ordeal_fake_watch watch,
                                       uint64_t* id) {
  ordeal_fake_watch* free_one = ordeal_fake_find_(host, 0);
  if (free_one == NULL) return ORDEAL_E_LIMIT;
  *id = watch.id = ++ordeal_fake_of_(host)->watches_made;
  *free_one = watch;
  return ORDEAL_OK;
}
static inline int32_t ordeal_fake_watch_(const ordeal_host* host, int32_t fd, uint32_t events,
                                         ordeal_io_fn fn, void* user,
                                         uint64_t* id) ORDEAL_NOEXCEPT {
  if (fd < 0 || fn == NULL || id == NULL) return ORDEAL_E_INVALID;
  const ordeal_fake_watch watch = {0, fd, events, 0, fn, NULL, user};
  return ordeal_fake_add_(host, watch, id);
}
static inline int32_t ordeal_fake_rewatch_(const ordeal_host* host, uint64_t id,
                                           uint32_t events) ORDEAL_NOEXCEPT {
  ordeal_fake_watch* watch = id == 0 ? NULL : ordeal_fake_find_(host, id);
  if (watch == NULL) return ORDEAL_E_NOT_FOUND;
  watch->events = events;
  return ORDEAL_OK;
}
static inline int32_t ordeal_fake_unwatch_(const ordeal_host* host, uint64_t id) ORDEAL_NOEXCEPT {
  ordeal_fake_watch* watch = id == 0 ? NULL : ordeal_fake_find_(host, id);
  if (watch == NULL) return ORDEAL_E_NOT_FOUND;
  watch->id = 0;
  return ORDEAL_OK;
}
static inline int32_t ordeal_fake_timer_(const ordeal_host* host, uint64_t at_ns, ordeal_task_fn fn,
                                         void* user, uint64_t* id) ORDEAL_NOEXCEPT {
  if (fn == NULL || id == NULL) return ORDEAL_E_INVALID;
  const ordeal_fake_watch timer = {0, -1, 0, at_ns, NULL, fn, user};
  return ordeal_fake_add_(host, timer, id);
}

static inline const void* ordeal_fake_extension_(const ordeal_host* host,
                                                 ordeal_str id) ORDEAL_NOEXCEPT {
  static const ordeal_host_log log = {sizeof(ordeal_host_log), 0, ordeal_fake_log_};
  static const ordeal_host_clock clock = {sizeof(ordeal_host_clock), 0, ordeal_fake_now_,
                                          ordeal_fake_wall_};
  static const ordeal_host_reactor reactor = {sizeof(ordeal_host_reactor), 0,
                                              ordeal_fake_watch_,          ordeal_fake_rewatch_,
                                              ordeal_fake_unwatch_,        ordeal_fake_timer_,
                                              ordeal_fake_unwatch_,        NULL};
  (void)host;
  if (ordeal_is(id, ORDEAL_HOST_LOG)) return &log;
  if (ordeal_is(id, ORDEAL_HOST_CLOCK)) return &clock;
  if (ordeal_is(id, ORDEAL_HOST_REACTOR)) return &reactor;
  return NULL;
}

/* Makes a host. `fake` must stay where it is. */
static inline void ordeal_fake_host_init(ordeal_fake_host* fake) {
  memset(fake, 0, sizeof *fake);
  fake->host.struct_size = sizeof fake->host;
  fake->host.abi_major = ORDEAL_ABI_MAJOR;
  fake->host.abi_minor = ORDEAL_ABI_MINOR;
  fake->host.self = fake;
  fake->host.get_extension = ordeal_fake_extension_;
  fake->host.set_error = ordeal_fake_error_;
}

/* Calls what is ready: waits at most `timeout_ms` for it, returns the number of callbacks. */
static inline int ordeal_fake_run_once(ordeal_fake_host* fake, int timeout_ms) {
  struct pollfd fds[ORDEAL_FAKE_WATCHES];
  ordeal_fake_watch due[ORDEAL_FAKE_WATCHES];
  nfds_t n = 0;
  const uint64_t now = ordeal_fake_ns_(CLOCK_MONOTONIC);
  for (int i = 0; i < ORDEAL_FAKE_WATCHES; ++i) {
    const ordeal_fake_watch* watch = &fake->watches[i];
    if (watch->id == 0) continue;
    const struct pollfd fd = {watch->fd,
                              (short)(((watch->events & ORDEAL_IO_READ) != 0 ? POLLIN : 0) |
                                      ((watch->events & ORDEAL_IO_WRITE) != 0 ? POLLOUT : 0)),
                              0};
    if (watch->fd < 0) {
      const int left = watch->at_ns <= now ? 0 : (int)((watch->at_ns - now) / 1000000u) + 1;
      if (left < timeout_ms) timeout_ms = left;
    }
    due[n] = *watch;
    fds[n++] = fd;
  }
  if (poll(fds, n, timeout_ms) < 0) return 0;
  int called = 0;
  for (nfds_t i = 0; i < n; ++i) {
    if (ordeal_fake_find_(&fake->host, due[i].id) == NULL) continue; /* ended by an earlier one */
    if (due[i].fd < 0) {
      if (due[i].at_ns > ordeal_fake_ns_(CLOCK_MONOTONIC)) continue;
      ordeal_fake_unwatch_(&fake->host, due[i].id);
      due[i].task(due[i].user);
      ++called;
    } else if (fds[i].revents != 0) {
      const int got = fds[i].revents;
      due[i].ready(due[i].user,
                   (uint32_t)(((got & POLLIN) != 0 ? ORDEAL_IO_READ : 0) |
                              ((got & POLLOUT) != 0 ? ORDEAL_IO_WRITE : 0) |
                              ((got & (POLLERR | POLLNVAL)) != 0 ? ORDEAL_IO_ERROR : 0) |
                              ((got & POLLHUP) != 0 ? ORDEAL_IO_HANGUP : 0)));
      ++called;
    }
  }
  return called;
}

/* Descriptors and timers a plugin still has: 0 once its sessions are closed. */
static inline int ordeal_fake_watching(const ordeal_fake_host* fake) {
  int n = 0;
  for (int i = 0; i < ORDEAL_FAKE_WATCHES; ++i) n += fake->watches[i].id != 0 ? 1 : 0;
  return n;
}

#ifdef __cplusplus
}
#endif
