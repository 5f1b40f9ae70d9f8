// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>

#include "cell/check/cases.h"
#include "cell/check/subject.h"
#include "cell/sandbox.h"

namespace ordeal::check {

namespace {

struct Named {
  std::string_view name;
  CaseFn run;
};

constexpr Named cases[] = {
    {"load", case_load},
    {"load-time", case_load_time},
    {"entry", case_entry},
    {"identity", case_identity},
    {"factories", case_factories},
    {"unknown-ids", case_unknown_ids},
    {"create", case_create},
    {"describe", case_describe},
    {"use", case_use},
    {"destroy", case_destroy},
    {"unknown-component", case_unknown_component},
    {"two-instances", case_two_instances},
    {"lifecycle", case_lifecycle},
    {"output", case_output},
    {"signals", case_signals},
    {"process-state", case_process_state},
    {"leaks", case_leaks},
    {"missing-services", case_missing_services},
    {"newer-host", case_newer_host},
    {"shorter-structs", case_shorter_structs},
    {"bounds", case_bounds},
    {"threads", case_threads},
    {"overrun", case_overrun},
    {"operations", case_operations},
    {"metrics", case_metrics},
    {"samples", case_samples},
    {"verdicts", case_verdicts},
    {"files", case_files},
    {"same-bytes", case_same_bytes},
    {"configs", case_configs},
    {"bad-configs", case_bad_configs},
    {"snapshots", case_snapshots},
    {"documents", case_documents},
    {"out-of-memory", case_out_of_memory},
};

std::string read_all(int fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

void limit(int what, rlim_t value) {
  rlimit now{};
  ::getrlimit(static_cast<__rlimit_resource>(what), &now);
  now.rlim_cur = std::min(value, now.rlim_max);
  now.rlim_max = now.rlim_cur;
  ::setrlimit(static_cast<__rlimit_resource>(what), &now);
}

/// What `ordeal run` would deny to the plugin, too.
void say_denied(Sandbox& sandbox, Record& record) {
  for (const Sandbox::Denial& one : sandbox.take_denials())
    record.fail("it called " + one.call + "(), which its cell denies",
                "do without, or ask for it in the manifest: requires.privileges");
}

}  // namespace

CaseFn find_case(std::string_view name) {
  for (const Named& one : cases)
    if (one.name == name) return one.run;
  return nullptr;
}

int list_checks() {
  for (const Named& one : cases) std::printf("%s\n", std::string(one.name).c_str());
  return 0;
}

int run_check() {
  // A case must not outlive the command, leave a core of many megabytes, or fill the disk.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, rlim_t{256} << 20);
  limit(RLIMIT_NOFILE, 1024);
  ::signal(SIGPIPE, SIG_IGN);  // as in a cell
  // Both live until the process does: a plugin's thread may outlive the case.
  auto* const record = new Record;
  auto job = read_job(read_all(STDIN_FILENO));
  const CaseFn run = job ? find_case(job->name) : nullptr;
  if (run == nullptr) {
    std::fprintf(stderr, "ordeal-cell: %s\n",
                 job ? ("no such case: " + job->name).c_str() : job.error().line().c_str());
    return static_cast<int>(ExitCode::usage);
  }
  auto* const kept = new Job(std::move(*job));
  // As in a run: what is denied there is denied here, and whoever starts the check is out of reach.
  auto* const sandbox = new Sandbox({kept->privileges, 0});
  try {
    run(*kept, *record);
  } catch (const CaseOver&) {
  } catch (const std::exception& failure) {
    record->fail(std::string("the case itself failed: ") + failure.what());
  }
  if (kept->name == "process-state") say_denied(*sandbox, *record);
  record->done();
  // What a plugin registered to run at exit is looked at once.
  if (kept->name == "lifecycle") return 0;
  ::_exit(0);
}

}  // namespace ordeal::check
