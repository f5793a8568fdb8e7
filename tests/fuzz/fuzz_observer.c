/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any commands in any order, before the observer.
 *
 * Byte 0 of the input says what is known at the beginning (bits 0-1) and whether
 * memory runs out (bit 2: at each request whose number is a multiple of byte 1).
 * Then come commands of four bytes and a text each:
 *
 *     0  CommandId (bits 0-4; 0 is a gap, 31 the end of the transport), sent by
 *        the initiator (bit 5), in the form of 1.6 (bit 6), MessageCount times
 *        2^24 (bit 7)
 *     1  SessionId (bits 0-6), of the acceptor's range (bit 7)
 *     2  ResponseId, MessageCount, and the count of a list
 *     3  length of the text: the entries of a FanoutOpen; IdentityURL, 0, DeviceURL,
 *        0, indexes of a SessionStatus; else the ResourceURL
 *
 * What must hold for any input is checked by abort(), in every build.
 */
#include <stdio.h>
#include <stdlib.h>

#include "counting_mem.h"
#include "must.h"
#include "state/observer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIX_LEN = 2, STEP_LEN = 4, GAP = 0, END = 31 };

struct run {
    struct sstp_observer observer;
    struct counting_mem memory;
    size_t fails_each; /* request; 0 for none */
    uint32_t frame;
    bool is_known; /* no gap since the beginning, or since a Connect */
    uint32_t numbers[2];
};

/* ------------------------------------------------------------------------
 * From bytes to commands
 */

static struct sstp_span until_zero(struct sstp_reader *r)
{
    struct sstp_reader all = *r;
    const struct sstp_span text = sstp_read_string(r);
    return r->failed ? sstp_read_bytes(&all, sstp_reader_left(&all)) : text;
}

static void read_command(const uint8_t *step, struct sstp_span text, struct sstp_command *command)
{
    struct sstp_reader r = sstp_reader(text);

    *command = (struct sstp_command){
        .id = step[0] & 0x1f,
        .form = (step[0] & 0x40) != 0 ? SSTP_VERSION_1_6 : SSTP_VERSION_1_5,
        .session_id = (step[1] & 0x7fu) | (step[1] & 0x80u) << 24,
        .response_id = step[2],
        .message_count = (step[0] & 0x80) != 0 ? (uint32_t)step[2] << 24 : step[2],
        .resource_url = text};
    if (command->id == SSTP_FANOUT_OPEN)
        command->fanout_entries = (struct sstp_list){step[2], text};
    if (command->id != SSTP_SESSION_STATUS)
        return;
    command->identity_url = until_zero(&r);
    command->device_url = until_zero(&r);
    command->fanout_indexes =
        (struct sstp_list){step[2], sstp_read_bytes(&r, sstp_reader_left(&r))};
}

/* ------------------------------------------------------------------------
 * What must hold
 */

static bool has_finding(const struct sstp_observation *seen, enum sstp_finding finding)
{
    return (seen->findings & SSTP_OBSERVED(finding)) != 0;
}

static void check_indexes(const struct run *run, bool from_initiator,
                          const struct sstp_observation *seen)
{
    const struct sstp_observer *observer = &run->observer;
    const struct sstp_observed_direction *own = &observer->directions[from_initiator];

    MUST(seen->findings < 1u << SSTP_OBSERVED_FINDINGS);
    MUST(seen->connection_state < SSTP_CONNECTION_STATE_COUNT);
    MUST(seen->session_state < SSTP_SESSION_STATE_COUNT);
    MUST(seen->receiver_state < SSTP_RECEIVER_STATE_COUNT);
    if (seen->has_session)
        MUST(seen->session < observer->sessions.num);
    else
        MUST(seen->session_state == SSTP_SESSION_UNKNOWN && !seen->has_active);
    if (seen->has_exchange) {
        MUST(seen->exchange < observer->exchanges.num);
        const struct sstp_observed_exchange *exchange =
            sstp_observer_exchange(observer, seen->exchange);
        MUST((seen->is_response ? exchange->response_frame : exchange->request_frame) ==
             run->frame);
    }
    if (seen->has_message) {
        MUST(seen->has_session && seen->message < own->messages.num);
        MUST(sstp_observer_message(observer, from_initiator, seen->message).session ==
             seen->session);
    }
    if (seen->has_entry) {
        MUST(seen->entry + 1 == own->entries.num);
        MUST(sstp_observer_entry(observer, from_initiator, seen->entry).frame == run->frame);
    }
    if (seen->has_active) {
        const struct sstp_fanout *fanout = sstp_observer_session(observer, seen->session)->fanout;
        MUST(fanout != NULL && seen->active == fanout->num_active);
        MUST(fanout->num_active <= fanout->num_entries);
    }
}

static void check_count(const struct run *run, bool from_initiator, uint32_t message_count,
                        uint64_t outstanding, const struct sstp_observation *seen)
{
    const struct sstp_observer *observer = &run->observer;
    const struct sstp_observed_acknowledgement acknowledgement =
        sstp_observer_acknowledgement(observer, from_initiator, seen->acknowledgement);

    MUST(seen->acknowledgement + 1 == observer->directions[from_initiator].acknowledgements.num);
    MUST(acknowledgement.frame == run->frame);
    MUST(acknowledgement.covered ==
         (message_count < outstanding ? message_count : (uint32_t)outstanding));
    MUST(acknowledgement.remaining == outstanding - acknowledgement.covered);
    /* Of a side that was not heard so far nobody knows what it sent. */
    const bool is_heard = observer->hears_both || observer->directions[!from_initiator].is_heard;
    MUST(has_finding(seen, SSTP_FINDING_ACK_EXCESS) == (is_heard && message_count > outstanding));
    MUST(acknowledgement.first + acknowledgement.covered <=
         observer->directions[!from_initiator].entries.num);
}

static void check_direction(const struct sstp_observed_direction *direction)
{
    MUST(direction->ledger.entered == direction->entries.num);
    MUST(direction->ledger.acknowledged <= direction->ledger.entered);
    MUST(direction->num_numbered <= direction->messages.num);
}

/* Numbers go up by one with each Message, from the Connect on. */
static void check_number(struct run *run, bool from_initiator, uint8_t command_id,
                         const struct sstp_observation *seen)
{
    const uint32_t number =
        sstp_observer_message(&run->observer, from_initiator, seen->message).number;
    if (command_id == SSTP_MESSAGE && run->is_known)
        MUST(number == ++run->numbers[from_initiator]);
    else if (command_id == SSTP_MESSAGE)
        MUST(number == 0);
    else
        MUST(number <= run->numbers[from_initiator]);
}

/* What nobody can know is not told. */
static void check_silence(const struct sstp_observation *seen)
{
    MUST(!seen->has_outstanding && !seen->has_entry && !seen->has_acknowledgement);
    MUST(!has_finding(seen, SSTP_FINDING_ACK_EXCESS));
    MUST(!has_finding(seen, SSTP_FINDING_UNACKNOWLEDGED));
}

/* By the halving that the observer does, and by looking at each. */
static void check_acknowledged_by(const struct run *run, bool from_initiator)
{
    const struct sstp_observer *observer = &run->observer;
    const uint32_t num = observer->directions[!from_initiator].acknowledgements.num;
    uint32_t end = 0;

    for (uint32_t i = 0; i < num; i++) {
        const struct sstp_observed_acknowledgement each =
            sstp_observer_acknowledgement(observer, !from_initiator, i);
        MUST(each.first >= end); /* oldest first, and none twice */
        end = each.first + each.covered;
    }
    for (uint32_t position = 0; position < observer->directions[from_initiator].entries.num;
         position++) {
        struct sstp_observed_acknowledgement found = {0}, by = {0};
        for (uint32_t i = 0; i < num; i++) {
            const struct sstp_observed_acknowledgement each =
                sstp_observer_acknowledgement(observer, !from_initiator, i);
            if (position >= each.first && position - each.first < each.covered)
                found = each;
        }
        MUST(sstp_observer_acknowledged_by(observer, from_initiator, position, &by) ==
             (found.frame != 0));
        MUST(found.frame == 0 || (by.frame == found.frame && by.first == found.first));
    }
}

/* ------------------------------------------------------------------------
 * The run
 */

static void pass(struct run *run, bool from_initiator, const struct sstp_command *command)
{
    struct sstp_observer *observer = &run->observer;
    struct counting_mem *memory = &run->memory;
    struct sstp_observation seen;
    const uint64_t outstanding =
        sstp_ledger_outstanding(&observer->directions[!from_initiator].ledger);

    if (run->fails_each > 0)
        memory->fails_at = (memory->num_requests / run->fails_each + 1) * run->fails_each;
    sstp_observer_command(observer, from_initiator, command,
                          (struct sstp_observed_place){run->frame, run->frame}, &seen);
    check_indexes(run, from_initiator, &seen);
    check_direction(&observer->directions[0]);
    check_direction(&observer->directions[1]);
    if (seen.has_acknowledgement)
        check_count(run, from_initiator, command->message_count, outstanding, &seen);
    if (memory->num_failed > 0)
        return; /* what is known then is the observer's secret */
    if (command->id == SSTP_CONNECT && seen.has_exchange) {
        run->is_known = true;
        run->numbers[0] = run->numbers[1] = 0;
    }
    if (seen.has_message)
        check_number(run, from_initiator, command->id, &seen);
    if (!run->is_known)
        check_silence(&seen);
}

static void step(struct run *run, const uint8_t *bytes, struct sstp_span text)
{
    struct sstp_command command;

    run->frame++;
    read_command(bytes, text, &command);
    if (command.id == GAP) {
        sstp_observer_gap(&run->observer);
        run->is_known = false;
        run->numbers[0] = run->numbers[1] = UINT32_MAX; /* those of messages under way */
    } else if (command.id == END) {
        sstp_observer_transport_end(&run->observer);
    } else {
        pass(run, (bytes[0] & 0x20) != 0, &command);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sstp_observer_begin begins[] = {SSTP_OBSERVER_FROM_START, SSTP_OBSERVER_LATE,
                                                      SSTP_OBSERVER_LATE_TRUSTING,
                                                      SSTP_OBSERVER_FROM_START};
    struct run run = {.frame = 0};

    if (size < PREFIX_LEN)
        return 0;
    run.is_known = begins[data[0] & 3] != SSTP_OBSERVER_LATE;
    run.fails_each = (data[0] & 4) != 0 ? data[1] : 0;
    counting_mem_init(&run.memory);
    sstp_observer_init(&run.observer, &run.memory.mem, begins[data[0] & 3]);
    for (size_t pos = PREFIX_LEN; size - pos >= STEP_LEN;) {
        const uint8_t *bytes = data + pos;
        pos += STEP_LEN;
        const size_t len = bytes[3] < size - pos ? bytes[3] : size - pos;
        /* A copy of its own: a view that outlives its command is noticed. */
        uint8_t *copy = malloc(len > 0 ? len : 1);
        MUST(copy != NULL);
        memcpy(copy, data + pos, len);
        step(&run, bytes, sstp_span(copy, len));
        free(copy);
        pos += len;
    }
    check_acknowledged_by(&run, false);
    check_acknowledged_by(&run, true);
    sstp_observer_clear(&run.observer);
    MUST(run.memory.num_blocks == 0);
    return 0;
}
