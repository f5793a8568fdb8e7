/* SPDX-License-Identifier: GPL-2.0-or-later */
/* queued: one more message in a queue of a store. */
#ifndef TESTS_QUEUED_H
#define TESTS_QUEUED_H

#include "store/store.h"

/* Of `len` bytes, for the ResourceURL "r"; `message` may be NULL. */
enum sstp_store_result queued_put(struct sstp_store *store, const char *identity,
                                  const char *device, size_t len, int64_t expires_ms,
                                  struct sstp_store_message **message);

#endif
