/* SPDX-License-Identifier: Apache-2.0 */
/* Takes its time in a static constructor. */
#define KIND_REPORT
#include "plugin.h"
__attribute__((constructor)) static void begin(void) { usleep(150000); }
