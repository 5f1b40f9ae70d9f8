// SPDX-License-Identifier: Apache-2.0
#include "cli/plugin_doctor.h"

#include <boost/json.hpp>
#include <ostream>

#include "base/json.h"
#include "base/plain_text.h"

namespace ordeal {
namespace {

boost::json::value as_json(const Diagnosis& diagnosis) {
  boost::json::array findings;
  for (const Finding& one : diagnosis.findings) {
    Error plain = one.error;
    plain.fix.clear();
    boost::json::object entry;
    entry["kind"] = one.kind;
    entry["harmful"] = one.harmful;
    entry["id"] = one.id;
    entry["file"] = one.error.where.file;
    entry["line"] = one.error.where.line;
    entry["message"] = plain.line();
    entry["fix"] = one.error.fix;
    findings.emplace_back(std::move(entry));
  }
  boost::json::object all;
  all["healthy"] = diagnosis.healthy();
  all["usable"] = diagnosis.usable;
  all["findings"] = std::move(findings);
  return boost::json::value(std::move(all));
}

}  // namespace

int plugin_doctor(const Diagnosis& diagnosis, bool json, std::ostream& out) {
  const int code = diagnosis.healthy() ? 0 : static_cast<int>(ExitCode::plugin_rejected);
  if (json) {
    out << pretty_json(as_json(diagnosis));
    return code;
  }
  std::size_t harmful = 0;
  for (const Finding& one : diagnosis.findings) {
    harmful += one.harmful ? 1 : 0;
    Error plain = one.error;
    plain.fix.clear();
    out << one.kind << ": " << (one.id.empty() ? "" : plain_text(one.id) + ": ") << plain.line()
        << "\n    -> " << plain_text(one.error.fix) << '\n';
  }
  out << diagnosis.usable << (diagnosis.usable == 1 ? " plugin" : " plugins") << " usable, "
      << harmful << (harmful == 1 ? " problem" : " problems") << '\n';
  return code;
}

}  // namespace ordeal
