// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace ordeal {

/// The plugin of a package, in a new folder that only its user may enter and that goes with this
/// object. One thread at a time.
class UnpackedPlugin {
 public:
  /// Unpacks what is for this machine: manifest, signature and libraries, by plain names. The
  /// archive is read whole before anything is written. Errors: plugin_rejected, as
  /// read_plugin_files() has them; preflight when the temporary folder cannot be made or written.
  static Result<UnpackedPlugin> unpack(const std::string& package);
  ~UnpackedPlugin();
  UnpackedPlugin(UnpackedPlugin&& other) noexcept
      : folder_(std::exchange(other.folder_, {})), manifest_(std::move(other.manifest_)) {}
  UnpackedPlugin& operator=(UnpackedPlugin&&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  /// Path of the manifest; its library lies beside it.
  [[nodiscard]] const std::string& manifest() const { return manifest_; }

 private:
  UnpackedPlugin() = default;
  std::string folder_;
  std::string manifest_;
};

}  // namespace ordeal
