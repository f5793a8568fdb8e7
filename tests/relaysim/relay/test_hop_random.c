/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single-hop fanout with everything that can happen to it, at random and always in the
 * same way. */
#include "town.h"

#define ACK SSTP_MESSAGE_FLAG_ACK_IMMEDIATELY

#define RECIPIENTS 6
#define SENDERS_EVER 9

/* What a sender was told of one of its sessions, and of a message. */
struct told_session {
    bool is_lost[RECIPIENTS];
    bool is_recipient[RECIPIENTS];
    unsigned index_of[RECIPIENTS]; /* entry to recipient */
    bool is_closed;                /* by its sender, who is told nothing any more */
};
struct told_message {
    struct told_session *session;
    unsigned number;
    bool is_owed[RECIPIENTS]; /* it was acknowledged, with this recipient in the session */
};

struct open_session {
    uint32_t id;
    struct told_session *told;
};

static GArray *open_sessions; /* of the sender that is there */

static struct told_session *told_of(uint32_t id)
{
    for (guint i = 0; i < open_sessions->len; i++)
        if (g_array_index(open_sessions, struct open_session, i).id == id)
            return g_array_index(open_sessions, struct open_session, i).told;
    return NULL;
}

static void look(const struct sstp_ep_event *event)
{
    if (event->kind == SSTP_EP_EVENT_SESSION_STATUS) {
        struct told_session *session = told_of(event->session_id);
        g_assert_nonnull(session);
        session->is_lost[session->index_of[event->entry_index]] = true;
    } else if (event->kind == SSTP_EP_EVENT_ACKNOWLEDGED) {
        struct told_message *message = event->tag;
        for (size_t i = 0; i < RECIPIENTS; i++)
            message->is_owed[i] = message->session->is_recipient[i] &&
                                  !message->session->is_lost[i] && !message->session->is_closed;
    }
}

/* Three relays, with everything that can happen to them but their own death. */
struct chaos {
    struct town *town;
    GRand *rand;
    struct town_relay *relays[3];
    struct town_client *recipients[RECIPIENTS];
    struct town_client *sender; /* the one that is there */
    unsigned num_senders;
    GPtrArray *sessions, *messages;
};

static void new_sender(struct chaos *chaos)
{
    struct town_relay *at = chaos->relays[g_rand_int_range(chaos->rand, 0, 3)];
    if (chaos->num_senders == SENDERS_EVER)
        return;
    chaos->num_senders++;
    chaos->sender =
        town_client(chaos->town, 'X', at, (uint8_t)g_rand_int_range(chaos->rand, 5, 7), false);
    chaos->sender->look = look;
    g_array_set_size(open_sessions, 0);
}

static void open_at_random(struct chaos *chaos)
{
    struct sstp_fanout_entry entries[RECIPIENTS];
    struct told_session *told = g_new0(struct told_session, 1);
    unsigned num = 0;
    struct open_session open = {.told = told};
    g_ptr_array_add(chaos->sessions, told);
    for (unsigned i = 0; i < RECIPIENTS; i++) {
        if (num > 0 && g_rand_boolean(chaos->rand))
            continue;
        const struct town_client *to = chaos->recipients[i];
        entries[num] =
            (struct sstp_fanout_entry){.identity_url = sstp_span_of_string(to->identity_url),
                                       .device_url = sstp_span_of_string(to->device_url),
                                       .relay_url = sstp_span_of_string(to->at->url)};
        told->is_recipient[i] = true;
        told->index_of[num++] = i;
    }
    if (sstp_ep_fanout_open(town_ep(chaos->sender), sstp_span_of_string("r"), entries, num,
                            &open.id) == SSTP_EP_OK)
        g_array_append_val(open_sessions, open);
}

static void send_at_random(struct chaos *chaos, const struct open_session *open)
{
    struct told_message *told = g_new0(struct told_message, 1);
    char text[24];
    told->session = open->told;
    told->number = chaos->messages->len;
    g_snprintf(text, sizeof text, "%u", told->number);
    const struct sstp_ep_message message = {.flags = g_rand_boolean(chaos->rand) ? ACK : 0,
                                            .data = sstp_span_of_string(text)};
    g_ptr_array_add(chaos->messages, told);
    (void)sstp_ep_send_message(town_ep(chaos->sender), open->id, &message, told);
}

static void step(struct chaos *chaos)
{
    const unsigned what = (unsigned)g_rand_int_range(chaos->rand, 0, 100);
    struct town_relay *relay = chaos->relays[g_rand_int_range(chaos->rand, 0, 3)];
    struct town_relay *other = chaos->relays[g_rand_int_range(chaos->rand, 0, 3)];
    const guint at = open_sessions->len > 0
                         ? (guint)g_rand_int_range(chaos->rand, 0, (gint32)open_sessions->len)
                         : 0;
    if (what < 12) {
        open_at_random(chaos);
    } else if (what < 55 && open_sessions->len > 0) {
        send_at_random(chaos, &g_array_index(open_sessions, struct open_session, at));
    } else if (what < 60 && open_sessions->len > 0) {
        const struct open_session *open = &g_array_index(open_sessions, struct open_session, at);
        open->told->is_closed = true;
        (void)sstp_ep_close_session(town_ep(chaos->sender), open->id, SSTP_CLOSE_NO_REASON);
        g_array_remove_index_fast(open_sessions, at);
    } else if (what < 68) {
        town_cut(relay, other);
    } else if (what < 72) {
        relay->is_unreachable = !relay->is_unreachable;
    } else if (what < 75) {
        if (what == 74)
            sstp_ep_close_connection(town_ep(chaos->sender), SSTP_CONNECT_CLOSE_NO_REASON, 0);
        else
            town_cut_client(chaos->sender);
    } else if (what < 90) {
        town_hear(relay, other);
    } else {
        town_advance(relay, g_rand_int_range(chaos->rand, 1, 70000));
    }
    if (g_rand_int_range(chaos->rand, 0, 3) == 0)
        town_settle(chaos->town);
    if (sstp_ep_state(town_ep(chaos->sender)) == SSTP_CONNECTION_CLOSED)
        new_sender(chaos);
}

static bool has_received(const struct town_client *client, unsigned number)
{
    char *pattern = g_strdup_printf(";%u;", number);
    char *all = g_strconcat(";", client->received->str, NULL);
    const bool has = strstr(all, pattern) != NULL;
    g_free(all);
    g_free(pattern);
    return has;
}

/* Whatever happens: what was acknowledged has come to everybody who had not been reported
 * as lost.  (A SessionStatus that meets the sender's own Close tells it nothing.) */
static void test_at_random(void)
{
    unsigned num_owed = 0;
    for (guint32 seed = 1; seed <= 150; seed++) {
        struct chaos chaos = {.town = town_new(),
                              .rand = g_rand_new_with_seed(seed),
                              .sessions = g_ptr_array_new_with_free_func(g_free),
                              .messages = g_ptr_array_new_with_free_func(g_free)};
        open_sessions = g_array_new(FALSE, FALSE, sizeof(struct open_session));
        for (unsigned i = 0; i < 3; i++)
            chaos.relays[i] =
                town_relay(chaos.town, i + 1,
                           &(struct sstp_relay_config){.minor_version = seed % 3 == i ? 5 : 6});
        for (unsigned i = 0; i < RECIPIENTS; i++)
            chaos.recipients[i] =
                town_client(chaos.town, (char)('A' + i), chaos.relays[i % 3], 6, true);
        new_sender(&chaos);
        for (unsigned i = 0; i < 300; i++)
            step(&chaos);
        for (unsigned i = 0; i < 6; i++)
            town_advance(chaos.relays[i % 3], 200000);
        for (guint m = 0; m < chaos.messages->len; m++) {
            const struct told_message *message = g_ptr_array_index(chaos.messages, m);
            for (unsigned i = 0; i < RECIPIENTS; i++) {
                num_owed += message->is_owed[i];
                if (message->is_owed[i] && !has_received(chaos.recipients[i], message->number))
                    g_error("seed %u: message %u did not come to %s", seed, message->number,
                            chaos.recipients[i]->name);
            }
        }
        town_free(chaos.town);
        g_rand_free(chaos.rand);
        g_ptr_array_free(chaos.sessions, TRUE);
        g_ptr_array_free(chaos.messages, TRUE);
        g_array_free(open_sessions, TRUE);
    }
    g_assert_cmpuint(num_owed, >, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/relay-hop/at-random", test_at_random);
    return g_test_run();
}
