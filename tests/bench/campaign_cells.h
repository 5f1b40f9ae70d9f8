// SPDX-License-Identifier: Apache-2.0
// A real campaign as one contender: what its load cells used, as the phase's own document says.
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "bench/http_contest.h"

// One closed, unjudged phase with its one worker on core 0. The rest of the run (controller,
// guardian, baseline) goes where the scheduler puts it and is not counted. `config`: of the
// scenario, without its braces.
inline Measured run_campaign(const std::string& program, const std::string& url,
                             const std::string& config, std::uint32_t connections,
                             double duration_s) {
  namespace fs = std::filesystem;
  namespace json = boost::json;
  std::string folder = (fs::temp_directory_path() / "ordeal-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp");
  const std::string duration = std::to_string(static_cast<long>(duration_s * 1000 + 0.5)) + "ms";
  std::ofstream(folder + "/bench.json")
      << R"({"campaign": "bench", "version": 1, "duration": "10m", "target": {"http": ")" << url
      << R"("}, "baseline": {"duration": "200ms", "required_health": 0},
      "load": [{"scenario": "http", "cores": [0], "config": {)"
      << config << R"(}}],
      "safety": {"cpu_percent": 100, "memory_percent": 99, "disk_percent": 99},
      "phases": [{"name": "load", "judge": false, "duration": ")"
      << duration << R"(", "connections": )" << connections << R"(}],
      "report": [{"report": "json"}]})";
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("XDG_STATE_HOME", folder.c_str(), 1);
    const int log = ::open((folder + "/log").c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(log, 1);
    ::dup2(log, 2);
    ::execl(program.c_str(), "ordeal", "run", (folder + "/bench.json").c_str(), "--yes", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Measured measured;
  std::error_code ec;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ec)) {
    if (entry.path().filename().string().rfind("phase_report_", 0) != 0) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const json::value document = json::parse(text.str(), ec);
    if (ec) break;
    measured.requests =
        document.at_pointer("/wire/requests_sent/measured").to_number<std::uint64_t>();
    measured.wall_s = duration_s;
    for (const json::value& worker : document.at_pointer("/measurement/workers").as_array())
      measured.user_s += worker.at("cpu_seconds").to_number<double>();  // user and system
  }
  if (measured.requests == 0) {
    std::ostringstream log;
    log << std::ifstream(folder + "/log").rdbuf();
    fs::remove_all(folder, ec);
    throw std::runtime_error("the campaign left no phase report: " + log.str());
  }
  fs::remove_all(folder, ec);
  return measured;
}
