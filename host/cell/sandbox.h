// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ordeal {

/// What a cell's plugins are allowed, from their manifests.
struct Confinement {
  std::vector<std::string> privileges;  // of all its plugins together; see registry/privileges.h
  std::uint32_t files = 0;              // most open descriptors; 0: as many as the host may have
};

/// The limits of a cell, for good: resource limits, no_new_privs and a seccomp filter that covers
/// every thread. A system call that is denied fails with EPERM and is counted by name. It keeps
/// accidents and idle curiosity in the cell; it is no defence against code that has set out to
/// attack the kernel, and files are guarded by the user the run belongs to.
class Sandbox {
 public:
  /// Confines the calling process. Nothing fails: what the kernel refuses is in gaps().
  explicit Sandbox(const Confinement& confinement);

  /// What could not be enforced here, in words; empty: everything.
  [[nodiscard]] const std::vector<std::string>& gaps() const { return gaps_; }

  struct Denial {
    std::string call;  // "socket"
    std::uint64_t count;
  };
  /// What was denied since the last call. The calls of a filter without a listener cannot be
  /// counted.
  std::vector<Denial> take_denials();

  /// The calls that `privileges` deny, for tests and for people.
  static std::vector<std::string> denied_calls(const std::vector<std::string>& privileges);

 private:
  struct Counters;

  void limit(const Confinement& confinement);
  void filter(const Confinement& confinement);

  std::vector<std::string> gaps_;
  /// Shared with the thread that answers for the kernel, which lives as long as the process.
  std::shared_ptr<Counters> counters_;
};

}  // namespace ordeal
