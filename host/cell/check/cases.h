// SPDX-License-Identifier: Apache-2.0
// The cases of `ordeal plugin check` that run the plugin, one function each.
// host/check/catalogue.cpp says what each is about; a process runs one of them, once.
#pragma once

#include <optional>
#include <string_view>

#include "cell/check/job.h"
#include "cell/check/record.h"

namespace ordeal::check {

// cases_load.cpp
void case_load(const Job&, Record&);
void case_load_time(const Job&, Record&);
void case_entry(const Job&, Record&);
void case_identity(const Job&, Record&);
void case_factories(const Job&, Record&);
void case_unknown_ids(const Job&, Record&);
// cases_life.cpp
void case_create(const Job&, Record&);
void case_describe(const Job&, Record&);
void case_use(const Job&, Record&);
void case_destroy(const Job&, Record&);
void case_unknown_component(const Job&, Record&);
void case_two_instances(const Job&, Record&);
void case_lifecycle(const Job&, Record&);
// cases_process.cpp
void case_output(const Job&, Record&);
void case_signals(const Job&, Record&);
void case_process_state(const Job&, Record&);
void case_leaks(const Job&, Record&);
// cases_host.cpp
void case_missing_services(const Job&, Record&);
void case_newer_host(const Job&, Record&);
void case_shorter_structs(const Job&, Record&);
void case_bounds(const Job&, Record&);
void case_threads(const Job&, Record&);
void case_overrun(const Job&, Record&);
// cases_kinds.cpp
void case_operations(const Job&, Record&);
void case_metrics(const Job&, Record&);
void case_samples(const Job&, Record&);
void case_verdicts(const Job&, Record&);
void case_files(const Job&, Record&);
void case_same_bytes(const Job&, Record&);
// cases_bad_input.cpp
void case_configs(const Job&, Record&);
void case_bad_configs(const Job&, Record&);
void case_snapshots(const Job&, Record&);
void case_documents(const Job&, Record&);
void case_out_of_memory(const Job&, Record&);

using CaseFn = void (*)(const Job&, Record&);
/// The function of a case, or nothing.
CaseFn find_case(std::string_view name);

/// `ordeal-cell check`: reads a job from standard input, runs its case, writes its record. Does not
/// return from cases that end the process. The exit code: 0 when the case came to its end.
int run_check();
/// `ordeal-cell check-list`: the names of all cases, one a line.
int list_checks();

}  // namespace ordeal::check
