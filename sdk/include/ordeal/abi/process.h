/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host service ordeal.host.process/1: a child process of the run. Plugins never fork. The child is
 * started by the init of the plugin's own containment, so it ends with the run whatever happens.
 *
 * Offered only to plugins whose manifest asks for it with `requires.privileges: ["process"]`;
 * otherwise get_extension gives NULL.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this service. Since 0.1. */
#define ORDEAL_HOST_PROCESS "ordeal.host.process/1"

/* What to start. The plugin's; read during `start` only, strings included. Since 0.1. */
typedef struct ordeal_process_spec {
  uint32_t struct_size;
  uint32_t n_argv;
  const ordeal_str* argv; /* argv[0] is looked up in PATH when it has no slash */
  const ordeal_str* env;  /* "NAME=value", added to the run's own environment */
  uint32_t n_env;
  uint32_t reserved;
  ordeal_str cwd; /* empty: the run directory */
} ordeal_process_spec;

/*
 * What became of a start. The struct is the host's and valid during the callback; descriptors are
 * the plugin's to close, all of them close-on-exec; those of stdio are the other ends of pipes and
 * do not block. -1 after a failed start. Since 0.1.
 */
typedef struct ordeal_process_started {
  uint32_t struct_size;
  int32_t stdin_fd;
  int32_t stdout_fd;
  int32_t stderr_fd;
  int32_t pidfd;
  int32_t error; /* errno of the failed start, 0 when it runs */
} ordeal_process_started;

/* How a child ended. The host's; valid during the callback. Since 0.1. */
typedef struct ordeal_process_exit {
  uint32_t struct_size;
  int32_t wait_status; /* as waitpid gives it */
  uint64_t user_ns;
  uint64_t system_ns;
  uint64_t max_rss_bytes;
} ordeal_process_exit;

/* [worker] Called once for each `start` that returned ORDEAL_OK. Must not block. Since 0.1. */
typedef void (*ordeal_process_started_fn)(void* user,
                                          const ordeal_process_started* started) ORDEAL_NOEXCEPT;
/* [worker] Called once for each child that ran, after it was reaped. Must not block. Since 0.1. */
typedef void (*ordeal_process_exit_fn)(void* user, const ordeal_process_exit* exit) ORDEAL_NOEXCEPT;

/* The host's; lives as long as the process. Since 0.1. */
typedef struct ordeal_host_process {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Asks for a start; `started` is called on [worker] with the result, and after a
   * successful start `exited` once. Strings are copied. `process` numbers the child. Neither
   * comes before this call has returned, nor once the instance is being destroyed: its children
   * get SIGKILL then. ORDEAL_E_INVALID: no program, a callback that is NULL, a string with a NUL
   * byte; ORDEAL_E_LIMIT when all strings together exceed 64 KiB; ORDEAL_E_IO when the run is
   * ending; ORDEAL_E_STATE once the instance is being destroyed.
   */
  int32_t (*start)(const ordeal_host* host, const ordeal_process_spec* spec,
                   ordeal_process_started_fn started, ordeal_process_exit_fn exited, void* user,
                   uint64_t* process) ORDEAL_NOEXCEPT;
  /*
   * [worker] Sends a signal to a child that still runs. ORDEAL_E_NOT_FOUND after `exited`, or when
   * the child is another instance's; ORDEAL_E_INVALID: no such signal; ORDEAL_E_IO and
   * ORDEAL_E_STATE as above.
   */
  int32_t (*signal)(const ordeal_host* host, uint64_t process, int32_t signal) ORDEAL_NOEXCEPT;
} ordeal_host_process;

#ifdef __cplusplus
}
#endif
