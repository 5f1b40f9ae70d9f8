// SPDX-License-Identifier: Apache-2.0
// Takes memory as fast as it can, 2 GiB at most: ordeal-memory-hog FILE [shared]. FILE holds how
// many bytes it has had so far. `shared` is memory that no limit of a process's data counts. Ends
// by itself after 20 s.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  constexpr std::size_t most = std::size_t{2} << 30;
  constexpr std::size_t step = std::size_t{8} << 20;
  const bool shared = argc > 2 && argv[2] == std::string_view("shared");
  const int file = ::open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return 1;
  ::alarm(20);
  for (std::uint64_t had = 0; had < most;) {
    void* memory = ::mmap(nullptr, step, PROT_READ | PROT_WRITE,
                          MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
    if (memory == MAP_FAILED) return 3;
    std::memset(memory, 1, step);
    had += step;
    if (::pwrite(file, &had, sizeof had, 0) != sizeof had) return 1;
  }
  ::pause();
  return 0;
}
