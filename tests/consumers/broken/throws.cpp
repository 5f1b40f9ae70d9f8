// SPDX-License-Identifier: Apache-2.0
// Lets an exception out of create; the function pointer is noexcept, so the process ends.
#include <new>
#include <stdexcept>
#include <string_view>

#include <ordeal/plugin.hpp>

namespace {

int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
               void** instance) noexcept {
  if (ordeal::abi::view(component) != "broken") {
    ordeal::Host(host).set_error("no such component");
    return ORDEAL_E_NOT_FOUND;
  }
  if (config.len == 0 || config.ptr[0] != '{')
    throw std::invalid_argument("the config is no object");
  *instance = new (std::nothrow) int(0);
  return *instance == nullptr ? ORDEAL_E_LIMIT : ORDEAL_OK;
}

void destroy(void* instance) noexcept { delete static_cast<int*>(instance); }

int32_t evaluate(void*, const ordeal_snapshot*, ordeal_verdict*) noexcept { return ORDEAL_OK; }

constexpr ordeal_rule_factory factory{sizeof(ordeal_rule_factory), 0, create, destroy, evaluate};

int32_t init(const ordeal_host*, ordeal_str* id, ordeal_str* version) noexcept {
  *id = ordeal::abi::str(PLUGIN_ID);
  *version = ordeal::abi::str("0.1.0");
  return ORDEAL_OK;
}

void deinit() noexcept {}

const void* get_factory(ordeal_str id) noexcept {
  return ordeal::abi::view(id) == ORDEAL_RULE ? &factory : nullptr;
}

}  // namespace

const ordeal_plugin_entry_t ordeal_plugin_entry{ORDEAL_PLUGIN_MAGIC,
                                                sizeof(ordeal_plugin_entry_t),
                                                ORDEAL_ABI_MAJOR,
                                                ORDEAL_ABI_MINOR,
                                                0,
                                                init,
                                                deinit,
                                                get_factory};
