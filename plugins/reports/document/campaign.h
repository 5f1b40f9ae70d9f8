// SPDX-License-Identifier: Apache-2.0
/// What the text and the page both work out of a campaign document.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/document.h"

namespace ordeal::reports {

/// "NO-GO", "SAFETY STOP"; "NO VERDICT" when the document has none.
std::string verdict_words(View campaign);

/// How a result word is shown and weighed: a verdict, a phase's or an assertion's result.
enum class Tone { good, bad, unsure, neutral };
Tone tone_of(std::string_view result);

/// Phases down, metrics across: the form in which a person takes assertions in at a glance.
struct AssertionGrid {
  struct Row {
    std::string phase;        // "7 stress_test"
    std::vector<View> cells;  // one per metric; nothing where the phase asserts none
  };
  std::vector<std::string> metrics;
  std::vector<Row> rows;
};
/// Nothing when they do not have that shape (two limits on one metric, more than four metrics,
/// fewer than three phases).
std::optional<AssertionGrid> assertion_grid(View assertions);
/// "7 stress_test": people count phases from 1.
std::string phase_label(std::optional<double> index, std::string_view name);
/// What an assertion demands of its metric: ">=95%".
std::string demand(View assertion);

/// The error counts of all phases by class and code, largest first.
struct ErrorClass {
  std::string operation;
  std::string error_class;
  std::string code;  // with its meaning, if that is known; "" for none
  double count = 0;
  std::vector<std::string> phases;
};
std::vector<ErrorClass> errors_by_class(View campaign);

/// Operations that got no answer because they were never sent or were called back.
struct Unsent {
  double dropped = 0;
  double cancelled = 0;
};
Unsent unsent_operations(View campaign);

/// The phase that carried the most successful operations per second and passed.
std::optional<View> best_phase(View campaign);
/// The failed phase with the smallest load, in successful operations per second.
std::optional<View> first_failed_phase(View campaign);

/// The capacity in plain sentences: the search's answer, or what the phases show.
std::vector<std::string> capacity_sentences(View campaign);

/// One line of a safety or plugin event: its text, or what its fields say.
std::string event_text(View event);

/// When it was: its own ISO time, else "+1h 02m" since the start, else "".
std::string event_time(View event);

/// "measured" or the reasons why not, as one sentence.
std::string validity_sentence(View campaign);

/// What one row of a table of times shows.
struct PartTimes {
  std::string phase;
  std::string part;  // "latency", "service" or a mark
  std::optional<double> p50, p90, p99, p999, max;
  std::optional<double> count;
};
/// Of every phase the latency, then the service time and the marks if it has them.
std::vector<PartTimes> times_by_part(View campaign);

}  // namespace ordeal::reports
