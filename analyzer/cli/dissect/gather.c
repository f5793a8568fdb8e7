/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/gather.h"

#include "show/tap.h"

#include <epan/tap.h>

#include "core/summary.h"
#include "core/token.h"
#include "dissect/contents.h"
#include "dissect/gathering.h"
#include "follow/journeys.h"
#include "henc/henc_findings.h"
#include "http/virtual_connection.h"
#include "statistics/parts.h"

/* ------------------------------------------------------------------------
 * Whose it is
 */

static struct packet_end end_of(const address *address, uint32_t port)
{
    struct packet_end end = {.port = (uint16_t)port};

    if (address->type == AT_IPv4 && address->len == 4)
        end.family = 4;
    else if (address->type == AT_IPv6 && address->len == 16)
        end.family = 6;
    if (end.family != 0)
        memcpy(end.address, address->data, (size_t)address->len);
    return end;
}

static void begin_connection(struct report *report, struct gathered *gathered,
                             const packet_info *pinfo, bool from_initiator)
{
    struct report_connection *row = gathered->row;

    row->first_frame = pinfo->num;
    row->first_ns = G_MAXINT64;
    row->last_ns = G_MININT64;
    row->ends[from_initiator] = end_of(&pinfo->src, pinfo->srcport);
    row->ends[!from_initiator] = end_of(&pinfo->dst, pinfo->destport);
    if (grvsstp_is_virtual(gathered->connection))
        row->ends[1].port = 0;
    row->encapsulation =
        val_to_str_const(gathered->connection->encapsulation, grvsstp_encapsulations, "");
    report_name_ends(report, row);
}

/* Whether the frame is kept, or can be. */
static bool has_room_for_frame(const struct gather *gather)
{
    struct report *report = gather->report;
    const guint num = report->frames->len;

    if (num < REPORT_FRAMES_MAX ||
        REPORT_AT(report->frames, struct report_frame, num - 1)->number == gather->frame.number)
        return true;
    report->num_left_out++;
    return false;
}

/* The connection's row; false where there is no room. */
static bool find_connection(struct gather *gather, const packet_info *pinfo,
                            const struct grvsstp_connection *connection, bool from_initiator,
                            struct gathered *gathered)
{
    const guint number = connection->number;
    struct report *report = gather->report;

    if (!has_room_for_frame(gather))
        return false;
    if (number >= gather->connections->len)
        g_array_set_size(gather->connections, number + 1);
    struct gathered_connection *known =
        REPORT_AT(gather->connections, struct gathered_connection, number);
    gathered->connection = connection;
    if (known->connection == NULL) {
        struct report_connection *row =
            report_add(report, report->connections, REPORT_CONNECTIONS_MAX);
        if (row == NULL)
            return false;
        known->connection = connection;
        known->index = report->connections->len - 1;
        row->number = known->index;
        row->stream = number;
        g_ptr_array_add(gather->rows, (gpointer)connection);
        gathered->row = row;
        begin_connection(report, gathered, pinfo, from_initiator);
    }
    gathered->index = known->index;
    gathered->row = REPORT_AT(report->connections, struct report_connection, known->index);
    return true;
}

static void note_frame(struct gather *gather, struct gathered *gathered)
{
    const struct report_frame *frame = &gather->frame;
    struct report_connection *row = gathered->row;
    GArray *frames = gather->report->frames;

    if (frames->len == 0 ||
        REPORT_AT(frames, struct report_frame, frames->len - 1)->number != frame->number)
        g_array_append_vals(frames, frame, 1);
    row->last_frame = frame->number;
    row->first_ns = MIN(row->first_ns, frame->t_ns);
    row->last_ns = MAX(row->last_ns, frame->t_ns);
    gathered->frame = frame->number;
    gathered->t_ns = frame->t_ns;
}

/* ------------------------------------------------------------------------
 * Findings
 */

static void add_finding(struct gather *gather, const struct gathered *gathered,
                        const struct sstp_finding_info *info, const struct sstp_command *command,
                        int from_initiator, bool is_claimed)
{
    const struct sstp_command_info *row = command != NULL ? sstp_command_info(command->id) : NULL;
    struct report_finding *finding =
        report_add(gather->report, gather->report->findings, REPORT_FINDINGS_MAX);

    if (finding == NULL)
        return;
    *finding = (struct report_finding){
        .info = info,
        .connection = gathered->index,
        .frame = gathered->frame,
        .ordinal = gathered->ordinal,
        .from_initiator = (gint8)from_initiator,
        .command = row != NULL ? row->name : NULL,
        .has_session = row != NULL && row->scope != SSTP_SCOPE_CONNECTION,
        .session_id = command != NULL ? command->session_id : 0,
    };
    if (!is_claimed) {
        const guint index = gather->report->findings->len - 1;
        g_array_append_val(gather->claims, index);
    }
}

static void add_findings(struct gather *gather, const struct gathered *gathered, uint64_t set,
                         const struct sstp_command *command)
{
    for (unsigned i = 0; i < SSTP_FINDING_COUNT; i++)
        if ((set & GRVSSTP_TAPPED_FINDING(i)) != 0)
            add_finding(gather, gathered, &sstp_finding_infos[i], command, gathered->from_initiator,
                        true);
}

void gather_state_findings(struct gather *gather, const struct gathered *gathered, uint32_t set,
                           const struct sstp_command *command)
{
    for (unsigned i = SSTP_FINDING_STATE_FIRST; i <= SSTP_FINDING_STATE_LAST; i++)
        if ((set & SSTP_OBSERVED(i)) != 0)
            add_finding(gather, gathered, &sstp_finding_infos[i], command, gathered->from_initiator,
                        !sstp_observed_rests_on_silence((enum sstp_finding)i));
}

void gather_open_finding(struct gather *gather, const struct gathered *gathered,
                         const struct sstp_command *command)
{
    GArray *findings = gather->report->findings;
    const guint before = findings->len;

    gather_state_findings(gather, gathered, SSTP_OBSERVED(SSTP_FINDING_TIMER), command);
    for (guint i = before; i < findings->len; i++)
        REPORT_AT(findings, struct report_finding, i)->state = REPORT_FINDING_OPEN;
}

void gather_unacknowledged(struct gather *gather, const struct gathered *gathered)
{
    const struct sstp_command command = {.id = SSTP_END_MESSAGE,
                                         .session_id = gathered->session_id};

    add_finding(gather, gathered, &sstp_finding_infos[SSTP_FINDING_UNACKNOWLEDGED], &command,
                gathered->from_initiator, true);
}

void gather_missing_half(struct gather *gather, guint32 connection,
                         const struct grvhenc_virtual *virtual_connection)
{
    const struct report_connection *row =
        REPORT_AT(gather->report->connections, struct report_connection, connection);
    const struct gathered gathered = {.index = connection, .frame = row->last_frame};

    if (grvhenc_virtual_lacks_half(virtual_connection, row->last_frame))
        add_finding(gather, &gathered, &henc_finding_infos[HENC_FINDING_MISSING_HALF], NULL, -1,
                    true);
}

const struct grvsstp_connection *gather_connection(const struct gather *gather, guint32 index)
{
    return g_ptr_array_index(gather->rows, index);
}

gboolean gather_has_gap(const struct gather *gather, guint32 connection)
{
    const struct grvsstp_states *states = gather_connection(gather, connection)->states;

    return states != NULL && !states->observer.is_complete;
}

/* What the plugin says of a token only where it shows one. */
static void token_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    (void)offset;
    (void)len;
    *(uint64_t *)cookie |= GRVSSTP_TAPPED_FINDING(finding);
}

static void token_header(void *cookie, uint8_t major, uint8_t minor, uint8_t message)
{
    (void)cookie;
    (void)major;
    (void)minor;
    (void)message;
}

static void token_part(void *cookie, enum sstp_token_part part, unsigned index, size_t offset,
                       struct sstp_span bytes)
{
    (void)cookie;
    (void)part;
    (void)index;
    (void)offset;
    (void)bytes;
}

static uint64_t findings_of(const struct grvsstp_tapped_command *tapped)
{
    uint64_t findings = tapped->findings;
    const struct sstp_token_visitor visitor = {token_header, token_part, token_finding, &findings};

    if (tapped->command.token.len > 0 &&
        (findings & GRVSSTP_TAPPED_FINDING(SSTP_FINDING_TRUNCATED)) == 0)
        sstp_token_walk(&tapped->command, &visitor);
    return findings;
}

static tap_packet_status tap_findings(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *tapped, tap_flags_t flags)
{
    const struct grvsstp_tapped_findings *told = tapped;
    struct gather *gather = data;
    struct gathered gathered = {.from_initiator = told->from_initiator};

    (void)edt;
    (void)flags;
    if (told->findings == 0 && told->henc_findings == 0 && told->virtual_connection == NULL)
        return TAP_PACKET_DONT_REDRAW;
    if (!find_connection(gather, pinfo, told->connection, told->from_initiator, &gathered))
        return TAP_PACKET_DONT_REDRAW;
    note_frame(gather, &gathered);
    add_findings(gather, &gathered, told->findings, NULL);
    for (unsigned i = 0; i < HENC_FINDING_COUNT; i++)
        if (henc_findings_has(told->henc_findings, (enum henc_finding)i))
            add_finding(gather, &gathered, &henc_finding_infos[i], NULL, told->from_initiator,
                        true);
    if (told->virtual_connection != NULL)
        REPORT_AT(gather->connections, struct gathered_connection, told->connection->number)
            ->virtual_connection = told->virtual_connection;
    return TAP_PACKET_DONT_REDRAW;
}

/* ------------------------------------------------------------------------
 * Commands
 */

static void note_devices(struct gather *gather, const struct gathered *gathered,
                         const struct sstp_command *command)
{
    struct sstp_reader reader = sstp_reader(command->device_urls.bytes);
    const struct sstp_span first = sstp_read_string(&reader);
    struct report_connection *row = gathered->row;

    if ((command->id != SSTP_CONNECT && command->id != SSTP_CONNECT_RESPONSE) || first.len == 0)
        return;
    if (row->devices[gathered->from_initiator] == NULL)
        row->devices[gathered->from_initiator] =
            report_string(gather->report, first.data, first.len);
}

static void note_command(struct gather *gather, const struct gathered *gathered,
                         const struct grvsstp_tapped_command *tapped)
{
    struct report_connection *row = gathered->row;
    const struct sstp_command *command = &tapped->command;
    const struct grvsstp_version *version =
        grvsstp_connection_version(gathered->connection, gathered->from_initiator, gathered->frame);

    gather->report->num_commands++;
    row->num_commands[gathered->from_initiator]++;
    row->num_messages[gathered->from_initiator] += command->id == SSTP_END_MESSAGE;
    row->payload[gathered->from_initiator] += grvsstp_payload_len(command);
    if (version != NULL && row->version[0] == '\0')
        g_strlcpy(row->version, version->text, sizeof row->version);
    note_devices(gather, gathered, command);
}

#define FINDINGS_TOLD 16u

static void hand_on(struct gather *gather, const struct gathered *gathered,
                    const struct grvsstp_tapped_command *tapped, uint64_t findings)
{
    const struct sstp_command_info *info = sstp_command_info(tapped->command.id);
    const struct sstp_observer *observer =
        gathered->connection->states != NULL ? &gathered->connection->states->observer : NULL;
    const struct sstp_observation *seen = &tapped->seen;
    char name[32], detail[SSTP_SUMMARY_SIZE];
    const char *filters[FINDINGS_TOLD + 1];
    unsigned num = 0;

    if (gather->on_command == NULL)
        return;
    for (unsigned i = 0; i < SSTP_FINDING_COUNT && num < FINDINGS_TOLD; i++)
        if ((findings & GRVSSTP_TAPPED_FINDING(i)) != 0)
            filters[num++] = sstp_finding_infos[i].filter;
    filters[num] = NULL;
    sstp_summary_name(&tapped->command, name, sizeof name);
    sstp_summary_detail(&tapped->command, NULL, detail, sizeof detail);
    struct report_command command = {
        .connection = gathered->row,
        .frame = &gather->frame,
        .from_initiator = gathered->from_initiator,
        .ordinal = gathered->ordinal,
        .name = name,
        .detail = detail,
        .length = tapped->command.length,
        .bytes = tapped->bytes,
        .has_session = info != NULL && info->scope != SSTP_SCOPE_CONNECTION,
        .session_id = tapped->command.session_id,
        .findings = filters,
    };
    if (tapped->has_states && observer != NULL) {
        command.has_outstanding = seen->has_outstanding;
        command.outstanding = seen->outstanding;
        command.connection_state = sstp_connection_state_name(seen->connection_state);
        command.session_state = sstp_session_state_name(seen->session_state);
        if (seen->has_message)
            command.message_number =
                sstp_observer_message(observer, gathered->from_initiator, seen->message).number;
        if (seen->has_acknowledgement) {
            command.has_covered = true;
            command.covered = sstp_observer_acknowledgement(observer, gathered->from_initiator,
                                                            seen->acknowledgement)
                                  .covered;
        }
    }
    gather->on_command(gather->cookie, &command);
}

static void take_command(struct gather *gather, struct gathered *gathered,
                         const struct grvsstp_tapped_command *tapped)
{
    const uint64_t findings = findings_of(tapped);
    uint64_t of_states = 0;

    gathered->ordinal = gather->num_in_frame++;
    note_command(gather, gathered, tapped);
    add_findings(gather, gathered, findings, &tapped->command);
    if (tapped->has_states) {
        gather_observed(gather, gathered, &tapped->command, grvsstp_payload_len(&tapped->command),
                        &tapped->seen);
        /* What is open is told for the time being. */
        const bool is_open = gather->carry != NULL && tapped->command.id == SSTP_CONNECT;
        const uint32_t claims = grvsstp_states_claims(
            gathered->connection, gathered->frame, false,
            tapped->seen.findings | (is_open ? SSTP_OBSERVED(SSTP_FINDING_TIMER) : 0));
        for (unsigned i = SSTP_FINDING_STATE_FIRST; i <= SSTP_FINDING_STATE_LAST; i++)
            if ((claims & SSTP_OBSERVED(i)) != 0)
                of_states |= GRVSSTP_TAPPED_FINDING(i);
    } else if (gathered->connection->states != NULL) {
        gather_wait(gather, gathered, tapped);
    }
    hand_on(gather, gathered, tapped, findings | of_states);
}

static tap_packet_status tap_commands(void *data, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *tapped, tap_flags_t flags)
{
    const struct grvsstp_tap *tap = tapped;
    struct gather *gather = data;
    struct gathered gathered = {.from_initiator = tap->from_initiator, .key = tap->key};

    (void)edt;
    (void)flags;
    if (!find_connection(gather, pinfo, tap->connection, tap->from_initiator, &gathered))
        return TAP_PACKET_DONT_REDRAW;
    note_frame(gather, &gathered);
    for (unsigned i = 0; i < tap->num_commands; i++)
        take_command(gather, &gathered, &tap->commands[i]);
    return TAP_PACKET_DONT_REDRAW;
}

/* ------------------------------------------------------------------------
 * From outside
 */

static bool listen_to(struct gather *gather, const char *tap, const char *filter,
                      tap_packet_cb on_packet)
{
    GString *error = register_tap_listener(tap, gather, filter, 0, NULL, on_packet, NULL, NULL);

    if (error == NULL) {
        gather->num_taps++;
        return true;
    }
    say("-Y %s: %s", filter != NULL ? filter : "", error->str);
    g_string_free(error, TRUE);
    return false;
}

struct gather *gather_new(struct report *report, const char *filter, gboolean tells_contents,
                          report_on_command on_command, void *cookie)
{
    struct gather *gather = g_new0(struct gather, 1);

    grvsstp_journeys_use_for_report(tells_contents ? &contents_digest : NULL);
    gather->tells_contents = tells_contents;
    gather->report = report;
    gather->on_command = on_command;
    gather->cookie = cookie;
    gather->connections = g_array_new(FALSE, TRUE, sizeof(struct gathered_connection));
    gather->claims = g_array_new(FALSE, FALSE, sizeof(guint));
    gather->waiting = g_array_new(FALSE, FALSE, sizeof(struct gathered_waiting));
    gather->entries = g_array_new(FALSE, FALSE, sizeof(struct gathered_entry));
    gather->rows = g_ptr_array_new();
    gather->sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    gather->messages = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (listen_to(gather, "grvsstp", filter, tap_commands) &&
        listen_to(gather, "grvsstp_findings", filter, tap_findings))
        return gather;
    gather_free(gather);
    return NULL;
}

void gather_free(struct gather *gather)
{
    for (; gather->num_taps > 0; gather->num_taps--)
        remove_tap_listener(gather); /* one of them */
    g_array_free(gather->connections, TRUE);
    g_array_free(gather->claims, TRUE);
    g_array_free(gather->waiting, TRUE);
    g_array_free(gather->entries, TRUE);
    g_ptr_array_free(gather->rows, TRUE);
    g_hash_table_destroy(gather->sessions);
    g_hash_table_destroy(gather->messages);
    g_free(gather);
}

void gather_frame(struct gather *gather, const struct report_frame *frame)
{
    gather->frame = *frame;
    if (gather->carry != NULL)
        carry_frame(gather->carry, frame->number);
    gather->num_in_frame = 0;
}

void gather_point(guint point, gint64 uncertainty_ns)
{
    grvsstp_journeys_set_point(point, uncertainty_ns);
}
