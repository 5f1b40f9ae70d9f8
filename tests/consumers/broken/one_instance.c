/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps its only instance in a global. */
#define KIND_REPORT
#define OWN_MAKE
#define OWN_DESTROY
#include <ordeal/abi/base.h>
#include <ordeal/abi/scenario.h>
static int32_t make(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                    ordeal_str config, void** instance);
static void destroy(void* instance);
#include "plugin.h"
static struct instance only;
static int32_t make(const ordeal_host* host, const ordeal_engine* engine, ordeal_str component,
                    ordeal_str config, void** instance) {
  (void)engine;
  if (!same(component, "broken")) return refuse(host, ORDEAL_E_NOT_FOUND, "no such component");
  if (!IS_CONFIG(config)) return refuse(host, ORDEAL_E_INVALID, "the config is no object");
  *instance = &only;
  return ORDEAL_OK;
}
static void destroy(void* instance) { (void)instance; }
