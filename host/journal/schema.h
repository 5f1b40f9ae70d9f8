// SPDX-License-Identifier: Apache-2.0
// The tables of a journal, and how a file shows that it is one. Internal to host/journal.
#pragma once

#include "journal/database.h"

namespace ordeal::journal {

/// Of the tables below; stored as PRAGMA user_version. A reader or writer takes no other.
inline constexpr std::int64_t schema_version = 1;

/// Checks without writing that the file is a journal of our version. False: it is empty, and may
/// become one. Error: preflight (foreign or newer file).
Result<bool> check_schema(Database& database, const std::string& path);

/// Makes the tables in an empty file, all or none.
Result<void> create_schema(Database& database);
/// The table of third-party events, when it is not there yet.
Result<void> create_topic_events(Database& database);

}  // namespace ordeal::journal
