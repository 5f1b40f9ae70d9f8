/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the beginning of a factory id only. */
#define IS_FACTORY(id, wanted) (id.len >= 13 && memcmp(id.ptr, wanted, 13) == 0)
#define KIND_REPORT
#include "plugin.h"
