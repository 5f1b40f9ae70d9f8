/* SPDX-License-Identifier: Apache-2.0 */
/* Its factory lacks the one function a rule is there for. */
#define KIND_RULE
#define EVALUATE NULL
#include "plugin.h"
static int32_t (*const unused)(void*, const ordeal_snapshot*, ordeal_verdict*) = evaluate;
__attribute__((used)) static const void* keep(void) { return (const void*)&unused; }
