/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spoken: what carriers say and hear, as texts. */
#ifndef TESTS_RELAYSIM_SPOKEN_H
#define TESTS_RELAYSIM_SPOKEN_H

#include "carrier/carrier.h"

#include <glib.h>

/* All that it has to say, taken a byte at a time; to be freed, and empty where there is nothing. */
char *spoken_by(struct carrier_transport *transport);

/* The same, and nobody wants to know what it is. */
void spoken_pass(struct carrier_transport *transport);

/* It hears this, `cut` bytes at a time (0: whole). */
void spoken_to(struct carrier_transport *transport, const char *text, size_t cut);

/* What it has to say is exactly this. */
#define assert_spoken(transport, expected)                                                         \
    do {                                                                                           \
        char *spoken_text = spoken_by(transport);                                                  \
        g_assert_cmpstr(spoken_text, ==, expected);                                                \
        g_free(spoken_text);                                                                       \
    } while (0)

/* Its beginning is this. */
#define assert_spoken_prefix(transport, prefix)                                                    \
    do {                                                                                           \
        char *spoken_text = spoken_by(transport);                                                  \
        if (!g_str_has_prefix(spoken_text, prefix))                                                \
            g_assert_cmpstr(spoken_text, ==, prefix);                                              \
        g_free(spoken_text);                                                                       \
    } while (0)

#endif
