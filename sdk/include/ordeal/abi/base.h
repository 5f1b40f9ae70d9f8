/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ground rules of the ordeal plugin ABI, and the types every other header uses.
 *
 * Reads as C11 and as C++20. The rules that hold for every header in this folder:
 *
 *  - A struct that crosses the boundary starts with `uint32_t struct_size`, set by the side that
 *    fills it. Fields are only ever appended. A reader copies min(struct_size, what it knows) and
 *    treats the rest as zero. `ordeal_str` and the entry are the two exceptions, and never grow.
 *  - Tables of functions are reached by pointer. A NULL function pointer means "not supported".
 *  - A function returns a status: ORDEAL_OK or a negative ORDEAL_E_* code. Before it returns an
 *    error a plugin says why through `ordeal_host::set_error`.
 *  - No exception crosses; in C++ every function pointer is noexcept.
 *  - Nothing allocated on one side is freed on the other. A pointer passed in is valid for the
 *    call only, unless its comment gives a longer life.
 *  - Threads are named in square brackets, at every function: [worker] the one thread that owns an
 *    instance, [any] any thread.
 *  - Every function, struct and constant says since which minor it is there, itself or through the
 *    struct it belongs to. Every function with a status says which errors it returns: a plugin's
 *    own may return any ORDEAL_E_*, and a host function that gets a NULL pointer where its comment
 *    does not allow one is misused, not refused.
 *  - Times are nanoseconds of CLOCK_MONOTONIC, durations are nanoseconds, sizes are bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ORDEAL_NOEXCEPT noexcept
extern "C" {
#else
#define ORDEAL_NOEXCEPT
#endif

/* A plugin's major must equal the host's. Since 0.1. */
#define ORDEAL_ABI_MAJOR 0u
/* While the major is 0 a plugin's minor must equal the host's. Since 0.1. */
#define ORDEAL_ABI_MINOR 1u

/* UTF-8 text, not NUL-terminated. `ptr` may be NULL when `len` is 0. Never grows. Since 0.1. */
typedef struct ordeal_str {
  const char* ptr;
  uint64_t len;
} ordeal_str;

/* Status codes. Zero is success; errors are negative. Since 0.1. */
enum {
  ORDEAL_OK = 0,
  ORDEAL_E_INVALID = -1,     /* an argument or a config value is wrong */
  ORDEAL_E_UNSUPPORTED = -2, /* the callee does not do this */
  ORDEAL_E_NOT_FOUND = -3,   /* no such component, metric, descriptor, file */
  ORDEAL_E_IO = -4,          /* the operating system refused */
  ORDEAL_E_LIMIT = -5,       /* a documented bound would be exceeded */
  ORDEAL_E_STATE = -6,       /* not allowed in this state */
  ORDEAL_E_INTERNAL = -7     /* a defect; an exception was caught at the edge */
};

/* One per component instance; lives as long as the instance. Read-only for the plugin. Since 0.1.
 */
typedef struct ordeal_host ordeal_host;

/*
 * What every plugin gets from the host. Since 0.1.
 */
struct ordeal_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;

  /* The host's, for the host's own use. A plugin passes `self` back and never looks inside. */
  void* self;

  /*
   * [any] Returns the table of the host service `id` ("ordeal.host.log/1"), or NULL when this host
   * does not offer it. The table is the host's and lives as long as the process; its functions take
   * this `host` back. The comparison is exact, and `id` is read during the call only.
   */
  const void* (*get_extension)(const ordeal_host* host, ordeal_str id)ORDEAL_NOEXCEPT;

  /*
   * [worker] Says why the call in progress is about to return an error. The text is copied (at most
   * 1,024 bytes of it). The last text before the return counts. Cannot fail.
   */
  void (*set_error)(const ordeal_host* host, ordeal_str message) ORDEAL_NOEXCEPT;
};

#ifdef __cplusplus
}
#endif
