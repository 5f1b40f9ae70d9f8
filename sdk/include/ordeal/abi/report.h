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

#define ORDEAL_REPORT "ordeal.report/1"

enum {
  ORDEAL_STAGE_READINESS = 0,
  ORDEAL_STAGE_BASELINE = 1,
  ORDEAL_STAGE_PHASE = 2,
  ORDEAL_STAGE_CAMPAIGN = 3
};

/* Where a report puts its files. Valid during one `render` call. All: [worker]. Since 0.1. */
typedef struct ordeal_file_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* self;
  /*
   * Begins a file of the run's reports folder. `name` is a plain file name: letters, digits, and
   * ._- inside, at most 200 bytes. A file of that name is replaced, whole or not at all.
   */
  int32_t (*begin)(const struct ordeal_file_sink* sink, ordeal_str name) ORDEAL_NOEXCEPT;
  /* Appends to the file begun. ORDEAL_E_LIMIT above 64 MiB a file. */
  int32_t (*write)(const struct ordeal_file_sink* sink, const void* bytes,
                   uint64_t size) ORDEAL_NOEXCEPT;
  /* Ends the file begun. Without it the file is not kept. */
  int32_t (*end)(const struct ordeal_file_sink* sink) ORDEAL_NOEXCEPT;
} ordeal_file_sink;

/* Since 0.1. All functions: [worker]. */
typedef struct ordeal_report_factory {
  uint32_t struct_size;
  uint32_t reserved;
  /* As in scenario.h. */
  int32_t (*create)(const ordeal_host* host, ordeal_str component, ordeal_str config,
                    void** instance) ORDEAL_NOEXCEPT;
  void (*destroy)(void* instance) ORDEAL_NOEXCEPT;
  /* Writes the files of one stage. A stage it has nothing to write for is ORDEAL_OK. */
  int32_t (*render)(void* instance, uint32_t stage, ordeal_str document,
                    const ordeal_file_sink* sink) ORDEAL_NOEXCEPT;
  /*
   * Streaming, may be NULL: one interval/1 event as JSON. A slow exporter loses events (counted in
   * the report), it never delays the run.
   */
  void (*interval)(void* instance, ordeal_str json) ORDEAL_NOEXCEPT;
} ordeal_report_factory;

#ifdef __cplusplus
}
#endif
