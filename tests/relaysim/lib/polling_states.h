/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polling_states: what the tests of Polling's client and of its server have in common. */
#ifndef TESTS_RELAYSIM_POLLING_STATES_H
#define TESTS_RELAYSIM_POLLING_STATES_H

#include <stdint.h>

#include "core/wire.h"

#define NAME "relay1.example"
#define BEGIN_MS 1000

/* How far a connection has come (GRVHENC 3.5.1.1, 3.6.1.1). */
enum state { PROBING, CONNECTING, ESTABLISHED };

static const uint8_t noop[] = {0x10, 0x07, 0, 0, 0, 0, 0};

#define SPAN(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
#define WHO ": it wants to know who asks, and is not told"

#endif
