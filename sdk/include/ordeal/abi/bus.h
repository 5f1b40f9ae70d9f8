/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host service ordeal.host.bus/1: topics declared in the manifest, nothing else.
 * The bus is for control, not for operations: at most 100 events per second and instance.
 *
 * All subscribers and the run's journal see one order, that of `seq`. What happens to an event
 * whose subscriber is behind is the topic's, as its publisher's manifest says:
 *  - control: nothing is lost; what cannot be delivered within 2 s fails the run.
 *  - state: a newer event of the same publishing instance replaces one that still waits.
 *  - stream: the newest is dropped; drops are counted and stand in the campaign report.
 *
 * A use of an undeclared topic during create refuses the component, whatever create returns.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_BUS "ordeal.host.bus/1"

/* The largest payload carried in an event itself; more goes into the body. Since 0.1. */
#define ORDEAL_EVENT_PAYLOAD_MAX 256u
/* The largest body. Since 0.1. */
#define ORDEAL_EVENT_BODY_MAX 65536u
/* Events an instance may publish in any one second. Since 0.1. */
#define ORDEAL_EVENTS_PER_SECOND 100u

/* One event. The host's; valid during the callback only. Since 0.1. */
typedef struct ordeal_event {
  uint32_t struct_size;
  uint32_t topic;    /* index in the order of the manifest's `subscribes` */
  uint32_t revision; /* of the topic's schema */
  uint32_t source;   /* number of the publishing instance within the run */
  uint32_t generation;
  uint32_t payload_size;
  uint64_t seq; /* the bus's total order */
  uint64_t mono_ns;
  const void* payload;
  ordeal_str body; /* empty when the event has none */
} ordeal_event;

/* [worker] Takes one event; `user` is what was given to `subscribe`. Must not block. Since 0.1. */
typedef void (*ordeal_event_fn)(void* user, const ordeal_event* event) ORDEAL_NOEXCEPT;

/* The host's; lives as long as the process. Since 0.1. */
typedef struct ordeal_host_bus {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Publishes on a topic of the manifest's `publishes`. The bytes are copied. Never waits:
   * the event is on its way when this returns. `payload` may be NULL when `size` is 0.
   * ORDEAL_E_NOT_FOUND: not declared. ORDEAL_E_LIMIT: payload or body too large, or too fast.
   * ORDEAL_E_INVALID: NULL with a size. ORDEAL_E_STATE: the instance is being destroyed.
   */
  int32_t (*publish)(const ordeal_host* host, ordeal_str topic, const void* payload, uint32_t size,
                     ordeal_str body) ORDEAL_NOEXCEPT;
  /*
   * [worker] Asks for the events of a topic of the manifest's `subscribes` from now on until the
   * instance ends; `fn` is called on [worker], never from inside another call of the plugin, one
   * event at a time. A slow `fn` delays nobody else. `topic` is read during the call only; `user`
   * stays the plugin's.
   * ORDEAL_E_NOT_FOUND: not declared. ORDEAL_E_STATE: asked before, or the instance is being
   * destroyed. ORDEAL_E_INVALID: `fn` is NULL.
   */
  int32_t (*subscribe)(const ordeal_host* host, ordeal_str topic, ordeal_event_fn fn,
                       void* user) ORDEAL_NOEXCEPT;
} ordeal_host_bus;

#ifdef __cplusplus
}
#endif
