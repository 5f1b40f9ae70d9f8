// SPDX-License-Identifier: Apache-2.0
#include "h2_operation.h"

namespace http {

H2Slots::H2Slots(H2Operations& operations, H2Session& owner, std::uint32_t session,
                 std::uint32_t count)
    : operations_(operations), slots_(count) {
  for (H2Operation& slot : slots_) {
    slot.owner = &owner;
    slot.session = session;
    slot.next = free_;
    free_ = &slot;
  }
}

std::int64_t H2Slots::add(const ordeal_op& op, const Request& request) {
  H2Operation& operation = *free_;
  std::int64_t code = operation.exchange.begin_parts(operations_.exchange, request, op);
  if (code == 0 && request.rendered) {
    if (!operation.filled) operation.filled = std::make_unique<H2Request::Filled>();
    code = request.h2->render(operations_.exchange.renderer, *operation.filled);
  }
  if (code != 0) return code;
  free_ = operation.next;
  operation.request = request.h2.get();
  operation.op_id = op.id;
  operation.status = 0;
  operation.headers_done = false;
  operation.body_sent = 0;
  operation.bytes_out = operation.bytes_in = operation.sent_ns = operation.first_byte_ns = 0;
  operation.newer = operation.next = nullptr;
  operation.older = operations_.newest;
  (operation.older != nullptr ? operation.older->newer : operations_.oldest) = &operation;
  operations_.newest = &operation;
  (waiting_ != nullptr ? waiting_last_->next : waiting_) = &operation;
  waiting_last_ = &operation;
  return 0;
}

void H2Slots::give_stream(std::int32_t stream) {
  H2Operation& operation = *waiting_;
  waiting_ = operation.next;
  if (waiting_ == nullptr) waiting_last_ = nullptr;
  operation.next = nullptr;
  operation.stream = stream;
  ++on_streams_;
}

void H2Slots::release(H2Operation& operation) {
  (operation.older != nullptr ? operation.older->newer : operations_.oldest) = operation.newer;
  (operation.newer != nullptr ? operation.newer->older : operations_.newest) = operation.older;
  if (operation.stream != 0) {
    --on_streams_;
  } else {
    H2Operation* before = nullptr;
    for (H2Operation* o = waiting_; o != &operation; o = o->next) before = o;
    (before != nullptr ? before->next : waiting_) = operation.next;
    if (waiting_last_ == &operation) waiting_last_ = before;
  }
  if (operation.timer != 0) operations_.exchange.host.cancel_timer(operation.timer);
  operation.timer = 0;
  operation.request = nullptr;
  operation.stream = 0;
  operation.next = free_;
  free_ = &operation;
}

void H2Slots::release_all() {
  for (H2Operation& slot : slots_)
    if (slot.request != nullptr) release(slot);
}

}  // namespace http
