/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks the worker's thread. */
#define KIND_SCENARIO
#define ON_USE usleep(150000);
#include "plugin.h"
