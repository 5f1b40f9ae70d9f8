// SPDX-License-Identifier: Apache-2.0
// Plugin folders for tests: manifests and library files that are never opened.
#pragma once

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace ordeal {

/// A folder that goes when the test does.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ordeal-test-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Writes a file below the folder, whatever the umask says only its owner may write to.
  std::string write(const std::string& name, const std::string& text) const {
    const std::string file = path_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << text;
    for (std::string part = file; part.size() >= path_.size(); part.resize(part.rfind('/'))) {
      chmod(part.c_str(), part == file ? 0644 : 0755);
    }
    return file;
  }

 private:
  std::string path_;
};

/// A manifest with one component and the keys that every manifest needs.
inline std::string manifest_text(const std::string& id, const std::string& kind,
                                 const std::string& component, const std::string& more = "",
                                 const std::string& component_more = "",
                                 const std::string& abi = R"({"major": 0, "min_minor": 1})") {
  return "{\n  \"manifest_version\": 1,\n  \"id\": \"" + id +
         "\",\n  \"version\": \"1.0.0\",\n  \"abi\": " + abi + ",\n  \"library\": \"" + id +
         ".so\",\n  \"components\": [{\"id\": \"" + component + "\", \"kind\": \"" + kind + "\"" +
         component_more + "}]" + more + "\n}\n";
}

}  // namespace ordeal
