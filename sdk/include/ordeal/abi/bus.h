/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host service ordeal.host.bus/1: topics declared in the manifest, nothing else.
 * The bus is for control, not for operations: at most 100 events per second and instance.
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
   * [worker] Publishes on a topic of the manifest's `publishes`. The bytes are copied.
   * ORDEAL_E_NOT_FOUND: not declared. ORDEAL_E_LIMIT: payload too large, or too fast.
   */
  int32_t (*publish)(const ordeal_host* host, ordeal_str topic, const void* payload, uint32_t size,
                     ordeal_str body) ORDEAL_NOEXCEPT;
  /*
   * [worker] Asks for the events of a topic of the manifest's `subscribes`; `fn` is called on
   * [worker] until the instance is destroyed. `topic` is read during the call only; `user` stays
   * the plugin's. ORDEAL_E_NOT_FOUND: not declared.
   */
  int32_t (*subscribe)(const ordeal_host* host, ordeal_str topic, ordeal_event_fn fn,
                       void* user) ORDEAL_NOEXCEPT;
} ordeal_host_bus;

#ifdef __cplusplus
}
#endif
