/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to standard output. */
#define KIND_REPORT
#define ON_USE printf("rendering\n");
#include "plugin.h"
