/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "follow/source.h"

#include "follow/again.h"

#if GRVSSTP_HAS_PROVIDER
#include <cfile.h>
#include <epan/tvbuff-int.h>

/* How libwireshark's sessions begin, whose header is not installed: with what the program gave to
 * epan_new().  A program whose frames come from its file has a struct packet_provider_data there,
 * for the tvb of a frame looks for the file in it, too. */
struct epan_session {
    struct packet_provider_data *provider;
};

/* The frame that was asked for last on the first pass, and what is to be freed when the program has
 * it. */
static struct {
    uint32_t number;
    int64_t file_offset;
    bool is_file; /* its bytes can be read again */
} noted;

/* Whether the file can be read at another place, as its first frame has told. */
static bool is_asked, is_seekable;

struct release {
    const uint8_t **block;
    struct release *next;
};

static struct release *releases;
static bool has_strangers; /* frames were dissected that the program did not keep */
static wmem_allocator_t *scope;

/* The frame that was read last. */
static struct {
    uint32_t number;
    wtap *wth;
    int64_t file_offset;
    bool is_there; /* the record is initialized */
    struct grvsstp_record record;
} read_last;

/* Frames of a compressed file, each in the place of its number. */
#define REMEMBERED_MAX 256u
#define REMEMBERED_BYTES_MAX 16384u

static struct remembered {
    uint32_t number;
    wtap *wth;
    int64_t file_offset;
    uint8_t *bytes; /* of g_malloc(); NULL */
    size_t len;
} remembered[REMEMBERED_MAX];

static void forget_read(void)
{
    if (read_last.is_there)
        grvsstp_record_clear(&read_last.record);
    read_last.is_there = false;
    read_last.number = 0;
    for (unsigned i = 0; i < REMEMBERED_MAX; i++) {
        g_free(remembered[i].bytes);
        remembered[i] = (struct remembered){0};
    }
}

void grvsstp_source_reset(void)
{
    noted.number = 0;
    noted.is_file = false;
    is_asked = is_seekable = false;
    releases = NULL; /* they went with the capture */
    has_strangers = false;
    forget_read();
}

/* The frame as the program has it; NULL where it has not. */
static const frame_data *frame_of(const packet_info *pinfo, uint32_t number)
{
    const struct packet_provider_data *provider = pinfo->epan->provider;

    return provider != NULL && provider->frames != NULL
               ? frame_data_sequence_find(provider->frames, number)
               : NULL;
}

/* ------------------------------------------------------------------------
 * First pass
 */

/* The bytes of the frame at hand as the file has them. */
static tvbuff_t *frame_tvb(const packet_info *pinfo)
{
    return pinfo->data_src != NULL ? get_data_source_tvb(pinfo->data_src->data) : NULL;
}

/* A tvb that has itself cloned, which is reading the frame again, has a file that allows it. */
static bool has_clone(tvbuff_t *frame)
{
    tvbuff_t *clone = frame->ops->tvb_clone(frame, 0, tvb_captured_length(frame));

    if (clone != NULL)
        tvb_free(clone);
    return clone != NULL;
}

/* Whether the bytes of the frame at hand come from a file that can be read at another place. */
static bool is_of_file(const packet_info *pinfo)
{
    tvbuff_t *frame = frame_tvb(pinfo);

    if (frame == NULL || frame->ops->tvb_clone == NULL || pinfo->fd->file_off == 0)
        return false;
    if (!is_asked)
        is_seekable = has_clone(frame) && pinfo->epan->provider != NULL &&
                      pinfo->epan->provider->frames != NULL;
    is_asked = true;
    return is_seekable;
}

/* The program has taken the frame before this one among its own, or it never will: what a read
 * filter does not let pass is dissected, too, and another frame has its number. */
static void end_frame_before(const packet_info *pinfo)
{
    const frame_data *before = noted.is_file ? frame_of(pinfo, noted.number) : NULL;

    if (noted.is_file && (before == NULL || before->file_off != noted.file_offset))
        has_strangers = true;
    for (const struct release *at = has_strangers ? NULL : releases; at != NULL; at = at->next) {
        wmem_free(scope, (void *)*at->block);
        *at->block = NULL;
    }
    while (releases != NULL) {
        struct release *next = releases->next;
        wmem_free(wmem_file_scope(), releases);
        releases = next;
    }
}

static void note_frame(const packet_info *pinfo)
{
    if (noted.number == pinfo->num && noted.file_offset == pinfo->fd->file_off)
        return;
    if (noted.number != 0)
        end_frame_before(pinfo);
    noted.number = pinfo->num;
    noted.file_offset = pinfo->fd->file_off;
    noted.is_file = is_of_file(pinfo);
}

uint32_t grvsstp_source_offset(tvbuff_t *tvb, const packet_info *pinfo)
{
    if (!grvsstp_is_shown_again() || has_strangers)
        return 0;
    note_frame(pinfo);
    if (!noted.is_file || tvb_get_ds_tvb(tvb) != frame_tvb(pinfo))
        return 0;
    return (uint32_t)tvb_raw_offset(tvb);
}

static grvsstp_bool destroy_scope(wmem_allocator_t *file, wmem_cb_event_t event, void *unused)
{
    (void)file;
    (void)event;
    (void)unused;
    wmem_destroy_allocator(scope);
    scope = NULL;
    return FALSE; /* once */
}

wmem_allocator_t *grvsstp_source_scope(void)
{
    if (!grvsstp_is_shown_again())
        return grvsstp_passing_scope();
    if (scope == NULL) {
        scope = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
        wmem_register_callback(wmem_file_scope(), destroy_scope, NULL);
    }
    return scope;
}

void grvsstp_source_release(const uint8_t **block)
{
    struct release *release = wmem_new(wmem_file_scope(), struct release);

    *release = (struct release){block, releases};
    releases = release;
}

/* ------------------------------------------------------------------------
 * Later
 */

void grvsstp_source_remember(const packet_info *pinfo)
{
    struct remembered *at = &remembered[pinfo->num % REMEMBERED_MAX];
    tvbuff_t *frame = frame_tvb(pinfo);

    if (!is_seekable || frame == NULL || tvb_captured_length(frame) > REMEMBERED_BYTES_MAX)
        return;
    wtap *wth = pinfo->epan->provider->wth;
    if (wth == NULL || wtap_get_compression_type(wth) == WTAP_UNCOMPRESSED)
        return;
    at->number = pinfo->num;
    at->wth = wth;
    at->file_offset = pinfo->fd->file_off;
    at->len = tvb_captured_length(frame);
    at->bytes = g_realloc(at->bytes, at->len);
    tvb_memcpy(frame, at->bytes, 0, at->len);
}

/* The bytes of a frame that is remembered; none where it is not. */
static struct sstp_span recall(const packet_info *pinfo, uint32_t number)
{
    const struct remembered *at = &remembered[number % REMEMBERED_MAX];

    if (at->number != number || at->wth != pinfo->epan->provider->wth)
        return sstp_span(NULL, 0);
    const frame_data *frame = frame_of(pinfo, number);
    return frame != NULL && frame->file_off == at->file_offset ? sstp_span(at->bytes, at->len)
                                                               : sstp_span(NULL, 0);
}

/* Reads the frame, unless it is the last that was read. */
static bool read_frame(const packet_info *pinfo, uint32_t number)
{
    const frame_data *frame = frame_of(pinfo, number);
    wtap *wth = frame != NULL ? pinfo->epan->provider->wth : NULL;

    if (wth == NULL)
        return false;
    if (read_last.number == number && read_last.wth == wth &&
        read_last.file_offset == frame->file_off)
        return true;
    if (!read_last.is_there)
        grvsstp_record_init(&read_last.record);
    read_last.is_there = true;
    read_last.number = 0;
    if (!grvsstp_record_seek(&read_last.record, wth, frame->file_off))
        return false;
    read_last.number = number;
    read_last.wth = wth;
    read_last.file_offset = frame->file_off;
    return true;
}

bool grvsstp_source_read(const packet_info *pinfo, uint32_t frame, uint32_t offset, size_t len,
                         uint8_t *to)
{
    tvbuff_t *own = frame == pinfo->num ? frame_tvb(pinfo) : NULL;

    if (own != NULL && tvb_captured_length(own) >= offset + len) {
        tvb_memcpy(own, to, (int)offset, len);
        return true;
    }
    if (offset == 0)
        return false;
    const struct sstp_span recalled = recall(pinfo, frame);
    if (recalled.len >= offset + len) {
        memcpy(to, recalled.data + offset, len);
        return true;
    }
    if (!read_frame(pinfo, frame) ||
        read_last.record.rec.rec_header.packet_header.caplen < offset + len)
        return false;
    memcpy(to, ws_buffer_start_ptr(GRVSSTP_RECORD_DATA(&read_last.record)) + offset, len);
    return true;
}
#else
void grvsstp_source_reset(void)
{
}

void grvsstp_source_remember(const packet_info *pinfo)
{
    (void)pinfo;
}

uint32_t grvsstp_source_offset(tvbuff_t *tvb, const packet_info *pinfo)
{
    (void)tvb;
    (void)pinfo;
    return 0;
}

wmem_allocator_t *grvsstp_source_scope(void)
{
    return grvsstp_passing_scope();
}

void grvsstp_source_release(const uint8_t **block)
{
    (void)block;
}

bool grvsstp_source_read(const packet_info *pinfo, uint32_t frame, uint32_t offset, size_t len,
                         uint8_t *to)
{
    (void)pinfo;
    (void)frame;
    (void)offset;
    (void)len;
    (void)to;
    return false;
}
#endif
