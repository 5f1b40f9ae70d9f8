// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "fake_host.hpp"
#include "ordeal/abi/entry.h"

namespace ordeal::testing {

/// A built plugin, opened as the host opens it and initialised. Never unloaded.
class PluginFile {
 public:
  /// Throws std::runtime_error naming what is wrong with the file.
  explicit PluginFile(const std::string& path) {
    void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) throw std::runtime_error(std::string("dlopen: ") + ::dlerror());
    entry_ =
        static_cast<const ordeal_plugin_entry_t*>(::dlsym(library, ORDEAL_PLUGIN_ENTRY_SYMBOL));
    if (entry_ == nullptr) throw std::runtime_error(path + ": no ordeal_plugin_entry");
    if (entry_->magic != ORDEAL_PLUGIN_MAGIC) throw std::runtime_error(path + ": wrong magic");
    if (entry_->struct_size < sizeof *entry_ || entry_->abi_major != ORDEAL_ABI_MAJOR ||
        entry_->abi_minor != ORDEAL_ABI_MINOR) {
      throw std::runtime_error(path + ": made for another ABI");
    }
    ordeal_str id{};
    ordeal_str version{};
    if (entry_->init(host_.handle(), &id, &version) != ORDEAL_OK) {
      throw std::runtime_error(path + ": init refused: " + host_.error());
    }
    id_ = std::string(abi::view(id));
    version_ = std::string(abi::view(version));
  }
  ~PluginFile() {
    if (entry_ != nullptr) entry_->deinit();
  }
  PluginFile(const PluginFile&) = delete;
  PluginFile& operator=(const PluginFile&) = delete;

  [[nodiscard]] const ordeal_plugin_entry_t& entry() const { return *entry_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& version() const { return version_; }

  /// The table of an extension id, or NULL. Factory must be the type that belongs to the id.
  template <class Factory>
  [[nodiscard]] const Factory* factory(std::string_view id) const {
    return static_cast<const Factory*>(entry_->get_factory(abi::str(id)));
  }

 private:
  FakeHost host_;
  const ordeal_plugin_entry_t* entry_ = nullptr;
  std::string id_;
  std::string version_;
};

}  // namespace ordeal::testing
