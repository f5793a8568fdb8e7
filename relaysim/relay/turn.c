/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turn: one piece of work, from when somebody calls the relay to when it returns.  What the
 * work itself brings about waits until it is done: what endpoints tell, messages that can be
 * acknowledged, clients that may send again or not.  So nobody finds that a session, a hop
 * or a share has gone while it was at work with it: they go at the end. */
#include "relay/hop.h"

struct later {
    void (*work)(void *object, const struct sstp_ep_event *event);
    void *object;
    struct sstp_ep_event event;
};

void relay_turns_new(struct sstp_relay *relay)
{
    relay->later = g_array_new(FALSE, FALSE, sizeof(struct later));
}

void relay_turns_free(struct sstp_relay *relay)
{
    g_array_free(relay->later, TRUE);
}

void relay_turn_begin(struct sstp_relay *relay)
{
    relay->turn_depth++;
}

bool relay_turn_is_on(const struct sstp_relay *relay)
{
    return relay->turn_depth > 0;
}

void relay_turn_later(struct sstp_relay *relay,
                      void (*work)(void *object, const struct sstp_ep_event *event), void *object,
                      const struct sstp_ep_event *event)
{
    /* What a command brought is told before anything else happens, and never waits: its
     * spans would not. */
    g_assert(event == NULL || event->command == NULL);
    const struct later later = {work, object, event != NULL ? *event : (struct sstp_ep_event){0}};
    g_array_append_val(relay->later, later);
}

/* One thing that was left to do, the most urgent; false when there is nothing. */
static bool go_on(struct sstp_relay *relay, guint *num_done)
{
    GList *link;
    if ((link = g_queue_peek_head_link(&relay->changed)) != NULL) {
        relay_hops_update(link->data);
        return true;
    }
    if (relay->settled.length > 0) {
        relay_receipts_settle(relay);
        return true;
    }
    if (*num_done < relay->later->len) {
        const struct later later = g_array_index(relay->later, struct later, *num_done);
        (*num_done)++;
        later.work(later.object, &later.event);
        return true;
    }
    return false;
}

void relay_turn_end(struct sstp_relay *relay)
{
    guint num_done = 0;
    if (relay->turn_depth == 1) {
        while (go_on(relay, &num_done))
            continue;
        g_array_set_size(relay->later, 0);
    }
    relay->turn_depth--;
}
