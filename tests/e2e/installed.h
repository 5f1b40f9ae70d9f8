// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "e2e/program.h"
#include "temporary_folder.h"

namespace ordeal::testing {

/// The installed programs, with state and temporary files of this test's own. Whatever a failed
/// test leaves running is swept by its run id.
class Installed {
 public:
  Installed();
  ~Installed();

  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] static std::string prefix();
  [[nodiscard]] static std::string ordeal() { return prefix() + "/bin/ordeal"; }

  /// Runs `ordeal ARGS` to its end.
  Finished run(std::vector<std::string> args, double seconds = 60);
  /// Starts `ordeal ARGS` in a session of its own.
  std::unique_ptr<Program> start(std::vector<std::string> args, const std::string& name = "ordeal");
  [[nodiscard]] std::map<std::string, std::string> environment() const;

  /// Folder of the newest run, or "".
  [[nodiscard]] std::string run_dir() const;
  [[nodiscard]] std::string run_id() const;
  [[nodiscard]] std::vector<std::string> run_dirs() const;
  /// The status file's `state`, or "".
  [[nodiscard]] std::string state() const;
  /// Waits until a phase of the newest run has operations behind it.
  bool wait_for_load(double seconds = 20);

  /// autonomous_campaign_report.json of the newest run.
  [[nodiscard]] boost::json::value report() const;

 private:
  TemporaryFolder folder_;
};

/// The value at a JSON pointer as text; "(none)" when it is not there.
std::string at(const boost::json::value& document, const std::string& pointer);
double number_at(const boost::json::value& document, const std::string& pointer);

}  // namespace ordeal::testing
