// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "campaign/documents/journal_facts.h"

namespace ordeal::documents {

/// What each plugin did that it should not have, added up over the run: {plugin, version,
/// component, kind, count, detail}, by plugin, component and kind. Kinds: crash, hang, quarantine,
/// refused, overrun, failed, dropped (events it was too slow for), and those of the events
/// `trouble`: denied, log_flood, bus_flood, descriptors, signal_handlers, misbehaviour, unconfined.
/// `detail` is of the last one. An event of another type that names a plugin and has a `count`,
/// `dropped` or `lost` is listed under its type.
Result<boost::json::array> plugin_trouble(const RunFacts& facts);

}  // namespace ordeal::documents
