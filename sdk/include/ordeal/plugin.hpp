// SPDX-License-Identifier: Apache-2.0
/// Defines a plugin in one place. In exactly one source file of the plugin, at global scope:
///
///   ORDEAL_PLUGIN("org.example.echo", "0.1.0", ordeal::scenario<Echo>("echo"),
///                 ordeal::report<EchoReport>("echo-log"));
///
/// The id, the version and the component ids must be those of the manifest. The classes derive from
/// ordeal::Scenario, Collector, Rule or Report and are constructible from const ScenarioContext&
/// (scenarios) or const Context& (the others). All of it is constant data: nothing runs at load,
/// and instances are made and destroyed on [worker]. Since 0.1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "abi/entry.h"
#include "collector.hpp"
#include "report.hpp"
#include "rule.hpp"
#include "scenario.hpp"

namespace ordeal {

namespace detail {

/// One component of a plugin: its kind (the base class), its class, its id.
template <class Kind, class T>
struct Component {
  using kind = Kind;
  using type = T;
  std::string_view id;
};

/// Whether T (or a base of it below Kind) overrides a virtual function declared in Kind.
template <class Kind, class Member>
struct DeclaredIn : std::false_type {};
template <class Kind, class R, class... A>
struct DeclaredIn<Kind, R (Kind::*)(A...)> : std::true_type {};

}  // namespace detail

/// One component of the plugin, by its id in the manifest; for ORDEAL_PLUGIN.
template <class T>
constexpr detail::Component<Scenario, T> scenario(std::string_view id) noexcept {
  static_assert(std::is_base_of_v<Scenario, T>);
  static_assert(std::is_constructible_v<T, const ScenarioContext&>);
  return {id};
}
template <class T>
constexpr detail::Component<Collector, T> collector(std::string_view id) noexcept {
  static_assert(std::is_base_of_v<Collector, T>);
  static_assert(std::is_constructible_v<T, const Context&>);
  return {id};
}
template <class T>
constexpr detail::Component<Rule, T> rule(std::string_view id) noexcept {
  static_assert(std::is_base_of_v<Rule, T>);
  static_assert(std::is_constructible_v<T, const Context&>);
  return {id};
}
template <class T>
constexpr detail::Component<Report, T> report(std::string_view id) noexcept {
  static_assert(std::is_base_of_v<Report, T>);
  static_assert(std::is_constructible_v<T, const Context&>);
  return {id};
}

namespace detail {

/// The entry and the factory tables of the plugin that `Definition` (made by ORDEAL_PLUGIN) names.
template <class Definition>
struct PluginTables {
  /// Makes the component called `id` among those of one kind.
  template <class Kind, class Arguments>
  static std::int32_t make(const Host& host, const Arguments& arguments, void** instance) noexcept {
    return guarded(host, [&] {
      Kind* made = nullptr;
      std::apply(
          [&](const auto&... component) { (try_one<Kind>(component, arguments, made), ...); },
          Definition::components);
      if (made == nullptr) {
        throw Failure(ORDEAL_E_NOT_FOUND,
                      "no component '" + std::string(arguments.component) + "' of that kind");
      }
      *instance = made;
    });
  }

  template <class Kind, class C, class Arguments>
  static void try_one(const C& component, const Arguments& arguments, Kind*& made) {
    if constexpr (std::is_same_v<typename C::kind, Kind>) {
      if (made == nullptr && component.id == arguments.component) {
        made = std::make_unique<typename C::type>(arguments).release();
      }
    }
  }

  template <class Kind>
  static constexpr bool has() noexcept {
    return std::apply(
        [](const auto&... component) {
          return (std::is_same_v<typename std::remove_cvref_t<decltype(component)>::kind, Kind> ||
                  ...);
        },
        Definition::components);
  }

  template <class T>
  static constexpr bool streams() noexcept {
    if constexpr (std::is_base_of_v<Report, T>) {
      return !DeclaredIn<Report, decltype(&T::interval)>::value;
    } else {
      return false;
    }
  }
  static constexpr bool any_streams() noexcept {
    return std::apply(
        [](const auto&... component) {
          return (streams<typename std::remove_cvref_t<decltype(component)>::type>() || ...);
        },
        Definition::components);
  }

  static std::int32_t create_scenario(const ordeal_host* host, const ordeal_engine* engine,
                                      ordeal_str component, ordeal_str config,
                                      void** instance) noexcept {
    if (host == nullptr || engine == nullptr || instance == nullptr) return ORDEAL_E_INVALID;
    const Host wrapped(host);
    return make<Scenario>(
        wrapped,
        ScenarioContext{{wrapped, abi::view(component), abi::view(config)}, Engine(engine)},
        instance);
  }

  template <class Kind>
  static std::int32_t create(const ordeal_host* host, ordeal_str component, ordeal_str config,
                             void** instance) noexcept {
    if (host == nullptr || instance == nullptr) return ORDEAL_E_INVALID;
    const Host wrapped(host);
    return make<Kind>(wrapped, Context{wrapped, abi::view(component), abi::view(config)}, instance);
  }

  static constexpr ordeal_scenario_factory scenarios{sizeof(ordeal_scenario_factory),
                                                     0,
                                                     create_scenario,
                                                     ScenarioThunks::destroy,
                                                     ScenarioThunks::describe,
                                                     ScenarioThunks::open,
                                                     ScenarioThunks::close,
                                                     ScenarioThunks::issue,
                                                     ScenarioThunks::cancel,
                                                     ScenarioThunks::drain};
  static constexpr ordeal_collector_factory collectors{sizeof(ordeal_collector_factory),
                                                       0,
                                                       create<Collector>,
                                                       CollectorThunks::destroy,
                                                       CollectorThunks::describe,
                                                       CollectorThunks::collect};
  static constexpr ordeal_rule_factory rules{sizeof(ordeal_rule_factory), 0, create<Rule>,
                                             RuleThunks::destroy, RuleThunks::evaluate};
  static constexpr ordeal_report_factory reports{sizeof(ordeal_report_factory),
                                                 0,
                                                 create<Report>,
                                                 ReportThunks::destroy,
                                                 ReportThunks::render,
                                                 any_streams() ? ReportThunks::interval : nullptr};

  static std::int32_t init(const ordeal_host* host, ordeal_str* id, ordeal_str* version) noexcept {
    if (host == nullptr || id == nullptr || version == nullptr) return ORDEAL_E_INVALID;
    *id = abi::str(Definition::id);
    *version = abi::str(Definition::version);
    return ORDEAL_OK;
  }
  static void deinit() noexcept {}

  static const void* get_factory(ordeal_str id) noexcept {
    const std::string_view wanted = abi::view(id);
    if (has<Scenario>() && wanted == ORDEAL_SCENARIO) return &scenarios;
    if (has<Collector>() && wanted == ORDEAL_COLLECTOR) return &collectors;
    if (has<Rule>() && wanted == ORDEAL_RULE) return &rules;
    if (has<Report>() && wanted == ORDEAL_REPORT) return &reports;
    return nullptr;
  }

  static constexpr ordeal_plugin_entry_t entry{ORDEAL_PLUGIN_MAGIC,
                                               sizeof(ordeal_plugin_entry_t),
                                               ORDEAL_ABI_MAJOR,
                                               ORDEAL_ABI_MINOR,
                                               0,
                                               init,
                                               deinit,
                                               get_factory};
};

}  // namespace detail
}  // namespace ordeal

/// Defines `ordeal_plugin_entry`. Followed by a semicolon.
#define ORDEAL_PLUGIN(plugin_id, plugin_version, ...)                \
  namespace {                                                        \
  struct OrdealPluginDefinition {                                    \
    static constexpr std::string_view id{plugin_id};                 \
    static constexpr std::string_view version{plugin_version};       \
    static constexpr auto components = std::make_tuple(__VA_ARGS__); \
  };                                                                 \
  }                                                                  \
  constinit const ordeal_plugin_entry_t ordeal_plugin_entry =        \
      ordeal::detail::PluginTables<OrdealPluginDefinition>::entry
