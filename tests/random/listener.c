/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listener.h"

#include "compare.h"
#include "core/decode.h"

/* ------------------------------------------------------------------------
 * From the beginning to the end
 */

static void init_streams(struct listener *listener, enum sstp_stream_mode mode)
{
    for (int i = 0; i < 2; i++) {
        sstp_stream_init(&listener->streams[i], &sstp_mem_libc, mode);
        listener->has_heard_close[i] = false;
        listener->outstanding[i] = 0;
    }
    listener->version = SSTP_VERSION_UNKNOWN;
}

void listener_init(struct listener *listener, enum listener_kind kind, enum play_point point,
                   const struct course *course, struct listener_verdict *verdict, struct rng rng)
{
    static const enum sstp_observer_begin begins[] = {
        [LISTENER_WHOLE] = SSTP_OBSERVER_FROM_START,
        [LISTENER_LATE] = SSTP_OBSERVER_LATE,
        [LISTENER_GAPPY] = SSTP_OBSERVER_FROM_START,
        [LISTENER_TRUSTING] = SSTP_OBSERVER_LATE_TRUSTING,
        [LISTENER_TWO_CAPTURES] = SSTP_OBSERVER_FROM_START,
        [LISTENER_REORDERED] = SSTP_OBSERVER_FROM_START};
    const bool is_from_start = kind != LISTENER_LATE && kind != LISTENER_TRUSTING;

    memset(listener, 0, sizeof *listener);
    listener->kind = kind;
    listener->point = point;
    listener->course = course;
    listener->verdict = verdict;
    listener->rng = rng;
    listener->rareness = (unsigned)(2 + rng_below(&listener->rng, 150));
    listener->has_begun = listener->is_certain = is_from_start;
    listener->heard = g_array_new(FALSE, FALSE, sizeof(struct heard));
    sstp_observer_init(&listener->observer, &sstp_mem_libc, begins[kind]);
    init_streams(listener, kind == LISTENER_LATE ? SSTP_STREAM_MID_STREAM : SSTP_STREAM_OBSERVER);
}

void listener_clear(struct listener *listener)
{
    for (int i = 0; i < 2; i++)
        sstp_stream_clear(&listener->streams[i]);
    sstp_observer_clear(&listener->observer);
    g_array_unref(listener->heard);
}

void listener_go_on(struct listener *listener, const struct course *course)
{
    listener->course = course;
    listener->kind = LISTENER_WHOLE;
    listener->has_begun = true;
    listener->is_certain = listener->is_trusting = listener->is_fooled = false;
    listener->position[0] = listener->position[1] = 0;
    listener->first_heard = listener->heard->len;
    for (int i = 0; i < 2; i++)
        sstp_stream_clear(&listener->streams[i]);
    init_streams(listener, SSTP_STREAM_OBSERVER);
    /* Whoever keeps an observer over several connections has to say so. */
    sstp_observer_gap(&listener->observer);
}

void listener_end(struct listener *listener)
{
    sstp_observer_transport_end(&listener->observer);
    compare_end(listener);
}

/* ------------------------------------------------------------------------
 * Commands
 */

/* The version in force, from the ConnectResponse on (SPECIFICATION.md). */
static void note_version(struct listener *listener, const struct sstp_command *command)
{
    if (command->id == SSTP_CONNECT)
        listener->minor_version = command->minor_version;
    else if (command->id == SSTP_CONNECT_RESPONSE && listener->is_certain &&
             command->response_id == SSTP_CONNECT_RESPONSE_OK)
        listener->version =
            sstp_version_of_minor(MIN(listener->minor_version, command->minor_version));
}

/* What the course makes of the command here. */
static void count(struct listener *listener, const struct course_command *command)
{
    if (command->id == SSTP_CONNECT)
        listener->outstanding[0] = listener->outstanding[1] = 0;
    if (command->id == SSTP_END_MESSAGE)
        listener->outstanding[command->from_initiator]++;
    listener->outstanding[!command->from_initiator] -= command->message_count;
    if (command->id == SSTP_CONNECT_CLOSE)
        listener->has_heard_close[command->from_initiator] = true;
}

/* What passed was not understood, or not heard. */
static void lose_track(struct listener *listener)
{
    listener->is_certain = listener->is_trusting = false;
    sstp_observer_gap(&listener->observer);
}

/* What is sent within the rules breaks none by its bytes. */
static void find_in_bytes(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    bool *is_broken = cookie;
    (void)offset;
    (void)len;
    if (sstp_finding_infos[finding].severity > SSTP_SEVERITY_NOTE)
        *is_broken = true;
}

/* `len` is that of the command on the wire; `bytes` may be less of it. */
static void hear_command(struct listener *listener, bool from_initiator, struct sstp_span bytes,
                         size_t len, uint64_t end, int64_t time_ns)
{
    struct sstp_command command;
    const struct course_command *truth =
        course_command_ending_at(listener->course, from_initiator, end);

    bool is_broken = false;
    const struct sstp_visitor visitor = {.finding = find_in_bytes, .cookie = &is_broken};

    if (!sstp_command_decode(bytes, listener->version, &visitor, &command)) {
        if (bytes.len == len)
            compare_misframed(listener);
        else
            lose_track(listener); /* it is one with a hole */
        return;
    }
    if (truth == NULL || truth->end - truth->start != len || is_broken) {
        compare_misframed(listener);
        return;
    }
    struct heard heard = {.command = truth, .is_late = listener->has_heard_close[!from_initiator]};
    if (command.id == SSTP_CONNECT && listener->has_begun)
        listener->is_certain = true;
    note_version(listener, &command);
    count(listener, truth);
    heard.is_certain = listener->is_certain;
    const struct sstp_observed_place place = {.frame = listener->heard->len + 1,
                                              .time_ns = time_ns};
    sstp_observer_command(&listener->observer, from_initiator, &command, place, &heard.seen);
    g_array_append_val(listener->heard, heard);
    compare_command(listener);
}

void listener_hear_command(struct listener *listener, bool from_initiator, struct sstp_span bytes,
                           uint64_t end, int64_t time_ns)
{
    if (!listener->verdict->has_failed)
        hear_command(listener, from_initiator, bytes, bytes.len, end, time_ns);
}

/* Who looks for a command after a loss may find one in the middle of another; from
 * there on nothing that it takes for commands is worth comparing. */
static bool is_fooled(struct listener *listener, bool from_initiator, uint64_t start)
{
    if (course_is_boundary(listener->course, from_initiator, start))
        return false;
    if (listener->kind == LISTENER_WHOLE || listener->kind == LISTENER_TRUSTING)
        compare_misframed(listener);
    listener->is_fooled = true;
    listener->verdict->num_fooled++;
    return true;
}

static void hear_bytes(struct listener *listener, bool from_initiator, const uint8_t *data,
                       size_t len, int64_t time_ns)
{
    const uint64_t position = listener->position[from_initiator];
    const struct sstp_chunk chunk = sstp_chunk(data, len);
    size_t pos = 0;
    struct sstp_piece piece;

    listener->position[from_initiator] += len;
    while (sstp_stream_next(&listener->streams[from_initiator], chunk, &pos, &piece) ==
           SSTP_STREAM_PIECE) {
        const uint64_t start = position + piece.offset;
        if ((piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_START) &&
            is_fooled(listener, from_initiator, start))
            return;
        switch (piece.kind) {
        case SSTP_PIECE_WHOLE:
        case SSTP_PIECE_END:
            hear_command(listener, from_initiator, piece.command, piece.command_len,
                         start + piece.len, time_ns);
            break;
        case SSTP_PIECE_SKIPPED: /* commands may have been among these */
        case SSTP_PIECE_BROKEN:
            lose_track(listener);
            break;
        case SSTP_PIECE_START:
        case SSTP_PIECE_MIDDLE:
            break;
        }
    }
}

/* ------------------------------------------------------------------------
 * Damage
 */

static void miss_bytes(struct listener *listener, bool from_initiator, size_t len)
{
    if (len == 0)
        return;
    sstp_stream_hole(&listener->streams[from_initiator], len);
    listener->position[from_initiator] += len;
    listener->verdict->num_searching++;
    /* The other direction may answer to what was missed before anything more of
     * this one comes, so it is told of at once. */
    lose_track(listener);
}

static void hear_with_gap(struct listener *listener, bool from_initiator, const uint8_t *data,
                          size_t len, int64_t time_ns)
{
    size_t before = 0, missed = len;
    if (rng_is_one_in(&listener->rng, 2)) {
        before = rng_below(&listener->rng, len);
        missed = 1 + rng_below(&listener->rng, len - before);
    }
    if (before > 0)
        hear_bytes(listener, from_initiator, data, before, time_ns);
    miss_bytes(listener, from_initiator, missed);
    if (before + missed < len)
        hear_bytes(listener, from_initiator, data + before + missed, len - before - missed,
                   time_ns);
}

/* What passes while nobody listens; only the course is followed. */
static void pass_unheard(struct listener *listener, bool from_initiator, size_t len)
{
    const GPtrArray *commands = listener->course->commands[from_initiator];
    guint *next = &listener->num_unheard[from_initiator];

    listener->position[from_initiator] += len;
    for (; *next < commands->len; (*next)++) {
        const struct course_command *command = g_ptr_array_index(commands, *next);
        if (command->end > listener->position[from_initiator])
            break;
        count(listener, command);
    }
}

/* Whether somebody who comes now may believe that nothing is outstanding. */
static bool may_trust(const struct listener *listener)
{
    return listener->outstanding[0] == 0 && listener->outstanding[1] == 0 &&
           course_is_boundary(listener->course, false, listener->position[0]) &&
           course_is_boundary(listener->course, true, listener->position[1]);
}

static void may_begin(struct listener *listener)
{
    if (!rng_is_one_in(&listener->rng, listener->rareness))
        return;
    if (listener->kind == LISTENER_LATE) {
        listener->has_begun = true;
        listener->verdict->num_searching++;
    }
    if (listener->kind == LISTENER_TRUSTING && may_trust(listener))
        listener->has_begun = listener->is_trusting = true;
}

void listener_hear(struct listener *listener, bool from_initiator, const uint8_t *data, size_t len,
                   int64_t time_ns)
{
    if (listener->verdict->has_failed || listener->is_fooled)
        return;
    if (!listener->has_begun)
        may_begin(listener);
    if (!listener->has_begun)
        pass_unheard(listener, from_initiator, len);
    else if (listener->kind == LISTENER_GAPPY && rng_is_one_in(&listener->rng, listener->rareness))
        hear_with_gap(listener, from_initiator, data, len, time_ns);
    else
        hear_bytes(listener, from_initiator, data, len, time_ns);
}
