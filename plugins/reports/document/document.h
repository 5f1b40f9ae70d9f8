// SPDX-License-Identifier: Apache-2.0
/// A report document, read leniently: what is missing or of another type reads as absent, so that a
/// report shows what there is of a run that ended badly. Shared by the report plugins; links into
/// each of them.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace ordeal::reports {

/// One value inside a Document, or nothing. Cheap to copy; valid as long as the document.
class View {
 public:
  View() = default;
  explicit View(const boost::json::value* value) noexcept : value_(value) {}

  /// True when there is a value other than null.
  [[nodiscard]] explicit operator bool() const noexcept;
  /// The member of an object; nothing when this is no object or has no such member.
  [[nodiscard]] View operator[](std::string_view key) const noexcept;
  /// Elements of an array or members of an object; 0 for everything else.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The element of an array or the value of the member of an object; nothing beyond the end.
  [[nodiscard]] View at(std::size_t index) const noexcept;
  /// The name of an object's member; empty beyond the end.
  [[nodiscard]] std::string_view key(std::size_t index) const noexcept;

  [[nodiscard]] bool is_text() const noexcept;
  [[nodiscard]] bool is_object() const noexcept;
  [[nodiscard]] bool is_array() const noexcept;
  [[nodiscard]] std::optional<double> number() const noexcept;
  /// A number, with `otherwise` for none.
  [[nodiscard]] double number(double otherwise) const noexcept;
  [[nodiscard]] std::string_view text(std::string_view otherwise = {}) const noexcept;
  [[nodiscard]] bool truth(bool otherwise = false) const noexcept;
  /// As JSON, for parts shown as they are. NULL when there is nothing.
  [[nodiscard]] const boost::json::value* json() const noexcept { return value_; }

 private:
  const boost::json::value* value_ = nullptr;
};

/// A parsed document.
class Document {
 public:
  /// Throws Failure(ORDEAL_E_INVALID) when `text` is no JSON object, or one whose `document` is not
  /// `kind` or whose `version` is not 1.
  Document(std::string_view text, std::string_view kind);
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  [[nodiscard]] View root() const noexcept;

 private:
  std::unique_ptr<boost::json::value> value_;
};

/// The value of `document` for a stage (ORDEAL_STAGE_*). Throws Failure(ORDEAL_E_UNSUPPORTED).
std::string_view document_kind(unsigned stage);

}  // namespace ordeal::reports
