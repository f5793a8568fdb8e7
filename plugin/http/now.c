/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http/now.h"

#include <glib.h>

static uint32_t now_frame;
static int64_t now_ns;

void grvhenc_now_reset(void)
{
    now_frame = 0;
    now_ns = INT64_MIN / 2;
}

void grvhenc_now_note(uint32_t frame, int64_t time_ns)
{
    now_frame = frame;
    now_ns = MAX(now_ns, time_ns);
}

uint32_t grvhenc_now_frame(void)
{
    return now_frame;
}

int64_t grvhenc_now_ns(void)
{
    return now_ns;
}
