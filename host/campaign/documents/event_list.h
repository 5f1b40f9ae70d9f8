// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "campaign/documents/journal_facts.h"

namespace ordeal::documents {

/// One line for people about an event: "throttle: cpu was 91 %, limit 85 % for 10 s".
std::string event_text(const JournalEvent& event, const boost::json::value& data);

/// {seq, time, t, phase, topic, type, text} and the members of its data, of every event that
/// `wanted` takes; t in seconds since `origin_wall_ns`.
Result<boost::json::array> event_list(const RunFacts& facts, std::uint64_t origin_wall_ns,
                                      const std::function<bool(const JournalEvent&)>& wanted);

/// {t, topic, type, text} for charts.
Result<boost::json::array> event_marks(const RunFacts& facts, std::uint64_t origin_wall_ns,
                                       const std::function<bool(const JournalEvent&)>& wanted);

/// Whether an event belongs to an attempt: by its phase, or else by its time.
bool belongs_to(const JournalEvent& event, const Attempt& attempt);

}  // namespace ordeal::documents
