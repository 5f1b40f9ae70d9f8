/* SPDX-License-Identifier: Apache-2.0 */
/* For unit tests in C: opens a built plugin as the host opens it. */
#pragma once

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "fake_host.h"
#include "ordeal/abi/entry.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opens the plugin at `path`, initialises it, and compares its id. NULL, with the reason on stderr,
 * when anything is wrong. It is never unloaded.
 */
static inline const ordeal_plugin_entry_t* ordeal_plugin_open(const char* path, const char* id,
                                                              const ordeal_fake_host* host) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return NULL;
  }
  const ordeal_plugin_entry_t* entry =
      (const ordeal_plugin_entry_t*)dlsym(library, ORDEAL_PLUGIN_ENTRY_SYMBOL);
  if (entry == NULL || entry->magic != ORDEAL_PLUGIN_MAGIC || entry->struct_size < sizeof *entry ||
      entry->abi_major != ORDEAL_ABI_MAJOR || entry->abi_minor != ORDEAL_ABI_MINOR) {
    fprintf(stderr, "%s: no ordeal_plugin_entry of this ABI\n", path);
    return NULL;
  }
  ordeal_str its_id = {NULL, 0};
  ordeal_str its_version = {NULL, 0};
  if (entry->init(&host->host, &its_id, &its_version) != ORDEAL_OK || !ordeal_is(its_id, id)) {
    fprintf(stderr, "%s: init refused, or it is not %s: %s\n", path, id, host->error);
    return NULL;
  }
  return entry;
}

#ifdef __cplusplus
}
#endif

/* In main(): ends the test with 1 and the place when `condition` does not hold. */
#define ORDEAL_CHECK(condition)                                       \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      return 1;                                                       \
    }                                                                 \
  } while (0)
