/* SPDX-License-Identifier: Apache-2.0 */
/* Ignores SIGTERM for the whole process. */
#include <signal.h>
#define KIND_REPORT
#define ON_CREATE signal(SIGTERM, SIG_IGN);
#include "plugin.h"
