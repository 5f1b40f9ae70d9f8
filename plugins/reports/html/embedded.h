// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The page's parts, put into the plugin at build time (embed.cmake).
namespace ordeal::reports::embedded {

extern const std::string_view page_html;
extern const std::string_view style_css;
extern const std::string_view app_js;
extern const std::string_view uplot_js;
extern const std::string_view uplot_css;
extern const std::string_view uplot_license;

}  // namespace ordeal::reports::embedded
