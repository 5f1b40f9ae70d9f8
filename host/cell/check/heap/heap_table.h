/* SPDX-License-Identifier: Apache-2.0 */
/* Between ordeal-cell in its check mode and the allocator preloaded into it; both are of one build.
 */
#pragma once

#include <stdint.h>

#define ORDEAL_CHECK_HEAP_SYMBOL "ordeal_check_heap"

typedef struct ordeal_check_heap_table {
  void (*arm)(uint64_t nth, int onwards);
  void (*disarm)(void);
  uint64_t (*allocations)(void);
  void (*pause)(int by);
  void (*use)(int64_t* blocks, int64_t* bytes);
} ordeal_check_heap_table;
