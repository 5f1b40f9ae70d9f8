/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario without a kind of operation. */
#define KINDS 0
#define KIND_SCENARIO
#include "plugin.h"
