// SPDX-License-Identifier: Apache-2.0
#include "check/check_output.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>

#include "base/json.h"
#include "base/plain_text.h"

namespace ordeal {
namespace json = boost::json;
namespace {

std::string name_of(const CheckResult& result) {
  return result.component.empty() ? result.about->name
                                  : result.about->name + " (" + result.component + ")";
}

std::size_t count(const std::vector<CheckResult>& results, CheckVerdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [&](const CheckResult& one) { return one.verdict == verdict; }));
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

/// XML 1.0 has no place for most control characters, escaped or not.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += ' ';
    } else {
      out += c;
    }
  }
  return out;
}

std::string all_findings(const CheckResult& result) {
  std::string text;
  for (const CheckFinding& finding : result.findings) {
    text += (text.empty() ? "" : "\n") + finding.why;
    if (!finding.fix.empty()) text += " -> " + finding.fix;
  }
  return text;
}

}  // namespace

bool any_failed(const std::vector<CheckResult>& results) {
  return count(results, CheckVerdict::fail) > 0;
}

std::string check_line(const CheckResult& result) {
  std::string name = plain_text(name_of(result));
  if (name.size() < 28) name.append(28 - name.size(), ' ');
  std::string word = verdict_word(result.verdict);
  word.append(6 - word.size(), ' ');
  std::string text = word + name;
  if (result.findings.empty()) return text + " " + plain_text(result.note) + "\n";
  for (std::size_t i = 0; i < result.findings.size(); ++i) {
    text += (i == 0 ? " " : std::string(35, ' ')) + plain_text(result.findings[i].why) + "\n";
    if (!result.findings[i].fix.empty())
      text += std::string(35, ' ') + "-> " + plain_text(result.findings[i].fix) + "\n";
  }
  return text;
}

std::string check_summary(const CheckHeader& header, const std::vector<CheckResult>& results) {
  const auto number = [&](CheckVerdict verdict) { return std::to_string(count(results, verdict)); };
  std::string text = plain_text(header.id + " " + header.version) + ": " +
                     number(CheckVerdict::ok) + " ok, " + number(CheckVerdict::warn) +
                     " with warnings, " + number(CheckVerdict::fail) + " failed, " +
                     number(CheckVerdict::skip) + " skipped (level " +
                     std::to_string(header.level) + ", seed " + std::to_string(header.seed) + ")\n";
  for (const CheckResult& one : results) {
    if (one.verdict != CheckVerdict::fail) continue;
    text += "run again: ordeal plugin check " + plain_text(header.manifest) + " --case " +
            one.about->name + " --seed " + std::to_string(header.seed) + "\n";
  }
  return text;
}

std::string check_json(const CheckHeader& header, const std::vector<CheckResult>& results) {
  json::array cases;
  for (const CheckResult& one : results) {
    json::array findings;
    for (const CheckFinding& finding : one.findings)
      findings.push_back(json::object{{"why", finding.why}, {"fix", finding.fix}});
    std::string verdict = verdict_word(one.verdict);
    std::transform(verdict.begin(), verdict.end(), verdict.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    cases.push_back(json::object{{"case", one.about->name},
                                 {"level", one.about->level},
                                 {"component", one.component},
                                 {"verdict", verdict},
                                 {"findings", std::move(findings)},
                                 {"note", one.note},
                                 {"seconds", one.seconds}});
  }
  return pretty_json(json::object{{"check_version", 1},
                                  {"plugin", header.id},
                                  {"version", header.version},
                                  {"manifest", header.manifest},
                                  {"library", header.library},
                                  {"level", header.level},
                                  {"seed", header.seed},
                                  {"passed", !any_failed(results)},
                                  {"cases", std::move(cases)}});
}

std::string check_junit(const CheckHeader& header, const std::vector<CheckResult>& results) {
  double seconds = 0;
  for (const CheckResult& one : results) seconds += one.seconds;
  const std::string numbers = " tests=\"" + std::to_string(results.size()) + "\" failures=\"" +
                              std::to_string(count(results, CheckVerdict::fail)) +
                              "\" errors=\"0\" skipped=\"" +
                              std::to_string(count(results, CheckVerdict::skip)) + "\" time=\"" +
                              seconds_text(seconds) + "\"";
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + numbers +
                     ">\n  <testsuite name=\"" + xml(header.id + " " + header.version) + "\"" +
                     numbers + ">\n    <properties>\n      <property name=\"seed\" value=\"" +
                     std::to_string(header.seed) + "\"/>\n      <property name=\"level\" value=\"" +
                     std::to_string(header.level) + "\"/>\n    </properties>\n";
  for (const CheckResult& one : results) {
    text += "    <testcase classname=\"" +
            xml(one.component.empty() ? header.id : header.id + "." + one.component) +
            "\" name=\"" + xml(one.about->name) + "\" time=\"" + seconds_text(one.seconds) + "\"";
    const std::string first = one.findings.empty() ? "" : one.findings.front().why;
    if (one.verdict == CheckVerdict::ok) {
      text += "/>\n";
      continue;
    }
    text += ">\n";
    if (one.verdict == CheckVerdict::fail)
      text += "      <failure message=\"" + xml(first) + "\">" + xml(all_findings(one)) +
              "</failure>\n";
    if (one.verdict == CheckVerdict::skip)
      text += "      <skipped message=\"" + xml(first) + "\"/>\n";
    if (one.verdict == CheckVerdict::warn)
      text += "      <system-out>" + xml(all_findings(one)) + "</system-out>\n";
    text += "    </testcase>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

std::string check_list() {
  std::string text;
  for (int level = 1; level <= check_levels; ++level) {
    text += "level " + std::to_string(level) + ": " + std::string(check_level_about(level)) + "\n";
    for (const CheckCase& one : check_catalogue()) {
      if (one.level != level) continue;
      std::string name = one.name;
      name.append(name.size() < 20 ? 20 - name.size() : 1, ' ');
      text += "  " + name + one.about;
      if (!one.kind.empty()) text += " [" + one.kind + "]";
      text += "\n";
    }
  }
  return text;
}

}  // namespace ordeal
