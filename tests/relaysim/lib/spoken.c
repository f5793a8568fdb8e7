/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spoken.h"

#include <string.h>

char *spoken_by(struct carrier_transport *transport)
{
    GString *text = g_string_new(NULL);
    struct sstp_span piece;
    while (carrier_output_len(transport) > 0 && carrier_output(transport, &piece, 1) > 0) {
        g_string_append_c(text, (char)piece.data[0]);
        carrier_taken(transport, 1);
    }
    return g_string_free(text, FALSE);
}

void spoken_pass(struct carrier_transport *transport)
{
    g_free(spoken_by(transport));
}

void spoken_to(struct carrier_transport *transport, const char *text, size_t cut)
{
    const size_t len = strlen(text);
    const size_t step = cut > 0 ? cut : len;
    for (size_t at = 0; at < len; at += step)
        carrier_receive(transport, text + at, MIN(step, len - at));
}
