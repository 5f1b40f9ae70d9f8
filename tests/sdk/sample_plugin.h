// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

/// The plugin that tests/sdk/sample_plugin.cpp defines with ORDEAL_PLUGIN: one component of each
/// kind and a second scenario. The config is a word: "create", "describe", "open", "close",
/// "issue", "cancel", "drain", "collect", "evaluate", "render" or "interval" makes that call throw
/// a std::runtime_error "<word> broke"; "failure" makes create throw Failure(ORDEAL_E_NOT_FOUND);
/// "odd" makes describe, evaluate, collect, render and issue throw an int.
inline constexpr const char* sample_plugin_id = "org.example.sample";
