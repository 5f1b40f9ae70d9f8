// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace ordeal {

/// A campaign as a JSON tree, with what it takes to say where each of its values came from: the
/// text of the file and the overrides put over it. Borrows everything. One thread.
class CampaignDocument {
 public:
  CampaignDocument(boost::json::value& root, const boost::json::value& schema,
                   std::string_view text, const std::string& file)
      : root_(root), schema_(schema), text_(text), file_(file) {}

  [[nodiscard]] boost::json::value& root() const { return root_; }
  [[nodiscard]] const boost::json::value& schema() const { return schema_; }
  /// The campaign's file, as it was given.
  [[nodiscard]] const std::string& file() const { return file_; }

  /// Everything at and below `pointer` came from `origin` ("--set seed=7").
  void mark(const std::string& pointer, const std::string& origin);

  /// Where a value (or its key) stands; of one that only exists by default, its nearest ancestor.
  [[nodiscard]] Location locate(const std::string& pointer, bool key = false) const;

  /// An invalid_config error there.
  [[nodiscard]] Error error(const std::string& pointer, std::string what, std::string expected = {},
                            std::string fix = {}, bool key = false) const;

 private:
  boost::json::value& root_;
  const boost::json::value& schema_;
  std::string_view text_;
  const std::string& file_;
  std::vector<std::pair<std::string, std::string>> origins_;
};

/// Members of an object that the schema has checked; `otherwise` when absent.
std::string text_member(const boost::json::object& object, std::string_view key,
                        std::string otherwise = {});
double number_member(const boost::json::object& object, std::string_view key, double otherwise = 0);
bool bool_member(const boost::json::object& object, std::string_view key, bool otherwise);
Duration duration_member(const boost::json::object& object, std::string_view key,
                         Duration otherwise = {});

}  // namespace ordeal
