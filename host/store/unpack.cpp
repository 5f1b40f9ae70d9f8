// SPDX-License-Identifier: Apache-2.0
#include "store/unpack.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "store/layout.h"
#include "store/package.h"

namespace ordeal {
namespace fs = std::filesystem;

Result<UnpackedPlugin> UnpackedPlugin::unpack(const std::string& package) {
  const Result<PluginFiles> files = read_plugin_files(package);
  if (!files) return files.error();
  std::error_code failed;
  std::string folder = fs::temp_directory_path(failed).string() + "/ordeal-plugin-XXXXXX";
  if (failed || mkdtemp(folder.data()) == nullptr)
    return errno_error(ExitCode::preflight, "making the folder " + folder,
                       failed ? failed.value() : errno);
  UnpackedPlugin unpacked;
  unpacked.folder_ = fs::canonical(folder, failed).string();
  if (failed) return errno_error(ExitCode::preflight, "resolving " + folder, failed.value());
  const auto put = [&](const std::string& name, const std::string& bytes) {
    return write_new_file(unpacked.folder_ + "/" + name, bytes);
  };
  unpacked.manifest_ = unpacked.folder_ + "/" + files->manifest_name;
  if (auto written = put(files->manifest_name, files->manifest); !written) return written.error();
  if (!files->signature.empty())
    if (auto written = put(files->manifest_name + ".minisig", files->signature); !written)
      return written.error();
  for (const auto& [name, bytes] : files->libraries)
    if (auto written = put(name, bytes); !written) return written.error();
  return unpacked;
}

UnpackedPlugin::~UnpackedPlugin() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace ordeal
