/* SPDX-License-Identifier: Apache-2.0 */
/* Host service ordeal.host.log/1: one line of log. The host adds time, plugin id and component. */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_LOG "ordeal.host.log/1"

/* Values of `severity`; a greater one counts as ERROR. Since 0.1. */
enum { ORDEAL_LOG_DEBUG = 0, ORDEAL_LOG_INFO = 1, ORDEAL_LOG_WARNING = 2, ORDEAL_LOG_ERROR = 3 };

/* The host's; lives as long as the process. Since 0.1. */
typedef struct ordeal_host_log {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [any] Never blocks and never fails: a line beyond the host's rate (1,000 lines/s per instance)
   * is counted and dropped, and the count is logged. `message` is copied, at most 4,096 bytes of
   * it.
   */
  void (*write)(const ordeal_host* host, uint32_t severity, ordeal_str message) ORDEAL_NOEXCEPT;
} ordeal_host_log;

#ifdef __cplusplus
}
#endif
