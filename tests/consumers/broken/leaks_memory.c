/* SPDX-License-Identifier: Apache-2.0 */
/* Forgets what it has allocated. */
#define KIND_REPORT
#define ON_CREATE self->extra = malloc(100);
#include "plugin.h"
