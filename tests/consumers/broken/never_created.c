/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses every config. */
#define IS_CONFIG(config) ((void)config, 0)
#define KIND_REPORT
#include "plugin.h"
