// SPDX-License-Identifier: Apache-2.0
/// What the four kinds of component share: the context an instance is made with, the exception that
/// carries a status, and the guard that keeps every exception on the plugin's side. Since 0.1.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "host.hpp"

namespace ordeal {

/// Thrown by a component to answer a call with a status of its choice. Any other exception becomes
/// ORDEAL_E_INTERNAL with the text of what(). None of them leaves the plugin.
class Failure : public std::runtime_error {
 public:
  Failure(std::int32_t status, const std::string& message)
      : std::runtime_error(message), status_(status < 0 ? status : ORDEAL_E_INTERNAL) {}
  /// ORDEAL_E_*, never ORDEAL_OK.
  [[nodiscard]] std::int32_t status() const noexcept { return status_; }

 private:
  std::int32_t status_;
};

/// What a component instance is made with, on [worker]. The texts are valid during the constructor
/// only; what it throws refuses the component, with the text as reason.
struct Context {
  Host host;
  std::string_view component;  // the component's id from the manifest
  std::string_view config;     // JSON that satisfies the component's schema, defaults merged in
};

namespace detail {

/// Runs `body`; what it throws becomes a status and the text of set_error.
template <class Body>
std::int32_t guarded(const Host& host, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return ORDEAL_OK;
  } catch (const Failure& failure) {
    host.set_error(failure.what());
    return failure.status();
  } catch (const std::bad_alloc&) {
    host.set_error("out of memory");
    return ORDEAL_E_LIMIT;
  } catch (const std::exception& error) {
    host.set_error(error.what());
    return ORDEAL_E_INTERNAL;
  } catch (...) {
    host.set_error("an exception that is not a std::exception");
    return ORDEAL_E_INTERNAL;
  }
}

/// As guarded, for calls without a status: what is thrown is logged under the name of the call.
/// Returns false when something was thrown.
template <class Body>
bool logged(const Host& host, std::string_view call, Body&& body) noexcept {
  const auto say = [&](std::string_view what) noexcept {
    char line[512];
    std::size_t used = 0;
    for (const std::string_view part : {call, std::string_view{" threw: "}, what}) {
      const std::size_t n = part.size() < sizeof line - used ? part.size() : sizeof line - used;
      std::memcpy(line + used, part.data(), n);
      used += n;
    }
    host.error({line, used});
  };
  try {
    std::forward<Body>(body)();
    return true;
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("an exception that is not a std::exception");
  }
  return false;
}

}  // namespace detail
}  // namespace ordeal
