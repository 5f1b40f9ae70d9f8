// SPDX-License-Identifier: Apache-2.0
#include "guardian/options.h"

#include <charconv>
#include <string_view>

namespace ordeal {

namespace {

Error usage(std::string what) {
  Error error;
  error.code = ExitCode::usage;
  error.what = std::move(what);
  error.expected =
      "--run-dir DIR --run-id ID [--memory-percent P] [--disk-percent P] [--max-duration-ns N] "
      "[--tier 1..4] [--reserve-cpu-percent P] [--reserve-memory-percent P] [--no-drill] "
      "[--guard] -- COMMAND ...";
  return error;
}

template <typename T>
bool number(std::string_view text, T& value) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool percent(std::string_view text, double& value) {
  return number(text, value) && value >= 0 && value <= 100;
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  int i = 1;
  for (; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--") break;
    if (flag == "--no-drill") {
      options.drill = false;
      continue;
    }
    if (flag == "--guard") {
      options.guard_mode = true;
      continue;
    }
    if (i + 1 >= argc) return usage("'" + std::string(flag) + "' needs a value");
    const std::string_view value = argv[++i];
    bool good = true;
    if (flag == "--run-dir") {
      options.run_dir = value;
    } else if (flag == "--run-id") {
      options.run_id = value;
    } else if (flag == "--memory-percent") {
      good = percent(value, options.memory_percent);
    } else if (flag == "--disk-percent") {
      good = percent(value, options.disk_percent);
    } else if (flag == "--tier") {
      good = number(value, options.tier) && options.tier >= 1 && options.tier <= 4;
    } else if (flag == "--reserve-cpu-percent") {
      good = percent(value, options.reserve_cpu_percent);
    } else if (flag == "--reserve-memory-percent") {
      good = percent(value, options.reserve_memory_percent);
    } else if (flag == "--max-duration-ns") {
      good = number(value, options.max_duration_ns);
    } else if (flag == "--proc-root") {
      options.proc_root = value;
    } else if (flag == "--halt-file") {
      options.halt_files.emplace_back(value);
    } else if (flag == "--clock-shift") {
      options.clock_shift = value;
    } else {
      return usage("unknown option '" + std::string(flag) + "'");
    }
    if (!good) return usage("bad value '" + std::string(value) + "' for " + std::string(flag));
  }
  for (++i; i < argc; ++i) options.argv.emplace_back(argv[i]);
  if (options.run_dir.empty() || options.run_id.empty()) return usage("no run named");
  if (options.run_id.size() > 127) return usage("the run id is longer than 127 bytes");
  if (options.argv.empty()) return usage("nothing to run");
  return options;
}

}  // namespace ordeal
