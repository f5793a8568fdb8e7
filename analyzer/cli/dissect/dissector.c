/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/dissector.h"

#include "fields/compat.h"
#include "follow/again.h"

#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/frame_data.h>
#include <epan/tap.h>

#define NS_PER_SECOND 1000000000

struct dissector {
    epan_t *epan;
    epan_dissect_t *edt;
    frame_data reference, previous;
    const frame_data *first; /* NULL before the first packet */
    bool has_previous;
    nstime_t elapsed;
    guint32 number, cumulated;
};

/* Wireshark asks for the times of frames that are shown relative to others. */
static const nstime_t *frame_time(struct packet_provider_data *provider, guint32 number)
{
    const struct dissector *dissector = (const struct dissector *)(const void *)provider;

    if (dissector->first != NULL && dissector->reference.num == number)
        return &dissector->reference.abs_ts;
    if (dissector->has_previous && dissector->previous.num == number)
        return &dissector->previous.abs_ts;
    return NULL;
}

static const struct packet_provider_funcs provider = {.get_frame_ts = frame_time};

struct dissector *dissector_new(void)
{
    struct dissector *dissector = g_new0(struct dissector, 1);

    dissector->epan = epan_new((struct packet_provider_data *)(void *)dissector, &provider);
    grvsstp_again_never();
    const bool wants_tree = have_filtering_tap_listeners() || postdissectors_want_hfids();
    dissector->edt = epan_dissect_new(dissector->epan, wants_tree, FALSE);
    return dissector;
}

void dissector_free(struct dissector *dissector)
{
    epan_dissect_free(dissector->edt);
    epan_free(dissector->epan);
    g_free(dissector);
}

guint32 dissector_next_number(const struct dissector *dissector)
{
    return dissector->number + 1;
}

static void begin_frame(struct dissector *dissector, const struct packet *packet, frame_data *frame)
{
    /* By the clock of the first point.  The interface is numbered by its file alone. */
    packet->rec->ts.secs = (time_t)(packet->t_ns / NS_PER_SECOND);
    packet->rec->ts.nsecs = (int)(packet->t_ns % NS_PER_SECOND);
    if (packet->rec->ts.nsecs < 0) {
        packet->rec->ts.secs--;
        packet->rec->ts.nsecs += NS_PER_SECOND;
    }
    packet->rec->presence_flags &= ~(guint32)WTAP_HAS_INTERFACE_ID;
    frame_data_init(frame, ++dissector->number, packet->rec, 0, dissector->cumulated);
}

static void enter_frame(struct dissector *dissector, frame_data *frame)
{
    frame_data_set_before_dissect(frame, &dissector->elapsed, &dissector->first,
                                  dissector->has_previous ? &dissector->previous : NULL);
    if (dissector->first == frame) {
        dissector->reference = *frame;
        dissector->first = &dissector->reference;
    }
}

static void end_frame(struct dissector *dissector, frame_data *frame)
{
    frame_data_destroy(frame);
    dissector->previous = *frame;
    dissector->previous.pfd = NULL;
    dissector->has_previous = true;
}

void dissector_packet(struct dissector *dissector, const struct packet *packet)
{
    frame_data frame;

    begin_frame(dissector, packet, &frame);
    grvsstp_prime_for_postdissectors(dissector->edt);
    enter_frame(dissector, &frame);
    grvsstp_dissect(dissector->edt, packet->type, packet->rec, packet->bytes, &frame);
    frame_data_set_after_dissect(&frame, &dissector->cumulated);
    epan_dissect_reset(dissector->edt);
    end_frame(dissector, &frame);
}

void dissector_skip(struct dissector *dissector, const struct packet *packet)
{
    frame_data frame;

    begin_frame(dissector, packet, &frame);
    enter_frame(dissector, &frame);
    frame_data_set_after_dissect(&frame, &dissector->cumulated);
    end_frame(dissector, &frame);
}

void dissector_finish(struct dissector *dissector)
{
    (void)dissector;
    postseq_cleanup_all_protocols();
}
