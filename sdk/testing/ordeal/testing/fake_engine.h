/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's side of a scenario for unit tests in C: it only keeps what it is told. */
#pragma once

#include <string.h>

#include "ordeal/abi/scenario.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ORDEAL_FAKE_OPERATIONS 256

typedef struct ordeal_fake_engine {
  ordeal_engine engine; /* what `create` takes: &fake.engine */
  uint32_t n_operations;
  ordeal_op operations[ORDEAL_FAKE_OPERATIONS]; /* the one with id i + 1 at i */
  uint32_t done[ORDEAL_FAKE_OPERATIONS];        /* 1: completed */
  uint32_t outcomes[ORDEAL_OUTCOME_COUNT];      /* completions by outcome */
  ordeal_result last;                           /* of the last completion, without its marks */
  uint32_t opened;                              /* answers to `open` that were ORDEAL_OUTCOME_OK */
  uint32_t refused;                             /* all other answers to `open` */
  uint32_t lost;
  int64_t last_code; /* of the last `opened` or `lost` */
  uint32_t observations;
  uint32_t misbehaviour; /* second completions, and completions of ids never issued */
} ordeal_fake_engine;

static inline void ordeal_fake_complete_(const ordeal_engine* engine, uint64_t op_id,
                                         const ordeal_result* result) ORDEAL_NOEXCEPT {
  ordeal_fake_engine* fake = (ordeal_fake_engine*)engine->self;
  if (op_id == 0 || op_id > fake->n_operations || fake->done[op_id - 1] != 0 ||
      result->outcome >= ORDEAL_OUTCOME_COUNT) {
    ++fake->misbehaviour;
    return;
  }
  fake->done[op_id - 1] = 1;
  ++fake->outcomes[result->outcome];
  fake->last = *result;
  fake->last.marks = NULL;
}
static inline void ordeal_fake_opened_(const ordeal_engine* engine, ordeal_session_id session,
                                       uint32_t outcome, int64_t code, const ordeal_mark* marks,
                                       uint32_t n_marks) ORDEAL_NOEXCEPT {
  ordeal_fake_engine* fake = (ordeal_fake_engine*)engine->self;
  (void)session, (void)marks, (void)n_marks;
  ++*(outcome == ORDEAL_OUTCOME_OK ? &fake->opened : &fake->refused);
  fake->last_code = code;
}
static inline void ordeal_fake_lost_(const ordeal_engine* engine, ordeal_session_id session,
                                     uint32_t outcome, int64_t code) ORDEAL_NOEXCEPT {
  ordeal_fake_engine* fake = (ordeal_fake_engine*)engine->self;
  (void)session, (void)outcome;
  ++fake->lost;
  fake->last_code = code;
}
static inline void ordeal_fake_observe_(const ordeal_engine* engine, ordeal_session_id session,
                                        uint32_t mark, uint64_t value_ns) ORDEAL_NOEXCEPT {
  (void)session, (void)mark, (void)value_ns;
  ++((ordeal_fake_engine*)engine->self)->observations;
}

/* Makes an engine. `fake` must stay where it is. */
static inline void ordeal_fake_engine_init(ordeal_fake_engine* fake) {
  memset(fake, 0, sizeof *fake);
  fake->engine.struct_size = sizeof fake->engine;
  fake->engine.self = fake;
  fake->engine.complete = ordeal_fake_complete_;
  fake->engine.opened = ordeal_fake_opened_;
  fake->engine.lost = ordeal_fake_lost_;
  fake->engine.observe = ordeal_fake_observe_;
}

/* A new operation, valid as long as the engine; NULL after 256. Ids are never reused. */
static inline const ordeal_op* ordeal_fake_op(ordeal_fake_engine* fake, ordeal_session_id session,
                                              uint32_t kind) {
  if (fake->n_operations == ORDEAL_FAKE_OPERATIONS) return NULL;
  ordeal_op* op = &fake->operations[fake->n_operations++];
  memset(op, 0, sizeof *op);
  op->struct_size = sizeof *op;
  op->session = session;
  op->id = fake->n_operations;
  op->kind = kind;
  op->deadline_ns = UINT64_MAX;
  return op;
}

#ifdef __cplusplus
}
#endif
