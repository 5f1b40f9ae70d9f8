/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes on a config that is no object. */
#define KIND_REPORT
#define IS_CONFIG(config) ((config.len > 0 && config.ptr[0] == '{') || (abort(), 0))
#include "plugin.h"
