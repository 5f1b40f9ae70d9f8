// SPDX-License-Identifier: Apache-2.0
#include "document/document.h"

#include <boost/json.hpp>
#include <ordeal/component.hpp>
#include <ordeal/report.hpp>
#include <string>

namespace ordeal::reports {
namespace json = boost::json;

View::operator bool() const noexcept { return value_ != nullptr && !value_->is_null(); }

View View::operator[](std::string_view key) const noexcept {
  if (!is_object()) return View{};
  return View{value_->get_object().if_contains(key)};
}

std::size_t View::size() const noexcept {
  if (is_array()) return value_->get_array().size();
  if (is_object()) return value_->get_object().size();
  return 0;
}

View View::at(std::size_t index) const noexcept {
  if (index >= size()) return View{};
  if (is_array()) return View{&value_->get_array()[index]};
  return View{&(value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->value()};
}

std::string_view View::key(std::size_t index) const noexcept {
  if (!is_object() || index >= size()) return {};
  return (value_->get_object().begin() + static_cast<std::ptrdiff_t>(index))->key();
}

bool View::is_text() const noexcept { return value_ != nullptr && value_->is_string(); }
bool View::is_object() const noexcept { return value_ != nullptr && value_->is_object(); }
bool View::is_array() const noexcept { return value_ != nullptr && value_->is_array(); }

std::optional<double> View::number() const noexcept {
  if (value_ == nullptr) return std::nullopt;
  if (const auto* whole = value_->if_int64()) return static_cast<double>(*whole);
  if (const auto* natural = value_->if_uint64()) return static_cast<double>(*natural);
  if (const auto* real = value_->if_double()) return *real;
  return std::nullopt;
}

double View::number(double otherwise) const noexcept { return number().value_or(otherwise); }

std::string_view View::text(std::string_view otherwise) const noexcept {
  if (!is_text()) return otherwise;
  const json::string& string = value_->get_string();
  return {string.data(), string.size()};
}

bool View::truth(bool otherwise) const noexcept {
  if (value_ == nullptr || !value_->is_bool()) return otherwise;
  return value_->get_bool();
}

Document::Document(std::string_view text, std::string_view kind) {
  json::error_code code;
  json::parse_options options;
  options.max_depth = 64;
  value_ = std::make_unique<json::value>(json::parse(text, code, {}, options));
  if (code) {
    throw Failure(ORDEAL_E_INVALID,
                  "the " + std::string(kind) + " document is no JSON: " + code.message());
  }
  const std::string_view found = root()["document"].text();
  if (found != kind) {
    throw Failure(ORDEAL_E_INVALID, "expected a " + std::string(kind) + " document, got '" +
                                        std::string(found) + "'");
  }
  const double version = root()["version"].number(0);
  if (version != 1) {
    throw Failure(ORDEAL_E_INVALID,
                  "the " + std::string(kind) + " document has a version other than 1");
  }
}

Document::~Document() = default;

View Document::root() const noexcept { return View{value_.get()}; }

std::string_view document_kind(unsigned stage) {
  switch (stage) {
    case ORDEAL_STAGE_READINESS:
      return "readiness";
    case ORDEAL_STAGE_BASELINE:
      return "baseline";
    case ORDEAL_STAGE_PHASE:
      return "phase";
    case ORDEAL_STAGE_CAMPAIGN:
      return "campaign";
    default:
      throw Failure(ORDEAL_E_UNSUPPORTED, "stage " + std::to_string(stage) + " is not known here");
  }
}

}  // namespace ordeal::reports
