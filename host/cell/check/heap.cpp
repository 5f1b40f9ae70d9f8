// SPDX-License-Identifier: Apache-2.0
#include "cell/check/heap.h"

#include <dlfcn.h>

#include "cell/check/heap/heap_table.h"

namespace ordeal::check {

namespace {

const ordeal_check_heap_table* table() {
  static const auto* const found =
      static_cast<const ordeal_check_heap_table*>(::dlsym(RTLD_DEFAULT, ORDEAL_CHECK_HEAP_SYMBOL));
  return found;
}

}  // namespace

bool heap_available() { return table() != nullptr; }

HeapUse heap_use() {
  HeapUse use;
  if (table() != nullptr) table()->use(&use.blocks, &use.bytes);
  return use;
}

HeapFault::HeapFault(std::uint64_t nth, bool onwards) {
  if (table() != nullptr) table()->arm(nth, onwards ? 1 : 0);
}
HeapFault::~HeapFault() {
  if (table() != nullptr) table()->disarm();
}
std::uint64_t HeapFault::allocations() const {
  return table() == nullptr ? 0 : table()->allocations();
}

HeapPause::HeapPause() {
  if (table() != nullptr) table()->pause(1);
}
HeapPause::~HeapPause() {
  if (table() != nullptr) table()->pause(-1);
}

HeapResume::HeapResume() {
  if (table() != nullptr) table()->pause(-1);
}
HeapResume::~HeapResume() {
  if (table() != nullptr) table()->pause(1);
}

}  // namespace ordeal::check
