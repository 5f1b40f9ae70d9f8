/* SPDX-License-Identifier: Apache-2.0 */
/* Host service ordeal.host.clock/1. Tests may supply a clock of their own through it. */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_CLOCK "ordeal.host.clock/1"

/* The host's; lives as long as the process. Neither function can fail. Since 0.1. */
typedef struct ordeal_host_clock {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any] Nanoseconds of CLOCK_MONOTONIC. */
  uint64_t (*monotonic_ns)(const ordeal_host* host) ORDEAL_NOEXCEPT;
  /* [any] Nanoseconds since 1970-01-01T00:00:00Z. May jump. */
  uint64_t (*wall_ns)(const ordeal_host* host) ORDEAL_NOEXCEPT;
} ordeal_host_clock;

#ifdef __cplusplus
}
#endif
