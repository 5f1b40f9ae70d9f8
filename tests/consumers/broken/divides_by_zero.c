/* SPDX-License-Identifier: Apache-2.0 */
/* Takes it for granted that a snapshot has samples. */
#define KIND_RULE
#define ON_USE self->count = 1000000u / snapshot->n_samples;
#include "plugin.h"
