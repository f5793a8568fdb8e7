/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/again.h"

#include <epan/proto_data.h>
#include <epan/tvbuff-int.h>

/* Found out of the first frame. */
static bool is_known, is_never;
static wmem_allocator_t *passing; /* NULL where frames are shown again */

void grvsstp_again_reset(void)
{
    is_known = is_never = false;
}

static grvsstp_bool destroy_passing(wmem_allocator_t *file, wmem_cb_event_t event, void *unused)
{
    (void)file;
    (void)event;
    (void)unused;
    wmem_destroy_allocator(passing);
    passing = NULL;
    return FALSE; /* once */
}

static void set_never(void)
{
    is_known = is_never = true;
    passing = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    wmem_register_callback(wmem_file_scope(), destroy_passing, NULL);
}

/* Whether a frame's bytes come from a file that cannot be read at another place. */
static bool is_read_once(tvbuff_t *frame)
{
    if (frame->ops->tvb_clone == NULL) /* they are in the program's own memory */
        return false;
    tvbuff_t *clone = frame->ops->tvb_clone(frame, 0, tvb_captured_length(frame));
    if (clone != NULL)
        tvb_free(clone);
    return clone == NULL;
}

void grvsstp_again_note(const packet_info *pinfo)
{
    if (is_known || pinfo->data_src == NULL)
        return;
    is_known = true;
    if (is_read_once(get_data_source_tvb(pinfo->data_src->data)))
        set_never();
}

void grvsstp_again_never(void)
{
    if (!is_never)
        set_never();
}

bool grvsstp_is_shown_again(void)
{
    is_known = true;
    return !is_never;
}

wmem_allocator_t *grvsstp_again_scope(wmem_allocator_t *pool)
{
    return grvsstp_is_shown_again() ? wmem_file_scope() : pool;
}

wmem_allocator_t *grvsstp_passing_scope(void)
{
    return grvsstp_is_shown_again() ? wmem_file_scope() : passing;
}

/* What the frame at hand has in its pool goes by a name of its own there, where others have data of
 * the protocol, too. */
struct kept {
    int proto;
    uint32_t key;
    void *plan;
    struct kept *next;
};

enum { KEPT_KEY = 1 };

static struct kept *kept_in_pool(packet_info *pinfo)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto_grvsstp_sstp, KEPT_KEY);
}

void grvsstp_again_keep(packet_info *pinfo, int proto, uint32_t key, void *plan)
{
    if (grvsstp_is_shown_again()) {
        p_add_proto_data(wmem_file_scope(), pinfo, proto, key, plan);
        return;
    }
    struct kept *kept = wmem_new(pinfo->pool, struct kept);
    *kept = (struct kept){proto, key, plan, kept_in_pool(pinfo)};
    p_set_proto_data(pinfo->pool, pinfo, proto_grvsstp_sstp, KEPT_KEY, kept);
}

void *grvsstp_again_kept(packet_info *pinfo, int proto, uint32_t key)
{
    for (const struct kept *kept = is_never ? kept_in_pool(pinfo) : NULL; kept != NULL;
         kept = kept->next)
        if (kept->proto == proto && kept->key == key)
            return kept->plan;
    return is_never ? NULL : p_get_proto_data(wmem_file_scope(), pinfo, proto, key);
}

/* What goes with a pool, all at once: a callback for each block would cost more than the block. */
struct dropped {
    const void *block;
    struct dropped *next;
};

static struct drops {
    wmem_allocator_t *pool; /* whose memory this is in */
    struct dropped *first;
} * drops; /* of the pool that was asked for last; NULL where that has gone */

static grvsstp_bool free_dropped(wmem_allocator_t *pool, wmem_cb_event_t event, void *data)
{
    const struct drops *gone = data;

    (void)pool;
    (void)event;
    /* Else they have gone with the capture. */
    for (const struct dropped *at = passing != NULL ? gone->first : NULL; at != NULL; at = at->next)
        wmem_free(passing, (void *)at->block);
    if (drops == gone)
        drops = NULL;
    return FALSE; /* once */
}

void grvsstp_passing_drop(wmem_allocator_t *pool, const void *block)
{
    if (!is_never || block == NULL)
        return;
    if (drops == NULL || drops->pool != pool) {
        drops = wmem_new(pool, struct drops);
        *drops = (struct drops){pool, NULL};
        wmem_register_callback(pool, free_dropped, drops);
    }
    struct dropped *dropped = wmem_new(pool, struct dropped);
    *dropped = (struct dropped){block, drops->first};
    drops->first = dropped;
}
