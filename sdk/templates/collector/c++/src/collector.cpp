// SPDX-License-Identifier: Apache-2.0
// @NAME@: reads chosen values from a file of lines "name value", such as /proc/vmstat.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ordeal/json.hpp>
#include <ordeal/plugin.hpp>

namespace {

// In the order in which `declared` lists them.
enum Index : std::uint32_t { value_metric, read_seconds };

constexpr std::array<ordeal::Metric, 2> declared{{
    {"@METRIC@_value", ORDEAL_METRIC_GAUGE, "", "name", "A value of the file, by its name."},
    {"@METRIC@_read_seconds", ORDEAL_METRIC_GAUGE, "seconds", "",
     "How long reading the file took."},
}};

class FileValues final : public ordeal::Collector {
 public:
  explicit FileValues(const ordeal::Context& context) : Collector(context) {
    // The host has checked the options against the manifest's config_schema.
    const ordeal::Json config = ordeal::Json::checked(context.config);
    path_ = config["path"].text("/proc/vmstat");
    for (const ordeal::Json name : config["names"]) names_.push_back(name.text());
  }

  std::span<const ordeal::Metric> metrics() override { return declared; }

  void collect(ordeal::SampleSink& sink) override {
    const std::uint64_t start = host().now_ns();
    std::ifstream file(path_);
    if (!file) throw ordeal::Failure(ORDEAL_E_IO, path_ + ": " + std::strerror(errno));
    std::string name;
    for (double value = 0; file >> name >> value;) {
      // A name that is not there has no value: it is left out, and never zero.
      if (std::find(names_.begin(), names_.end(), name) == names_.end()) continue;
      sink.add(value_metric, name, value);
    }
    if (!file.eof()) {
      throw ordeal::Failure(ORDEAL_E_INVALID, path_ + ": no number after '" + name + "'");
    }
    sink.add(read_seconds, "", static_cast<double>(host().now_ns() - start) / 1e9);
  }

 private:
  std::string path_;
  std::vector<std::string> names_;
};

}  // namespace

ORDEAL_PLUGIN("@ID@", "0.1.0", ordeal::collector<FileValues>("@NAME@"));
