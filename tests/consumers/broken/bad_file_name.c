/* SPDX-License-Identifier: Apache-2.0 */
/* Wants to write outside the reports folder. */
#define FILE_NAME "../broken.txt"
#define KIND_REPORT
#include "plugin.h"
