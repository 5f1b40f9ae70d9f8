// SPDX-License-Identifier: Apache-2.0
/// Rules in C++: derive from Rule, name the class in ORDEAL_PLUGIN (plugin.hpp). abi/rule.h is the
/// specification; here only what the C++ form adds. All [worker]. Since 0.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "abi/metrics.h"
#include "abi/rule.h"
#include "abi/scenario.h"  // ORDEAL_OUTCOME_*
#include "component.hpp"

namespace ordeal {

namespace detail {
struct RuleThunks;
}

/// An array of structs whose stride the host decides. Elements are read by value: what the host
/// does not know is zero.
template <class T>
class Strided {
 public:
  class iterator {
   public:
    iterator(const unsigned char* at, std::size_t stride) noexcept : at_(at), stride_(stride) {}
    T operator*() const noexcept { return abi::read(reinterpret_cast<const T*>(at_)); }
    iterator& operator++() noexcept {
      at_ += stride_;
      return *this;
    }
    bool operator!=(const iterator& other) const noexcept { return at_ != other.at_; }

   private:
    const unsigned char* at_;
    std::size_t stride_;
  };

  Strided(const T* first, std::uint32_t count, std::uint32_t stride) noexcept
      : first_(reinterpret_cast<const unsigned char*>(first)), count_(count), stride_(stride) {}
  [[nodiscard]] iterator begin() const noexcept { return {first_, stride_}; }
  [[nodiscard]] iterator end() const noexcept { return {first_ + count_ * stride_, stride_}; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] T operator[](std::size_t i) const noexcept {
    return abi::read(reinterpret_cast<const T*>(first_ + i * stride_));
  }

 private:
  const unsigned char* first_;
  std::size_t count_;
  std::size_t stride_;
};

/// What a rule judges. Immutable; valid during one evaluate call.
class SnapshotView {
 public:
  explicit SnapshotView(const ordeal_snapshot* snapshot) noexcept : raw_(abi::read(snapshot)) {}
  [[nodiscard]] std::uint64_t now_ns() const noexcept { return raw_.now_ns; }
  /// Number of the running phase, 0xffffffff between phases.
  [[nodiscard]] std::uint32_t phase() const noexcept { return raw_.phase; }
  [[nodiscard]] Strided<ordeal_sample> samples() const noexcept {
    return {raw_.samples, raw_.n_samples, raw_.sample_stride};
  }
  [[nodiscard]] Strided<ordeal_interval> intervals() const noexcept {
    return {raw_.intervals, raw_.n_intervals, raw_.interval_stride};
  }

 private:
  ordeal_snapshot raw_;
};

/// A rule's answer.
struct Judgement {
  std::uint32_t level = ORDEAL_VERDICT_OK;  // ORDEAL_VERDICT_*
  std::string metric;                       // what was judged
  std::string reason;                       // one sentence: metric, value, limit and window
  double value = 0;
  double limit = 0;
  std::uint64_t window_ns = 0;  // how long the condition has to hold
};

/// Every function is called on [worker].
class Rule {
 public:
  explicit Rule(const Context& context) noexcept : host_(context.host) {}
  virtual ~Rule() = default;
  Rule(const Rule&) = delete;
  Rule& operator=(const Rule&) = delete;

  /// Judges. An exception counts as a missed deadline.
  virtual Judgement evaluate(const SnapshotView& snapshot) = 0;

 protected:
  [[nodiscard]] const Host& host() const noexcept { return host_; }

 private:
  friend struct detail::RuleThunks;
  Host host_;
  Judgement last_;  // keeps the texts of the last answer alive until the next call
};

namespace detail {

/// The C functions over Rule: `instance` is the Rule itself.
struct RuleThunks {
  static void destroy(void* instance) noexcept { delete static_cast<Rule*>(instance); }

  static std::int32_t evaluate(void* instance, const ordeal_snapshot* snapshot,
                               ordeal_verdict* verdict) noexcept {
    auto& self = *static_cast<Rule*>(instance);
    return guarded(self.host_, [&] {
      if (snapshot == nullptr || verdict == nullptr) {
        throw Failure(ORDEAL_E_INVALID, "evaluate: a NULL pointer");
      }
      self.last_ = self.evaluate(SnapshotView(snapshot));
      ordeal_verdict out{};
      out.struct_size = sizeof out;
      out.level = self.last_.level;
      out.metric = abi::str(self.last_.metric);
      out.reason = abi::str(self.last_.reason);
      out.value = self.last_.value;
      out.limit = self.last_.limit;
      out.window_ns = self.last_.window_ns;
      abi::fill(verdict, out);
    });
  }
};

}  // namespace detail
}  // namespace ordeal
