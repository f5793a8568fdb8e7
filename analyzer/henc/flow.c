/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "henc/flow.h"

#include <assert.h>

void henc_flow_init(struct henc_flow *flow, enum henc_direction direction)
{
    *flow = (struct henc_flow){.direction = direction};
}

static void free_list(struct henc_parked *list, const struct sstp_mem *mem)
{
    while (list != NULL) {
        struct henc_parked *next = list->next;
        mem->resize(mem->cookie, list, 0);
        list = next;
    }
}

void henc_flow_free_spent(struct henc_flow *flow, const struct sstp_mem *mem)
{
    free_list(flow->spent, mem);
    flow->spent = NULL;
}

void henc_flow_clear(struct henc_flow *flow, const struct sstp_mem *mem)
{
    henc_flow_free_spent(flow, mem);
    free_list(flow->parked, mem);
    henc_flow_init(flow, flow->direction);
}

enum henc_place henc_flow_place(const struct henc_flow *flow, uint32_t number,
                                const struct henc_digest *digest)
{
    if (!flow->is_known || number == flow->next)
        return HENC_PLACE_DUE;
    bool is_reused = false;
    if (number > flow->next) {
        for (const struct henc_parked *p = flow->parked; p != NULL; p = p->next)
            if (p->body.number == number && henc_digest_is_equal(&p->digest, digest))
                return HENC_PLACE_REPEAT;
        return HENC_PLACE_EARLY;
    }
    const size_t kept = flow->num_seen < HENC_SEEN_MAX ? flow->num_seen : HENC_SEEN_MAX;
    for (size_t i = 0; i < kept; i++) {
        if (flow->seen[i].number != number)
            continue;
        if (henc_digest_is_equal(&flow->seen[i].digest, digest))
            return HENC_PLACE_REPEAT;
        is_reused = true;
    }
    return is_reused ? HENC_PLACE_REUSED : HENC_PLACE_LATE;
}

static void deliver(struct henc_flow *flow, const struct henc_body *body, bool is_parked,
                    struct henc_deliveries *out)
{
    if (body->bytes.len > 0) {
        assert(out->num < HENC_DELIVERIES_MAX);
        out->items[out->num++] = (struct henc_delivery){.chunk = body->chunk,
                                                        .direction = flow->direction,
                                                        .bytes = body->bytes,
                                                        .is_parked = is_parked,
                                                        .after_gap = flow->is_lost};
        flow->is_lost = false;
        flow->has_delivered = true;
    }
    flow->is_lost |= body->is_cut;
}

void henc_flow_pass(struct henc_flow *flow, const struct henc_body *body,
                    struct henc_deliveries *out)
{
    deliver(flow, body, false, out);
}

static void remember(struct henc_flow *flow, uint32_t number, const struct henc_digest *digest)
{
    const size_t slot = flow->num_seen++ % HENC_SEEN_MAX;
    flow->seen[slot].number = number;
    flow->seen[slot].digest = *digest;
    if (!flow->is_known)
        flow->first = number;
    if (!flow->is_known || number >= flow->next)
        flow->next = (uint64_t)number + 1;
    flow->is_known = true;
}

/* Delivers what is parked and due. */
static void release(struct henc_flow *flow, struct henc_deliveries *out)
{
    while (flow->parked != NULL && flow->parked->body.number <= flow->next) {
        struct henc_parked *p = flow->parked;
        flow->parked = p->next;
        flow->num_parked--;
        flow->parked_octets -= p->body.bytes.len;
        p->next = flow->spent;
        flow->spent = p;
        deliver(flow, &p->body, true, out);
        remember(flow, p->body.number, &p->digest);
    }
}

void henc_flow_take(struct henc_flow *flow, const struct henc_body *body,
                    const struct henc_digest *digest, struct henc_deliveries *out)
{
    deliver(flow, body, false, out);
    remember(flow, body->number, digest);
    flow->gap_is_noted &= flow->parked != NULL && flow->parked->body.number > flow->next;
    release(flow, out);
}

bool henc_flow_has_room(const struct henc_flow *flow, size_t octets)
{
    return flow->num_parked < HENC_PARKED_COUNT_MAX &&
           octets <= HENC_PARKED_OCTETS_MAX - flow->parked_octets;
}

bool henc_flow_park(struct henc_flow *flow, const struct sstp_mem *mem,
                    const struct henc_body *body, const struct henc_digest *digest)
{
    assert(henc_flow_has_room(flow, body->bytes.len));
    struct henc_parked *p = mem->resize(mem->cookie, NULL, sizeof *p + body->bytes.len);
    if (p == NULL)
        return false;
    *p = (struct henc_parked){NULL, *body, *digest, false};
    p->body.bytes.data = (uint8_t *)(p + 1);
    if (body->bytes.len > 0)
        memcpy(p + 1, body->bytes.data, body->bytes.len);
    struct henc_parked **place = &flow->parked;
    while (*place != NULL && (*place)->body.number <= body->number)
        place = &(*place)->next;
    p->next = *place;
    *place = p;
    flow->num_parked++;
    flow->parked_octets += body->bytes.len;
    return true;
}

bool henc_flow_skip_to(struct henc_flow *flow, uint32_t number)
{
    const bool is_news = !flow->gap_is_noted;
    flow->next = number;
    flow->is_known = true;
    flow->is_lost = true;
    flow->gap_is_noted = false;
    return is_news;
}

bool henc_flow_give_up(struct henc_flow *flow, struct henc_deliveries *out)
{
    assert(flow->parked != NULL);
    const bool is_news = henc_flow_skip_to(flow, flow->parked->body.number);
    release(flow, out);
    return is_news;
}

struct henc_parked *henc_flow_find(const struct henc_flow *flow, uint32_t number)
{
    struct henc_parked *p = flow->parked;
    while (p != NULL && p->body.number != number)
        p = p->next;
    return p;
}
