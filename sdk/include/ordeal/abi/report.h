/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extension ordeal.report/1: writes results. Called once per stage with that stage's document
 * (versioned JSON, one published schema each: `ordeal schema campaign-report`). Runs in a cell of
 * its own, so a crash loses that report and nothing else. The same document must give the same
 * bytes.
 */
#pragma once

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The id of this extension. Since 0.1. */
#define ORDEAL_REPORT "ordeal.report/1"

/*
 * Values of `stage`; the document of each says of itself which it is (`document`): readiness,
 * baseline, phase (once per phase), campaign. A later minor may add stages: leave alone what you do
 * not know. Since 0.1.
 */
enum {
  ORDEAL_STAGE_READINESS = 0,
  ORDEAL_STAGE_BASELINE = 1,
  ORDEAL_STAGE_PHASE = 2,
  ORDEAL_STAGE_CAMPAIGN = 3
};

/* Where a report puts its files. The host's; valid during one `render` call. Since 0.1. */
typedef struct ordeal_file_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  /*
   * [worker] Begins a file of the run's reports folder. `name` (copied) is a plain file name:
   * letters, digits, and ._- inside, at most 200 bytes. A file of that name is replaced, whole or
   * not at all. ORDEAL_E_INVALID: not such a name. ORDEAL_E_STATE: another file is not ended.
   */
  int32_t (*begin)(const struct ordeal_file_sink* sink, ordeal_str name) ORDEAL_NOEXCEPT;
  /*
   * [worker] Appends to the file begun; the bytes are copied. ORDEAL_E_LIMIT above 64 MiB a file.
   * ORDEAL_E_STATE: no file is begun.
   */
  int32_t (*write)(const struct ordeal_file_sink* sink, const void* bytes,
                   uint64_t size) ORDEAL_NOEXCEPT;
  /* [worker] Ends the file begun; without it the file is not kept. ORDEAL_E_STATE: none is begun.
   */
  int32_t (*end)(const struct ordeal_file_sink* sink) ORDEAL_NOEXCEPT;
} ordeal_file_sink;

/* Functions of one component kind. The plugin's; lives until deinit. Since 0.1. */
typedef struct ordeal_report_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /*
   * [worker] Makes an instance: `component` is the component's id from the manifest, `config` JSON
   * that satisfies its schema, defaults merged in; both are read during the call only. `host`
   * outlives the instance. After an error (with set_error) `instance` is not looked at.
   */
  int32_t (*create)(const ordeal_host* host, ordeal_str component, ordeal_str config,
                    void** instance) ORDEAL_NOEXCEPT;
  /* [worker] Ends an instance, once, after all other calls. Its host is not used afterwards. */
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;
  /*
   * [worker] Writes the files of one stage. A stage it has nothing to write for is ORDEAL_OK.
   * `document` is the host's and valid during the call. An error (with set_error) is named in the
   * run's events; files ended before it are kept. It has 60 s, and 3 s while a run is being
   * stopped; three failures and the report is given up.
   */
  int32_t (*render)(void* instance, uint32_t stage, ordeal_str document,
                    const ordeal_file_sink* sink) ORDEAL_NOEXCEPT;
  /*
   * [worker] Streaming, may be NULL: one interval/1 event as JSON, valid during the call. Never
   * called during `render`. A slow exporter loses events (counted in the report), it never delays
   * the run. Cannot fail.
   */
  void (*interval)(void* instance, ordeal_str json) ORDEAL_NOEXCEPT;
} ordeal_report_factory;

#ifdef __cplusplus
}
#endif
