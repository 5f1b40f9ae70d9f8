/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ordeal-check-heap.so: malloc and its kin over those of libc, preloaded into the processes of
 * `ordeal plugin check` that count allocations or make them fail. Calls libc by its __libc_ names:
 * looking them up with dlsym would allocate.
 */
#include "heap_table.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void* block);

#define PUBLIC __attribute__((visibility("default")))
/* The preloaded library is there from the start, so its TLS needs no allocation of its own. */
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))

static atomic_llong blocks;
static atomic_llong bytes;

PER_THREAD int armed;
PER_THREAD int persistent;
PER_THREAD int paused;
PER_THREAD uint64_t fail_at;
PER_THREAD uint64_t seen;

static int fails(void) {
  if (!armed || paused != 0) return 0;
  ++seen;
  return fail_at != 0 && (seen == fail_at || (persistent && seen > fail_at));
}

static void* gave(void* block) {
  if (block != NULL && paused == 0) {
    atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&bytes, (long long)malloc_usable_size(block), memory_order_relaxed);
  }
  return block;
}

static void taken(void* block) {
  if (paused != 0) return;
  atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
  atomic_fetch_sub_explicit(&bytes, (long long)malloc_usable_size(block), memory_order_relaxed);
}

static void* none(void) {
  errno = ENOMEM;
  return NULL;
}

PUBLIC void* malloc(size_t size) { return fails() ? none() : gave(__libc_malloc(size)); }

PUBLIC void* calloc(size_t count, size_t size) {
  return fails() ? none() : gave(__libc_calloc(count, size));
}

PUBLIC void* realloc(void* block, size_t size) {
  if (size != 0 && fails()) return none();
  if (block == NULL) return gave(__libc_realloc(NULL, size));
  const size_t before = malloc_usable_size(block);
  void* moved = __libc_realloc(block, size);
  if (moved == NULL && size != 0) return NULL;
  if (paused == 0) {
    atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
    atomic_fetch_sub_explicit(&bytes, (long long)before, memory_order_relaxed);
  }
  return gave(moved);
}

PUBLIC void free(void* block) {
  if (block == NULL) return;
  taken(block);
  __libc_free(block);
}

PUBLIC void* memalign(size_t alignment, size_t size) {
  return fails() ? none() : gave(__libc_memalign(alignment, size));
}

PUBLIC void* aligned_alloc(size_t alignment, size_t size) {
  return fails() ? none() : gave(__libc_memalign(alignment, size));
}

PUBLIC int posix_memalign(void** block, size_t alignment, size_t size) {
  if (alignment < sizeof(void*) || (alignment & (alignment - 1)) != 0) return EINVAL;
  if (fails()) return ENOMEM;
  void* made = gave(__libc_memalign(alignment, size));
  if (made == NULL) return ENOMEM;
  *block = made;
  return 0;
}

static void arm(uint64_t nth, int onwards) {
  fail_at = nth;
  persistent = onwards;
  seen = 0;
  armed = 1;
}

static void disarm(void) { armed = 0; }

static uint64_t allocations(void) { return seen; }

static void pause_by(int by) { paused += by; }

static void use(int64_t* n, int64_t* size) {
  *n = atomic_load_explicit(&blocks, memory_order_relaxed);
  *size = atomic_load_explicit(&bytes, memory_order_relaxed);
}

PUBLIC extern const ordeal_check_heap_table ordeal_check_heap;
const ordeal_check_heap_table ordeal_check_heap = {arm, disarm, allocations, pause_by, use};
