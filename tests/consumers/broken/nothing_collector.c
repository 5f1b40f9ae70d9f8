/* SPDX-License-Identifier: Apache-2.0 */
/* No defect: the others differ from this one, nothing_rule.c and so on in one piece each. */
#define KIND_COLLECTOR
#include "plugin.h"
