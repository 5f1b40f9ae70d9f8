// SPDX-License-Identifier: Apache-2.0
// The guardian, in which any allocation after arming is fatal (SIGABRT); linked with --wrap. With
// ORDEAL_TEST_ALLOCATE in the environment it allocates once: proof that the trap is there.
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <new>

#include "guardian/guardian.h"

namespace {

bool forbidden = false;

void check(const char* what) {
  if (!forbidden) return;
  forbidden = false;
  for (const char* part : {"allocation after arming: ", what, "\n"})
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  ::abort();
}

}  // namespace

extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* old, std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
int __real_posix_memalign(void** to, std::size_t alignment, std::size_t size);
void* __real__Znwm(std::size_t size);
void* __real__Znam(std::size_t size);
void* __real__ZnwmSt11align_val_t(std::size_t size, std::align_val_t alignment);

void* __wrap_malloc(std::size_t size) {
  check("malloc");
  return __real_malloc(size);
}
void* __wrap_calloc(std::size_t count, std::size_t size) {
  check("calloc");
  return __real_calloc(count, size);
}
void* __wrap_realloc(void* old, std::size_t size) {
  check("realloc");
  return __real_realloc(old, size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  check("aligned_alloc");
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void** to, std::size_t alignment, std::size_t size) {
  check("posix_memalign");
  return __real_posix_memalign(to, alignment, size);
}
void* __wrap__Znwm(std::size_t size) {
  check("operator new");
  return __real__Znwm(size);
}
void* __wrap__Znam(std::size_t size) {
  check("operator new[]");
  return __real__Znam(size);
}
void* __wrap__ZnwmSt11align_val_t(std::size_t size, std::align_val_t alignment) {
  check("operator new");
  return __real__ZnwmSt11align_val_t(size, alignment);
}
}

int main(int argc, char** argv) {
  auto options = ordeal::parse_options(argc, argv);
  auto guardian = options ? ordeal::Guardian::arm(*options) : std::move(options).error();
  if (!guardian) {
    std::fprintf(stderr, "ordeal-guardian: %s\n", guardian.error().line().c_str());
    return static_cast<int>(guardian.error().code);
  }
  const bool prove = ::getenv("ORDEAL_TEST_ALLOCATE") != nullptr;
  forbidden = true;
  if (prove) {
    char* volatile wasted = new char;
    delete wasted;
  }
  const int code = (*guardian)->run();
  forbidden = false;
  return code;
}
