// SPDX-License-Identifier: Apache-2.0
/// How the load of the phases was made, and what became of its connections and attempts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "document/document.h"

namespace ordeal::reports {

/// "open: 50/s to 500/s over 2m; 20 connections; timeout 10s"; less of a document that says less.
std::string load_words(View phase);

/// What one entry of the campaign's load adds to the phases' models.
struct EntryWords {
  std::string load;                 // "http"
  std::string text;                 // "2 workers; timeout 1s for get"
  std::vector<std::string> phases;  // in which it was so; empty: in all of them
};
std::vector<EntryWords> entry_words(View campaign);

/// "http, in every phase: 2 workers": one line of them.
std::string entry_line(const EntryWords& entry);

/// Counts of one phase; nothing where the document has none.
struct LoadCounts {
  std::optional<double> opened;   // connections
  std::optional<double> failed;   // attempts at one
  std::optional<double> renewed;  // closed after as many operations as one is to make
  std::optional<double> dropped;  // operations due and never sent
  std::optional<double> retried;  // requests of further attempts
};
LoadCounts load_counts(View phase);

}  // namespace ordeal::reports
