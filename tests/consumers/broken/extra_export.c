/* SPDX-License-Identifier: Apache-2.0 */
/* Exports a helper beside its entry. */
#define KIND_REPORT
#include "plugin.h"
__attribute__((visibility("default"))) int helper(void);
int helper(void) { return 1; }
