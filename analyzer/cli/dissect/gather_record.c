/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gather_record.c: in the process that has one share: what the story would be told is written down
 * for the one that joins all shares. */
#include "dissect/gather.h"

#include "dissect/gathering.h"
#include "follow/states.h"

static void on_begin(void *cookie, uint32_t number, uint32_t point, int64_t uncertainty_ns)
{
    carry_begin(cookie, number, point, uncertainty_ns);
}

static void on_command(void *cookie, const struct sstp_story_event *event, struct sstp_span bytes,
                       const uint8_t *contents)
{
    carry_event(cookie, event, bytes, contents);
}

static void on_gap(void *cookie, uint32_t number)
{
    carry_gap(cookie, number);
}

static void on_end(void *cookie, uint32_t number)
{
    carry_end(cookie, number);
}

static void on_asked(void *cookie, struct sstp_span who, struct sstp_span target, int64_t now_ns,
                     uint32_t seconds)
{
    carry_asked(cookie, who, target, now_ns, seconds);
}

static void on_looked(void *cookie)
{
    carry_looked(cookie);
}

void gather_record(struct gather *gather, struct carry *carry, const uint8_t *key)
{
    static struct grvsstp_journeys_recorder recorder; /* there is one capture in a process */
    static struct sstp_returns_judge judge;

    recorder = (struct grvsstp_journeys_recorder){on_begin, on_command, on_gap, on_end, carry};
    judge = (struct sstp_returns_judge){on_asked, on_looked, carry};
    grvsstp_states_leave_returns(&judge);
    gather->carry = carry;
    grvsstp_journeys_record(&recorder, key);
}
