// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace ordeal {

/// The text at `pointer`, or `otherwise` when there is none.
std::string text_at(const boost::json::value& root, const char* pointer,
                    const char* otherwise = "");
/// The number at `pointer`; 0 when there is none that fits.
std::uint32_t number_at(const boost::json::value& root, const char* pointer);
/// The texts of the list at `pointer`.
std::vector<std::string> texts_at(const boost::json::value& root, const char* pointer);

}  // namespace ordeal
