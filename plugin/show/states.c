/* SPDX-License-Identifier: GPL-2.0-or-later */
/* states: what the observer knows, in the packet details and the Info
 * column.  Nothing here changes a state. */
#include "show/states.h"

#include "show/journeys.h"

#include "follow/states.h"

#include <epan/charsets.h>
#include <wsutil/bits_ctz.h>

/* EndMessages that one acknowledgement names (plugin/FIELDS.md). */
#define ACKS_SHOWN 64u

/* A command on its way into the tree. */
struct telling {
    const struct grvsstp_place *place;
    proto_tree *tree;
    const struct sstp_command *command;
    const struct sstp_observation *seen;
    const struct sstp_observer *observer;
};

static void tell_number(const struct telling *telling, enum grvsstp_own_field field, uint32_t value)
{
    if (!grvsstp_needs_own(telling->tree, field))
        return;
    proto_item_set_generated(proto_tree_add_uint(telling->tree, grvsstp_own_hf(field),
                                                 telling->place->tvb, telling->place->offset, 0,
                                                 value));
}

static void tell_string(const struct telling *telling, enum grvsstp_own_field field,
                        const char *value)
{
    if (value != NULL && grvsstp_needs_own(telling->tree, field))
        proto_item_set_generated(proto_tree_add_string(telling->tree, grvsstp_own_hf(field),
                                                       telling->place->tvb, telling->place->offset,
                                                       0, value));
}

/* The time between two moments, of which the later may have the smaller number:
 * frames are not always in the order of time. */
static void tell_time(const struct telling *telling, enum grvsstp_own_field field, int64_t from_ns,
                      int64_t to_ns)
{
    const int64_t ns = to_ns - from_ns;
    const nstime_t time = {.secs = (time_t)(ns / 1000000000), .nsecs = (int)(ns % 1000000000)};

    if (!grvsstp_needs_own(telling->tree, field))
        return;
    proto_item_set_generated(proto_tree_add_time(telling->tree, grvsstp_own_hf(field),
                                                 telling->place->tvb, telling->place->offset, 0,
                                                 &time));
}

static int64_t now_of(const struct telling *telling)
{
    return grvsstp_states_time(telling->place->pinfo);
}

static bool is_visited(const struct telling *telling)
{
    return PINFO_FD_VISITED(telling->place->pinfo);
}

/* ------------------------------------------------------------------------
 * Who is wanted
 */

static bool is_wanted(proto_tree *tree, const enum grvsstp_own_field *fields, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (grvsstp_needs_own(tree, fields[i]))
            return true;
    return false;
}

struct grvsstp_states_wanted grvsstp_states_find_wanted(proto_tree *tree)
{
    static const enum grvsstp_own_field connection[] = {GRVSSTP_CONNECTION_STATE,
                                                        GRVSSTP_CONNECTION_VERSION};
    static const enum grvsstp_own_field session[] = {
        GRVSSTP_SESSION_STATE, GRVSSTP_SESSION_RECEIVER_STATE, GRVSSTP_SESSION_OPENED_IN,
        GRVSSTP_SESSION_RESOURCE_URL, GRVSSTP_FANOUT_ACTIVE};
    static const enum grvsstp_own_field links[] = {GRVSSTP_RESPONSE_IN, GRVSSTP_RESPONSE_TO,
                                                   GRVSSTP_RESPONSE_TIME};
    static const enum grvsstp_own_field acknowledgement[] = {
        GRVSSTP_MESSAGE_NUMBER, GRVSSTP_MESSAGE_ACK_TIME, GRVSSTP_ACK_ACKED_IN,
        GRVSSTP_ACK_COVERED,    GRVSSTP_ACK_FIRST,        GRVSSTP_ACK_LAST,
        GRVSSTP_ACK_ACKS,       GRVSSTP_ACK_TIME,         GRVSSTP_ACK_OUTSTANDING,
        GRVSSTP_ACK_REMAINING};

    return (struct grvsstp_states_wanted){
        is_wanted(tree, connection, array_length(connection)),
        is_wanted(tree, session, array_length(session)),
        is_wanted(tree, links, array_length(links)),
        is_wanted(tree, acknowledgement, array_length(acknowledgement)),
        grvsstp_journeys_are_wanted(tree)};
}

/* ------------------------------------------------------------------------
 * Connection, session, answers
 */

static void tell_connection(const struct telling *telling)
{
    const struct grvsstp_connection *connection = telling->place->connection;

    /* Before the first Connect there is nothing that the contract has a name for. */
    if (telling->seen->connection_state != SSTP_CONNECTION_TRANSPORT_CONNECTED)
        tell_string(telling, GRVSSTP_CONNECTION_STATE,
                    sstp_connection_state_name(telling->seen->connection_state));
    const struct grvsstp_version *version = grvsstp_connection_version(
        connection, telling->place->from_initiator, telling->place->pinfo->num);
    if (version != NULL)
        tell_string(telling, GRVSSTP_CONNECTION_VERSION, version->text);
}

const struct sstp_observed_session *
grvsstp_states_session(const struct grvsstp_connection *connection, bool from_initiator,
                       const struct sstp_observation *seen)
{
    const struct sstp_observer *observer = &connection->states->observer;

    if (seen->has_message)
        return sstp_observer_session(
            observer, sstp_observer_message(observer, from_initiator, seen->message).session);
    return seen->has_session ? sstp_observer_session(observer, seen->session) : NULL;
}

const char *grvsstp_states_resource_url(const struct grvsstp_connection *connection,
                                        bool from_initiator, const struct sstp_observation *seen,
                                        wmem_allocator_t *pool)
{
    const struct sstp_observed_session *session =
        grvsstp_states_session(connection, from_initiator, seen);
    if (session == NULL || session->resource_url == NULL)
        return NULL;
    if (g_str_is_ascii(session->resource_url))
        return session->resource_url;
    /* As the field of the Open shows it, whatever bytes there are. */
    return (const char *)get_ascii_string(pool, (const uint8_t *)session->resource_url,
                                          (int)strlen(session->resource_url));
}

static void tell_session(const struct telling *telling)
{
    const struct grvsstp_place *place = telling->place;
    const struct sstp_observation *seen = telling->seen;
    const struct sstp_observed_session *session =
        grvsstp_states_session(place->connection, place->from_initiator, seen);

    tell_string(telling, GRVSSTP_SESSION_STATE, sstp_session_state_name(seen->session_state));
    tell_string(telling, GRVSSTP_SESSION_RECEIVER_STATE,
                sstp_receiver_state_name(seen->receiver_state));
    if (seen->has_active)
        tell_number(telling, GRVSSTP_FANOUT_ACTIVE, seen->active);
    if (session == NULL)
        return;
    const bool is_opening = seen->has_exchange && !seen->is_response;
    if (session->open_frame != 0 && !is_opening)
        tell_number(telling, GRVSSTP_SESSION_OPENED_IN, session->open_frame);
    if (grvsstp_needs_own(telling->tree, GRVSSTP_SESSION_RESOURCE_URL))
        tell_string(telling, GRVSSTP_SESSION_RESOURCE_URL,
                    grvsstp_states_resource_url(place->connection, place->from_initiator, seen,
                                                place->pinfo->pool));
}

static void tell_links(const struct telling *telling)
{
    if (!telling->seen->has_exchange)
        return;
    const struct sstp_observed_exchange *exchange =
        sstp_observer_exchange(telling->observer, telling->seen->exchange);
    if (telling->seen->is_response) {
        tell_number(telling, GRVSSTP_RESPONSE_TO, exchange->request_frame);
        tell_time(telling, GRVSSTP_RESPONSE_TIME, exchange->request_time_ns, now_of(telling));
    } else if (exchange->response_frame != 0 && is_visited(telling)) {
        tell_number(telling, GRVSSTP_RESPONSE_IN, exchange->response_frame);
    }
}

/* ------------------------------------------------------------------------
 * Messages and acknowledgement
 */

static uint32_t number_of(const struct telling *telling, bool from_initiator, uint32_t message)
{
    return message != UINT32_MAX
               ? sstp_observer_message(telling->observer, from_initiator, message).number
               : 0;
}

/* The acknowledgement of an EndMessage's message, as far as this pass may know. */
static bool is_acknowledged(const struct telling *telling, struct sstp_observed_acknowledgement *by)
{
    return telling->seen->has_entry && is_visited(telling) &&
           sstp_observer_acknowledged_by(telling->observer, telling->place->from_initiator,
                                         telling->seen->entry, by);
}

static void tell_acks(const struct telling *telling,
                      const struct sstp_observed_acknowledgement *acknowledgement)
{
    const bool direction = !telling->place->from_initiator;
    const uint32_t first = acknowledgement->first, covered = acknowledgement->covered;

    if (covered == 0)
        return;
    const struct sstp_observed_entry oldest =
        sstp_observer_entry(telling->observer, direction, first);
    const struct sstp_observed_entry newest =
        sstp_observer_entry(telling->observer, direction, first + covered - 1);
    tell_number(telling, GRVSSTP_ACK_FIRST, oldest.frame);
    tell_number(telling, GRVSSTP_ACK_LAST, newest.frame);
    for (uint32_t i = 0; i < covered && i < ACKS_SHOWN; i++)
        tell_number(telling, GRVSSTP_ACK_ACKS,
                    sstp_observer_entry(telling->observer, direction, first + i).frame);
    tell_time(telling, GRVSSTP_ACK_TIME, oldest.time_ns, now_of(telling));
}

static void tell_acknowledgement(const struct telling *telling)
{
    const struct sstp_observation *seen = telling->seen;
    const bool direction = telling->place->from_initiator;

    if (seen->has_message && number_of(telling, direction, seen->message) != 0)
        tell_number(telling, GRVSSTP_MESSAGE_NUMBER, number_of(telling, direction, seen->message));
    if (seen->has_outstanding)
        tell_number(telling, GRVSSTP_ACK_OUTSTANDING, seen->outstanding);

    struct sstp_observed_acknowledgement by;
    if (is_acknowledged(telling, &by)) {
        tell_number(telling, GRVSSTP_ACK_ACKED_IN, by.frame);
        tell_time(telling, GRVSSTP_MESSAGE_ACK_TIME, now_of(telling), by.time_ns);
    }
    if (!seen->has_acknowledgement)
        return;
    const struct sstp_observed_acknowledgement acknowledgement =
        sstp_observer_acknowledgement(telling->observer, direction, seen->acknowledgement);
    tell_number(telling, GRVSSTP_ACK_COVERED, acknowledgement.covered);
    tell_acks(telling, &acknowledgement);
    tell_number(telling, GRVSSTP_ACK_REMAINING, acknowledgement.remaining);
}

/* ------------------------------------------------------------------------
 * Findings
 */

/* The states that a command met, for the text of a finding about them. */
static char *describe_states(const struct telling *telling)
{
    const struct sstp_observation *seen = telling->seen;
    wmem_strbuf_t *text = wmem_strbuf_new(telling->place->pinfo->pool, "");
    const char *names[] = {sstp_connection_state_name(seen->connection_state),
                           sstp_session_state_name(seen->session_state),
                           sstp_receiver_state_name(seen->receiver_state)};
    static const char *const what[] = {"connection", "session", "MessageReceiver"};

    for (size_t i = 0; i < array_length(names); i++)
        if (names[i] != NULL)
            wmem_strbuf_append_printf(text, "%s%s '%s'", wmem_strbuf_get_len(text) > 0 ? ", " : "",
                                      what[i], names[i]);
    return wmem_strbuf_finalize(text);
}

static void tell_finding(const struct telling *telling, proto_item *item, enum sstp_finding finding)
{
    const struct grvsstp_place *place = telling->place;
    const struct sstp_command_info *info = sstp_command_info(telling->command->id);

    if (finding == SSTP_FINDING_UNEXPECTED_COMMAND && item != NULL)
        expert_add_info_format(place->pinfo, item, grvsstp_ei(finding),
                               "%s is not allowed in this state: %s (GRVSSTP %s)", info->name,
                               describe_states(telling), info->rules);
    else if ((finding == SSTP_FINDING_WRONG_ROLE || finding == SSTP_FINDING_UNKNOWN_SESSION) &&
             item != NULL)
        expert_add_info_format(place->pinfo, item, grvsstp_ei(finding), "%s: %s (GRVSSTP %s)",
                               info->name, sstp_finding_infos[finding].sentence, info->rules);
    else
        grvsstp_show_finding(place->pinfo, telling->tree, item, place->tvb, finding, place->offset,
                             0);
}

/* Whether the other side may have sent, before this frame, what is not captured.
 * LongLived's directions are TCP connections of their own, so that a loss on one
 * shows only when it goes on: the first pass can never tell. */
static bool is_doubtful(const struct grvsstp_connection *connection, uint32_t frame, bool is_later)
{
    wmem_array_t *doubts = connection->states->doubts;
    const unsigned num = doubts != NULL ? wmem_array_get_count(doubts) : 0;

    if (connection->encapsulation == GRVSSTP_ENCAP_LONGLIVED && !is_later)
        return true;
    if (num == GRVSSTP_DOUBTS_MAX)
        return true;
    for (unsigned i = 0; i < num; i++) {
        const struct grvsstp_doubt *doubt = wmem_array_index(doubts, i);
        if (frame >= doubt->first && frame <= doubt->last)
            return true;
    }
    return false;
}

uint32_t grvsstp_states_claims_of(const struct grvsstp_connection *connection, uint32_t frame,
                                  bool is_later, uint32_t findings)
{
    uint32_t claims = findings;

    for (uint32_t left = findings; left != 0; left &= left - 1) {
        const enum sstp_finding finding =
            (enum sstp_finding)(SSTP_FINDING_STATE_FIRST + ws_ctz(left));
        if (sstp_observed_rests_on_silence(finding) && is_doubtful(connection, frame, is_later))
            claims &= ~SSTP_OBSERVED(finding);
    }
    return claims;
}

static void tell_findings(const struct telling *telling, proto_item *item)
{
    const struct grvsstp_place *place = telling->place;

    for (uint32_t left = grvsstp_states_claims(place->connection, place->pinfo->num,
                                               is_visited(telling), telling->seen->findings);
         left != 0; left &= left - 1) {
        const enum sstp_finding finding =
            (enum sstp_finding)(SSTP_FINDING_STATE_FIRST + ws_ctz(left));
        tell_finding(telling, item, finding);
    }
    if (telling->seen->has_entry && is_visited(telling) && telling->observer->has_ended &&
        sstp_observer_is_outstanding(telling->observer, telling->place->from_initiator,
                                     telling->seen->entry))
        tell_finding(telling, item, SSTP_FINDING_UNACKNOWLEDGED);
}

void grvsstp_states_show(const struct grvsstp_place *place, proto_tree *tree, proto_item *item,
                         const struct sstp_command *command, const struct sstp_observation *seen,
                         const struct grvsstp_states_wanted *wanted)
{
    const struct telling telling = {place, tree, command, seen,
                                    &place->connection->states->observer};

    if (tree != NULL) {
        if (wanted->connection)
            tell_connection(&telling);
        if (wanted->session)
            tell_session(&telling);
        if (wanted->links)
            tell_links(&telling);
        if (wanted->acknowledgement)
            tell_acknowledgement(&telling);
        if (wanted->journeys)
            grvsstp_journeys_show(place, tree, command, seen);
    }
    tell_findings(&telling, tree != NULL ? item : NULL);
}

/* ------------------------------------------------------------------------
 * The Info column
 */

/* "acks #12-#14" */
static const char *info_of_count(const struct telling *telling)
{
    const bool direction = !telling->place->from_initiator;
    wmem_allocator_t *pool = telling->place->pinfo->pool;
    const struct sstp_observed_acknowledgement acknowledgement = sstp_observer_acknowledgement(
        telling->observer, telling->place->from_initiator, telling->seen->acknowledgement);
    const uint32_t first = acknowledgement.first, covered = acknowledgement.covered;

    if (covered == 0)
        return NULL;
    const uint32_t oldest = number_of(
        telling, direction, sstp_observer_entry(telling->observer, direction, first).message);
    const uint32_t newest =
        number_of(telling, direction,
                  sstp_observer_entry(telling->observer, direction, first + covered - 1).message);
    if (oldest == 0 || newest == 0)
        return NULL;
    if (covered == 1)
        return wmem_strdup_printf(pool, "[acks #%u]", oldest);
    /* Where messages were interleaved, they did not end in the order of their numbers. */
    if (newest - oldest != covered - 1)
        return wmem_strdup_printf(pool, "[acks %u, #%u to #%u]", covered, oldest, newest);
    return wmem_strdup_printf(pool, "[acks #%u-#%u]", oldest, newest);
}

const char *grvsstp_states_info(const struct grvsstp_place *place,
                                const struct sstp_command *command,
                                const struct sstp_observation *seen)
{
    const struct telling telling = {place, NULL, command, seen,
                                    &place->connection->states->observer};

    if (seen->has_acknowledgement)
        return info_of_count(&telling);
    if (!seen->has_entry || !seen->has_message)
        return NULL;
    const uint32_t number = number_of(&telling, place->from_initiator, seen->message);
    struct sstp_observed_acknowledgement by;
    if (number == 0)
        return NULL;
    return is_acknowledged(&telling, &by)
               ? wmem_strdup_printf(place->pinfo->pool, "[#%u, acked in %u]", number, by.frame)
               : wmem_strdup_printf(place->pinfo->pool, "[#%u]", number);
}
