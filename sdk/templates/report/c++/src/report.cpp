// SPDX-License-Identifier: Apache-2.0
// @NAME@: writes one line of comma-separated values per phase, as @NAME@.csv.
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <ordeal/json.hpp>
#include <ordeal/plugin.hpp>

namespace {

/// A number; nothing where the document has none.
std::string number(const ordeal::Json& value) {
  if (!value.given()) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value.number());
  return text;
}

class Csv final : public ordeal::Report {
 public:
  explicit Csv(const ordeal::Context& context) : Report(context) {
    // The host has checked the options against the manifest's config_schema.
    const ordeal::Json config = ordeal::Json::checked(context.config);
    separator_ = config["separator"].text(",");
    header_ = config["header"].boolean(true);
  }

  /// The document of the last stage holds all phases; `ordeal schema campaign-report` describes it.
  void render(std::uint32_t stage, std::string_view document, ordeal::FileSink& sink) override {
    if (stage != ORDEAL_STAGE_CAMPAIGN) return;
    const ordeal::Json campaign = ordeal::Json::checked(document);
    if (campaign["document"].text() != "campaign") {
      throw ordeal::Failure(ORDEAL_E_INVALID, "this is no campaign document");
    }
    std::string csv;
    if (header_) {
      csv += row("phase", "operations", "successful", "per_second", "p99_seconds", "result");
    }
    for (const ordeal::Json phase : campaign["phase_results"]) {
      const ordeal::Json summary = phase["test_result"]["summary"];
      csv += row(quoted(phase["phase_info"]["name"].text()), number(summary["total_operations"]),
                 number(summary["successful_operations"]), number(summary["operations_per_second"]),
                 number(summary["p99_response_time"]), phase["phase_analysis"]["result"].text());
    }
    sink.file("@NAME@.csv", csv);
  }

 private:
  template <class... More>
  [[nodiscard]] std::string row(const std::string& first, const More&... more) const {
    return (first + ... + (separator_ + more)) + "\n";
  }

  /// As RFC 4180 wants it: quotes around a text with a separator, a quote or a line's end in it.
  [[nodiscard]] std::string quoted(const std::string& text) const {
    if (text.find_first_of(separator_ + "\"\r\n") == std::string::npos) return text;
    std::string made = "\"";
    for (const char c : text) made += c == '"' ? std::string("\"\"") : std::string(1, c);
    return made + "\"";
  }

  std::string separator_;
  bool header_ = true;
};

}  // namespace

ORDEAL_PLUGIN("@ID@", "0.1.0", ordeal::report<Csv>("@NAME@"));
