// SPDX-License-Identifier: Apache-2.0
/// Reports in C++: derive from Report, name the class in ORDEAL_PLUGIN (plugin.hpp). abi/report.h
/// is the specification; here only what the C++ form adds. All [worker]. Since 0.1.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "abi/report.h"
#include "component.hpp"

namespace ordeal {

namespace detail {
struct ReportThunks;
}

/// Where one Report::render puts its files. Valid during that call. Every refusal of the host is a
/// Failure with its status.
class FileSink {
 public:
  explicit FileSink(const ordeal_file_sink* sink) noexcept : sink_(sink) {}

  /// Begins a file; a plain name of letters, digits and ._- of at most 200 bytes.
  void begin(std::string_view name) {
    name_ = name;
    check(sink_->begin(sink_, abi::str(name)), "begin");
  }
  /// Appends to the file begun.
  void write(std::string_view bytes) {
    check(sink_->write(sink_, bytes.data(), bytes.size()), "write");
  }
  /// Ends the file begun; without it the file is not kept.
  void end() { check(sink_->end(sink_), "end"); }
  /// A whole file at once.
  void file(std::string_view name, std::string_view bytes) {
    begin(name);
    write(bytes);
    end();
  }

 private:
  void check(std::int32_t status, const char* call) const {
    if (status != ORDEAL_OK) {
      throw Failure(status, std::string("file '") + name_ + "': the host refused to " + call +
                                " it (status " + std::to_string(status) + ")");
    }
  }

  const ordeal_file_sink* sink_;
  std::string name_;
};

/// Every function is called on [worker].
class Report {
 public:
  explicit Report(const Context& context) noexcept : host_(context.host) {}
  virtual ~Report() = default;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// Writes the files of one stage (ORDEAL_STAGE_*); nothing to write for it is fine. `document` is
  /// valid during the call. What it throws is the stage's error; files ended before it are kept.
  virtual void render(std::uint32_t stage, std::string_view document, FileSink& sink) = 0;
  /// Streaming: one interval/1 event as JSON. The host sends them only to plugins of which a report
  /// overrides this. What it throws is logged.
  virtual void interval(std::string_view json) { static_cast<void>(json); }

 protected:
  [[nodiscard]] const Host& host() const noexcept { return host_; }

 private:
  friend struct detail::ReportThunks;
  Host host_;
};

namespace detail {

/// The C functions over Report: `instance` is the Report itself.
struct ReportThunks {
  static void destroy(void* instance) noexcept { delete static_cast<Report*>(instance); }

  static std::int32_t render(void* instance, std::uint32_t stage, ordeal_str document,
                             const ordeal_file_sink* sink) noexcept {
    auto& self = *static_cast<Report*>(instance);
    return guarded(self.host_, [&] {
      if (sink == nullptr) throw Failure(ORDEAL_E_INVALID, "render: sink is NULL");
      FileSink to(sink);
      self.render(stage, abi::view(document), to);
    });
  }

  static void interval(void* instance, ordeal_str json) noexcept {
    auto& self = *static_cast<Report*>(instance);
    logged(self.host_, "interval", [&] { self.interval(abi::view(json)); });
  }
};

}  // namespace detail
}  // namespace ordeal
