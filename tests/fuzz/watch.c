/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watch.h"

#include "core/decode.h"
#include "endpoint/internal.h"
#include "program.h"
#include "core/summary.h"

void watch_begin(struct watch *watch)
{
    watch->frame = 0;
    sstp_stream_init(&watch->in, &sstp_mem_libc, SSTP_STREAM_ENDPOINT);
    sstp_stream_init(&watch->out, &sstp_mem_libc, SSTP_STREAM_ENDPOINT);
    sstp_observer_init(&watch->observer, &sstp_mem_libc, SSTP_OBSERVER_FROM_START);
}

void watch_end(struct watch *watch)
{
    sstp_stream_clear(&watch->in);
    sstp_stream_clear(&watch->out);
    sstp_observer_clear(&watch->observer);
}

/* ------------------------------------------------------------------------
 * To the endpoint
 */

/* For whoever wants to know what an input does. */
static void trace(const struct watch *watch, bool is_from_endpoint,
                  const struct sstp_command *command)
{
    static int is_on = -1;
    char text[SSTP_SUMMARY_SIZE];
    if (is_on == -1)
        is_on = getenv("GRVSSTP_FUZZ_TRACE") != NULL;
    if (is_on == 0)
        return;
    sstp_summary(command, text, sizeof text);
    fprintf(stderr, "%p %s %s\n", (const void *)watch, is_from_endpoint ? "<" : ">", text);
}

static void observe(struct watch *watch, bool is_from_endpoint, const struct sstp_command *command)
{
    struct sstp_observation seen;
    trace(watch, is_from_endpoint, command);
    if (!watch->is_observed)
        return;
    watch->frame++;
    sstp_observer_command(&watch->observer, is_from_endpoint == watch->is_initiator, command,
                          (struct sstp_observed_place){watch->frame, watch->frame}, &seen);
    /* A ConnectClose answers whatever breaks the rules, at any time. */
    const bool is_checked = is_from_endpoint && command->id != SSTP_CONNECT_CLOSE;
    for (unsigned i = 0; is_checked && i < SSTP_OBSERVED_FINDINGS; i++) {
        const struct sstp_finding_info *info = &sstp_finding_infos[SSTP_FINDING_STATE_FIRST + i];
        /* An EndMessage of a session that the endpoint has closed counts, though nobody has
         * seen its Message: who looks on does not take it for one. */
        if ((seen.findings & 1u << i) == 0 || info->severity < SSTP_SEVERITY_WARNING ||
            SSTP_FINDING_STATE_FIRST + i == SSTP_FINDING_ACK_EXCESS)
            continue;
        fprintf(stderr, "%s: %s (%s)\n", sstp_command_info(command->id)->name, info->sentence,
                info->section);
        abort();
    }
}

/* In memory of its own, so that a view that outlives it is noticed. */
static void feed(struct watch *watch, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    MUST(copy != NULL);
    memcpy(copy, bytes, len);
    sstp_ep_receive(watch->ep, copy, len);
    free(copy);
}

static void look_at_received(struct watch *watch, struct sstp_span bytes)
{
    struct sstp_command command;
    program_count_command();
    if (!sstp_command_decode(bytes, sstp_ep_version(watch->ep), NULL, &command))
        return; /* it is going to be refused */
    watch->received(watch->cookie, &command);
    /* It is passed over like all that may still come of a session that was closed; who only
     * looks on takes it for a new one. */
    if (command.id == SSTP_REGISTER && sstp_ep_is_closed_id(watch->ep, command.session_id))
        watch->is_observed = false;
    observe(watch, false, &command);
}

void watch_give(struct watch *watch, const uint8_t *bytes, size_t len)
{
    const struct sstp_chunk chunk = sstp_chunk(bytes, len);
    struct sstp_piece piece;
    size_t pos = 0, fed = 0;

    while (sstp_ep_state(watch->ep) != SSTP_CONNECTION_CLOSED &&
           sstp_stream_next(&watch->in, chunk, &pos, &piece) == SSTP_STREAM_PIECE) {
        if (piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END)
            look_at_received(watch, piece.command);
        if (watch->is_in_bulk)
            continue;
        feed(watch, bytes + fed, pos - fed);
        fed = pos;
    }
    if (fed < len)
        feed(watch, bytes + fed, len - fed);
}

/* ------------------------------------------------------------------------
 * From the endpoint
 */

static void check_finding(void *cookie, enum sstp_finding finding, size_t offset, size_t len)
{
    const struct sstp_span *bytes = cookie;
    const struct sstp_finding_info *info = &sstp_finding_infos[finding];
    (void)offset;
    (void)len;
    if (info->severity < SSTP_SEVERITY_WARNING)
        return;
    fprintf(stderr, "CommandId %u: %s (%s)\n", bytes->data[0], info->sentence, info->section);
    abort();
}

void watch_sent(struct watch *watch, const struct sstp_command *command)
{
    observe(watch, true, command);
}

static void look_at_taken(struct watch *watch, struct sstp_span bytes)
{
    const struct sstp_visitor visitor = {.finding = check_finding, .cookie = &bytes};
    struct sstp_command command;
    MUST(sstp_command_decode(bytes, sstp_ep_version(watch->ep), &visitor, &command));
    watch->taken(watch->cookie, &command);
}

size_t watch_take(struct watch *watch, size_t max)
{
    struct sstp_span output;
    size_t num = 0;

    while (num < max && (output = sstp_ep_output(watch->ep)).len > 0) {
        const size_t len = output.len < max - num ? output.len : max - num;
        const struct sstp_chunk chunk = sstp_chunk(output.data, len);
        struct sstp_piece piece;
        size_t pos = 0;
        while (sstp_stream_next(&watch->out, chunk, &pos, &piece) == SSTP_STREAM_PIECE) {
            MUST(piece.kind != SSTP_PIECE_BROKEN);
            if (piece.kind == SSTP_PIECE_WHOLE || piece.kind == SSTP_PIECE_END)
                look_at_taken(watch, piece.command);
        }
        sstp_ep_output_taken(watch->ep, len);
        num += len;
    }
    return num;
}
