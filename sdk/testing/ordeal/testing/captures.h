/* SPDX-License-Identifier: Apache-2.0 */
/* For unit tests in C: the sinks of collectors and reports, which keep what they are given. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "ordeal/abi/collector.h"
#include "ordeal/abi/report.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ORDEAL_SAMPLES 256

/* What one collect call sampled. */
typedef struct ordeal_sample_capture {
  ordeal_sample_sink sink; /* what `collect` takes: &capture.sink */
  uint32_t n;
  uint32_t metrics[ORDEAL_SAMPLES];
  char labels[ORDEAL_SAMPLES][64];
  double values[ORDEAL_SAMPLES];
} ordeal_sample_capture;

static inline int32_t ordeal_capture_sample_(const ordeal_sample_sink* sink, uint32_t metric,
                                             ordeal_str labels, double value) ORDEAL_NOEXCEPT {
  ordeal_sample_capture* capture = (ordeal_sample_capture*)sink->self;
  if (capture->n == ORDEAL_SAMPLES) return ORDEAL_E_LIMIT;
  capture->metrics[capture->n] = metric;
  snprintf(capture->labels[capture->n], sizeof capture->labels[0], "%.*s", (int)labels.len,
           labels.ptr == NULL ? "" : labels.ptr);
  capture->values[capture->n++] = value;
  return ORDEAL_OK;
}

/* Makes an empty capture, or empties one. `capture` must stay where it is. */
static inline void ordeal_sample_capture_init(ordeal_sample_capture* capture) {
  memset(capture, 0, sizeof *capture);
  capture->sink.struct_size = sizeof capture->sink;
  capture->sink.self = capture;
  capture->sink.sample = ordeal_capture_sample_;
}

/* The last file a report wrote. */
typedef struct ordeal_file_capture {
  ordeal_file_sink sink; /* what `render` takes: &capture.sink */
  uint32_t n_files;      /* files ended */
  int32_t open;
  char name[201];
  uint64_t size;
  char bytes[65536]; /* ended by NUL */
} ordeal_file_capture;

static inline int32_t ordeal_capture_begin_(const ordeal_file_sink* sink,
                                            ordeal_str name) ORDEAL_NOEXCEPT {
  ordeal_file_capture* capture = (ordeal_file_capture*)sink->self;
  if (capture->open != 0) return ORDEAL_E_STATE;
  if (name.len == 0 || name.len > 200 || name.ptr[0] == '.' ||
      memchr(name.ptr, '/', (size_t)name.len) != NULL) {
    return ORDEAL_E_INVALID;
  }
  capture->open = 1;
  capture->size = 0;
  snprintf(capture->name, sizeof capture->name, "%.*s", (int)name.len, name.ptr);
  return ORDEAL_OK;
}
static inline int32_t ordeal_capture_write_(const ordeal_file_sink* sink, const void* bytes,
                                            uint64_t size) ORDEAL_NOEXCEPT {
  ordeal_file_capture* capture = (ordeal_file_capture*)sink->self;
  if (capture->open == 0) return ORDEAL_E_STATE;
  if (size >= sizeof capture->bytes - capture->size) return ORDEAL_E_LIMIT;
  memcpy(capture->bytes + capture->size, bytes, (size_t)size);
  capture->size += size;
  capture->bytes[capture->size] = '\0';
  return ORDEAL_OK;
}
static inline int32_t ordeal_capture_end_(const ordeal_file_sink* sink) ORDEAL_NOEXCEPT {
  ordeal_file_capture* capture = (ordeal_file_capture*)sink->self;
  if (capture->open == 0) return ORDEAL_E_STATE;
  capture->open = 0;
  ++capture->n_files;
  return ORDEAL_OK;
}

/* Makes an empty capture, or empties one. `capture` must stay where it is. */
static inline void ordeal_file_capture_init(ordeal_file_capture* capture) {
  memset(capture, 0, sizeof *capture);
  capture->sink.struct_size = sizeof capture->sink;
  capture->sink.self = capture;
  capture->sink.begin = ordeal_capture_begin_;
  capture->sink.write = ordeal_capture_write_;
  capture->sink.end = ordeal_capture_end_;
}

#ifdef __cplusplus
}
#endif
