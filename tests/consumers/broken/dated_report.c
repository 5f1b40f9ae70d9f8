/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the process id into its file. */
#define KIND_REPORT
#define ON_USE n = snprintf(line, sizeof line, "written by process %d\n", (int)getpid());
#include "plugin.h"
