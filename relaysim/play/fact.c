/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fact: what the devices of a scenario are told. */
#include "play/fact.h"

#include "core/mnemonics.h"

void facts_init(struct player *player)
{
    for (unsigned i = 0; i < player->scenario->num_devices; i++)
        player->devices[i].facts = g_ptr_array_new();
    for (unsigned i = 0; i < player->scenario->num_sessions; i++)
        player->sessions[i].states = g_array_new(FALSE, FALSE, sizeof(enum sstp_session_state));
}

static void free_fact(struct fact *fact)
{
    g_free(fact->text);
    if (fact->indexes != NULL)
        g_array_free(fact->indexes, TRUE);
    if (fact->status != NULL)
        g_bytes_unref(fact->status);
    g_free(fact);
}

void facts_clear(struct player *player)
{
    for (unsigned i = 0; i < player->scenario->num_devices; i++) {
        GPtrArray *facts = player->devices[i].facts;
        for (guint f = 0; f < facts->len; f++)
            free_fact(g_ptr_array_index(facts, f));
        g_ptr_array_free(facts, TRUE);
    }
    for (unsigned i = 0; i < player->scenario->num_sessions; i++)
        g_array_free(player->sessions[i].states, TRUE);
}

/* ------------------------------------------------------------------------
 * Taking notice
 */

static unsigned index_of(const struct player *player, const struct actor *actor)
{
    unsigned i = 0;
    while (player->devices[i].actor != actor)
        i++;
    return i;
}

static struct fact *add_fact(struct device_play *device, enum fact_kind kind)
{
    struct fact *fact = g_new0(struct fact, 1);
    fact->kind = kind;
    fact->connection = device->connection;
    fact->message = SCENARIO_NONE;
    g_ptr_array_add(device->facts, fact);
    return fact;
}

/* The session that the device has opened with this id; NULL. */
static struct session_play *session_of(struct player *player, unsigned device, uint32_t id)
{
    for (unsigned i = 0; i < player->scenario->num_sessions; i++) {
        struct session_play *session = &player->sessions[i];
        if (session->is_known && session->id == id &&
            player->scenario->sessions[i].originator == device &&
            session->originator_connection == player->devices[device].connection)
            return session;
    }
    return NULL;
}

static void append_span(GByteArray *bytes, struct sstp_span span)
{
    g_byte_array_append(bytes, (const guint8 *)&span.len, sizeof span.len);
    if (span.len > 0)
        g_byte_array_append(bytes, span.data, (guint)span.len);
}

/* A destination is never lost twice, so that two commands that say the same are one. */
static void on_status(struct player *player, unsigned device, const struct sstp_ep_event *event)
{
    struct device_play *play = &player->devices[device];
    GByteArray *bytes = g_byte_array_new();
    append_span(bytes, event->command->identity_url);
    append_span(bytes, event->command->device_url);
    append_span(bytes, event->command->fanout_indexes.bytes);
    GBytes *status = g_byte_array_free_to_bytes(bytes);
    struct fact *fact =
        play->facts->len > 0 ? g_ptr_array_index(play->facts, play->facts->len - 1) : NULL;
    if (fact == NULL || fact->kind != FACT_LOST || fact->session_id != event->session_id ||
        fact->connection != play->connection || !g_bytes_equal(fact->status, status)) {
        fact = add_fact(play, FACT_LOST);
        fact->session_id = event->session_id;
        fact->id = event->command->status_id;
        fact->status = g_bytes_ref(status);
        fact->indexes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    }
    g_bytes_unref(status);
    const uint16_t index = (uint16_t)event->entry_index;
    g_array_append_val(fact->indexes, index);
}

/* Which message it is; SCENARIO_NONE for one that nobody sent. */
static unsigned recognise(const struct scenario *scenario, struct sstp_span data)
{
    unsigned i = 0;
    while (i < scenario->num_messages &&
           !sstp_span_is_equal(scenario->messages[i].fields.data, data))
        i++;
    return i < scenario->num_messages ? i : SCENARIO_NONE;
}

static bool has_same_fields(const struct sstp_ep_message *a, const struct sstp_ep_message *b)
{
    return a->flags == b->flags && sstp_span_is_equal(a->user_ref, b->user_ref) &&
           a->ttl == b->ttl && a->byte_stream_size == b->byte_stream_size &&
           a->session_size == b->session_size && a->message_size == b->message_size &&
           a->num_fragments == b->num_fragments && a->this_fragment == b->this_fragment &&
           a->fragment_offset == b->fragment_offset &&
           sstp_span_is_equal(a->fragment_id, b->fragment_id);
}

static void on_message(struct player *player, unsigned device, const struct sstp_ep_event *event)
{
    const struct scenario *scenario = player->scenario;
    const unsigned message = recognise(scenario, event->message->data);
    struct fact *fact = add_fact(&player->devices[device], FACT_RECEIVED);
    fact->session_id = event->session_id;
    fact->message = message;
    fact->number = event->number;
    if (message != SCENARIO_NONE &&
        !has_same_fields(event->message, &scenario->messages[message].fields))
        (void)player_fail(player, NULL, "%s received %s with other fields than were sent",
                          scenario->devices[device].name, scenario->messages[message].name);
}

static void on_acknowledged(struct device_play *device, const struct sstp_ep_event *event)
{
    struct fact *fact = add_fact(device, FACT_ACKNOWLEDGED);
    if (device->acks_left == 0)
        device->acks_left = event->command->message_count;
    fact->message = GPOINTER_TO_UINT(event->tag) - 1;
    fact->id = event->command->id;
    fact->number = event->command->message_count;
    fact->place = (unsigned)(fact->number - device->acks_left);
    device->acks_left--;
}

static void on_closed(struct device_play *device, const struct sstp_ep_event *event)
{
    switch (event->end) {
    case SSTP_EP_END_PEER:
    case SSTP_EP_END_TIMEOUT:
    case SSTP_EP_END_REFUSED: {
        if (event->end == SSTP_EP_END_REFUSED && event->is_local)
            break; /* it has refused the peer itself */
        struct fact *fact = add_fact(device, FACT_DISCONNECTED);
        fact->id = event->reason_id;
        fact->number = event->wait_time;
        break;
    }
    case SSTP_EP_END_TRANSPORT_LOST:
        if (!device->is_leaving)
            (void)add_fact(device, FACT_CUT);
        break;
    case SSTP_EP_END_LOCAL:
    case SSTP_EP_END_VIOLATION: /* it says so itself */
    case SSTP_EP_END_NO_MEMORY:
    case SSTP_EP_END_COUNT:
        break;
    }
    device->acks_left = 0;
}

static void on_session_closed(struct player *player, unsigned device,
                              const struct sstp_ep_event *event)
{
    struct session_play *session = session_of(player, device, event->session_id);
    struct fact *fact = add_fact(&player->devices[device],
                                 event->is_open_refused ? FACT_OPEN_REFUSED : FACT_CLOSED);
    fact->session_id = event->session_id;
    fact->id = event->is_open_refused ? event->response_id : event->reason_id;
    if (session != NULL)
        g_array_append_val(session->states, (enum sstp_session_state){SSTP_SESSION_CLOSED});
}

void facts_told(void *cookie, struct actor *actor, const struct sstp_ep_event *event)
{
    struct player *player = cookie;
    const unsigned device = index_of(player, actor);
    struct device_play *play = &player->devices[device];
    struct session_play *session;

    if (event->kind == SSTP_EP_EVENT_ESTABLISHED) {
        play->connection++;
        play->is_leaving = false;
        const uint64_t drop_within = player->scenario->devices[device].drop_within;
        if (drop_within != 0 && play->connection == 1 &&
            live_connection_socket(actor->connection) != NULL)
            net_drop_within(live_connection_socket(actor->connection), drop_within);
    }
    if (player->is_over)
        return;
    switch (event->kind) {
    case SSTP_EP_EVENT_REFUSED:
        add_fact(play, FACT_REFUSED)->id = event->response_id;
        break;
    case SSTP_EP_EVENT_OPENED:
        add_fact(play, FACT_OPENED)->session_id = event->session_id;
        break;
    case SSTP_EP_EVENT_SESSION_STATE:
        session = session_of(player, device, event->session_id);
        if (session != NULL)
            g_array_append_val(session->states, event->session_state);
        break;
    case SSTP_EP_EVENT_SESSION_STATUS:
        on_status(player, device, event);
        break;
    case SSTP_EP_EVENT_SESSION_CLOSED:
        on_session_closed(player, device, event);
        break;
    case SSTP_EP_EVENT_MESSAGE:
        on_message(player, device, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED:
        on_acknowledged(play, event);
        break;
    case SSTP_EP_EVENT_UNACKNOWLEDGED:
        add_fact(play, FACT_UNACKNOWLEDGED)->message = GPOINTER_TO_UINT(event->tag) - 1;
        break;
    case SSTP_EP_EVENT_CLOSED:
        on_closed(play, event);
        break;
    case SSTP_EP_EVENT_ACKNOWLEDGED_LATE: /* it has been claimed as unacknowledged */
    case SSTP_EP_EVENT_CONNECT:
    case SSTP_EP_EVENT_ESTABLISHED:
    case SSTP_EP_EVENT_OPEN:
    case SSTP_EP_EVENT_CONNECT_AUTHENTICATE:
    case SSTP_EP_EVENT_FANOUT_OPEN:
    case SSTP_EP_EVENT_ATTACH:
    case SSTP_EP_EVENT_ATTACH_RESPONSE:
    case SSTP_EP_EVENT_ATTACH_AUTHENTICATE:
    case SSTP_EP_EVENT_REGISTER:
    case SSTP_EP_EVENT_REGISTER_RESPONSE:
        break;
    }
}

void facts_failed(void *cookie, struct actor *actor, const char *why)
{
    struct player *player = cookie;
    if (!player->is_over)
        add_fact(&player->devices[index_of(player, actor)], FACT_FAILED)->text = g_strdup(why);
}

/* ------------------------------------------------------------------------
 * Looking for them
 */

struct fact *facts_next(const struct player *player, unsigned device, enum fact_kind kind)
{
    const GPtrArray *facts = player->devices[device].facts;
    for (guint i = 0; i < facts->len; i++) {
        struct fact *fact = g_ptr_array_index(facts, i);
        if (fact->kind == kind && !fact->is_claimed)
            return fact;
    }
    return NULL;
}

bool fact_is_of_session(const struct player *player, unsigned device, const struct fact *fact,
                        unsigned session)
{
    const struct session_play *play = &player->sessions[session];
    const struct scenario_session *declared = &player->scenario->sessions[session];
    return play->is_known && play->id == fact->session_id &&
           ((declared->originator == device && play->originator_connection == fact->connection) ||
            (declared->receiver == device && play->receiver_connection == fact->connection));
}

/* ------------------------------------------------------------------------
 * In words
 */

static const char *known(const char *name)
{
    return name != NULL ? name : "of no known id";
}

static void append_session(const struct player *player, unsigned device, const struct fact *fact,
                           GString *text)
{
    for (unsigned i = 0; i < player->scenario->num_sessions; i++) {
        if (!fact_is_of_session(player, device, fact, i))
            continue;
        g_string_append_printf(text, " of %s", player->scenario->sessions[i].name);
        return;
    }
    g_string_append_printf(text, " of session 0x%x", fact->session_id);
}

static void append_indexes(const struct fact *fact, GString *text)
{
    for (guint i = 0; i < fact->indexes->len; i++)
        g_string_append_printf(text, "%s%u", i == 0 ? ", for index " : ", ",
                               g_array_index(fact->indexes, uint16_t, i));
}

static const char *message_name(const struct player *player, const struct fact *fact)
{
    return fact->message < player->scenario->num_messages
               ? player->scenario->messages[fact->message].name
               : "that nobody sent";
}

char *fact_describe(const struct player *player, unsigned device, const struct fact *fact)
{
    GString *text = g_string_new(NULL);
    switch (fact->kind) {
    case FACT_REFUSED:
        g_string_printf(text, "ConnectResponse %s", known(sstp_connect_response_name(fact->id)));
        break;
    case FACT_DISCONNECTED:
        g_string_printf(text, "ConnectClose %s", known(sstp_connect_close_reason_name(fact->id)));
        if (fact->number > 0)
            g_string_append_printf(text, " for %" G_GUINT64_FORMAT "s", (guint64)fact->number);
        break;
    case FACT_CUT:
        g_string_append(text, "the loss of the connection");
        break;
    case FACT_FAILED:
        g_string_printf(text, "\"%s\"", fact->text);
        break;
    case FACT_OPEN_REFUSED:
        g_string_printf(text, "OpenResponse %s", known(sstp_open_response_name(fact->id)));
        append_session(player, device, fact, text);
        break;
    case FACT_CLOSED:
        g_string_printf(text, "Close %s", known(sstp_close_reason_name(fact->id)));
        append_session(player, device, fact, text);
        break;
    case FACT_LOST:
        g_string_printf(text, "SessionStatus %s", known(sstp_session_status_name(fact->id)));
        append_session(player, device, fact, text);
        append_indexes(fact, text);
        break;
    case FACT_OPENED:
        g_string_append(text, "the opening");
        append_session(player, device, fact, text);
        break;
    case FACT_RECEIVED:
        g_string_printf(text, "message %s", message_name(player, fact));
        break;
    case FACT_ACKNOWLEDGED:
        g_string_printf(text, "the acknowledgement of %s by %s %" G_GUINT64_FORMAT,
                        message_name(player, fact), sstp_command_info(fact->id)->name,
                        (guint64)fact->number);
        break;
    case FACT_UNACKNOWLEDGED:
        g_string_printf(text, "that %s will not be acknowledged", message_name(player, fact));
        break;
    case FACT_KINDS:
        break;
    }
    return g_string_free(text, FALSE);
}

char *facts_describe(const struct player *player, unsigned device)
{
    enum { TOLD_MAX = 8 };
    const GPtrArray *facts = player->devices[device].facts;
    GString *text = g_string_new(NULL);
    unsigned num = 0;
    for (guint i = 0; i < facts->len; i++) {
        const struct fact *fact = g_ptr_array_index(facts, i);
        if (fact->is_claimed || fact->kind == FACT_OPENED || ++num > TOLD_MAX)
            continue;
        char *told = fact_describe(player, device, fact);
        g_string_append_printf(text, "%s%s", num > 1 ? ", " : "", told);
        g_free(told);
    }
    if (num > TOLD_MAX)
        g_string_append_printf(text, " and %u more", num - TOLD_MAX);
    if (num == 0)
        g_string_append(text, "nothing that is not expected before");
    return g_string_free(text, FALSE);
}
