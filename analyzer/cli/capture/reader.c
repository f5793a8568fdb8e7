/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/reader.h"

struct entry {
    struct reader_file file;
    struct source *source;
    struct source_packet next;
    gint64 next_ns; /* corrected; of the packet at hand, or of the first one */
    gboolean is_open;
    gint64 size;
};

struct reader {
    struct entry *entries;
    guint num;
    guint *heap; /* of entries, the earliest first */
    guint heap_len;
    gboolean is_given; /* the first of the heap has given its packet away */
    gboolean has_failed;
    gint64 done; /* bytes of files that are closed */
};

/* ------------------------------------------------------------------------
 * The heap
 */

static gboolean comes_before(const struct reader *reader, guint a, guint b)
{
    const struct entry *left = &reader->entries[a], *right = &reader->entries[b];

    return left->next_ns != right->next_ns ? left->next_ns < right->next_ns : a < b;
}

static void swap(struct reader *reader, guint i, guint j)
{
    const guint kept = reader->heap[i];
    reader->heap[i] = reader->heap[j];
    reader->heap[j] = kept;
}

static void sink(struct reader *reader)
{
    guint at = 0, child;

    while ((child = 2 * at + 1) < reader->heap_len) {
        if (child + 1 < reader->heap_len &&
            comes_before(reader, reader->heap[child + 1], reader->heap[child]))
            child++;
        if (!comes_before(reader, reader->heap[child], reader->heap[at]))
            return;
        swap(reader, at, child);
        at = child;
    }
}

static void rise(struct reader *reader)
{
    guint at = reader->heap_len - 1;

    while (at > 0 && comes_before(reader, reader->heap[at], reader->heap[(at - 1) / 2])) {
        swap(reader, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

/* ------------------------------------------------------------------------
 * Files
 */

static gint64 corrected(const struct entry *entry, gint64 captured_ns)
{
    return entry->file.correct != NULL ? entry->file.correct(entry->file.clock, captured_ns)
                                       : captured_ns;
}

/* Reads the entry's next packet; false at the end. */
static gboolean advance(struct entry *entry)
{
    if (!source_next(entry->source, &entry->next))
        return FALSE;
    entry->next_ns = corrected(entry, entry->next.captured_ns);
    return TRUE;
}

struct reader *reader_new(const struct reader_file *files, guint num)
{
    struct reader *reader = g_new0(struct reader, 1);

    reader->entries = g_new0(struct entry, num);
    reader->heap = g_new0(guint, num);
    reader->num = num;
    for (guint i = 0; i < num; i++) {
        struct entry *entry = &reader->entries[i];
        entry->file = files[i];
        entry->source = source_new(files[i].name);
        entry->size = source_size(entry->source);
        entry->next_ns =
            files[i].first_ns == G_MININT64 ? G_MININT64 : corrected(entry, files[i].first_ns);
        reader->heap[reader->heap_len++] = i;
        rise(reader);
    }
    return reader;
}

void reader_free(struct reader *reader)
{
    for (guint i = 0; i < reader->num; i++)
        source_free(reader->entries[i].source);
    g_free(reader->entries);
    g_free(reader->heap);
    g_free(reader);
}

static void drop_first(struct reader *reader)
{
    struct entry *entry = &reader->entries[reader->heap[0]];

    if (entry->size > 0)
        reader->done += entry->size;
    entry->is_open = FALSE;
    source_close(entry->source);
    reader->heap[0] = reader->heap[--reader->heap_len];
    sink(reader);
}

/* Has the first of the heap know its packet. */
static gboolean settle_first(struct reader *reader)
{
    while (reader->heap_len > 0) {
        struct entry *entry = &reader->entries[reader->heap[0]];
        if (entry->is_open && !reader->is_given)
            return TRUE;
        reader->is_given = FALSE;
        if (!entry->is_open && !source_open(entry->source)) {
            reader->has_failed = TRUE;
            return FALSE;
        }
        entry->is_open = TRUE;
        if (advance(entry)) {
            sink(reader);
        } else if (source_is_empty(entry->source)) {
            reader->has_failed = TRUE;
            return FALSE;
        } else {
            drop_first(reader);
        }
    }
    return FALSE;
}

/* ------------------------------------------------------------------------
 * Packets
 */

static enum packet_link link_of(const wtap_rec *rec)
{
    switch (rec->rec_header.packet_header.pkt_encap) {
    case WTAP_ENCAP_ETHERNET:
        return PACKET_LINK_ETHERNET;
    case WTAP_ENCAP_SLL:
        return PACKET_LINK_SLL;
    case WTAP_ENCAP_SLL2:
        return PACKET_LINK_SLL2;
    case WTAP_ENCAP_NULL:
    case WTAP_ENCAP_LOOP:
        return PACKET_LINK_NULL;
    case WTAP_ENCAP_RAW_IP:
    case WTAP_ENCAP_RAW_IP4:
    case WTAP_ENCAP_RAW_IP6:
        return PACKET_LINK_IP;
    default:
        return PACKET_LINK_OTHER;
    }
}

int packet_link_type(const struct packet *packet)
{
    /* libwiretap keeps its own table to itself. */
    static const struct {
        int encapsulation, link_type;
    } rows[] = {{WTAP_ENCAP_NULL, 0},
                {WTAP_ENCAP_ETHERNET, 1},
                {WTAP_ENCAP_TOKEN_RING, 6},
                {WTAP_ENCAP_PPP, 9},
                {WTAP_ENCAP_FDDI_BITSWAPPED, 10},
                {WTAP_ENCAP_RAW_IP, 101},
                {WTAP_ENCAP_CHDLC, 104},
                {WTAP_ENCAP_IEEE_802_11, 105},
                {WTAP_ENCAP_FRELAY, 107},
                {WTAP_ENCAP_LOOP, 108},
                {WTAP_ENCAP_SLL, 113},
                {WTAP_ENCAP_IEEE_802_11_PRISM, 119},
                {WTAP_ENCAP_IEEE_802_11_RADIOTAP, 127},
                {WTAP_ENCAP_RAW_IP4, 228},
                {WTAP_ENCAP_RAW_IP6, 229},
                {WTAP_ENCAP_WIRESHARK_UPPER_PDU, 252},
                {WTAP_ENCAP_SLL2, 276}};

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].encapsulation == packet->rec->rec_header.packet_header.pkt_encap)
            return rows[i].link_type;
    return -1;
}

void packet_look_at(struct packet *packet)
{
    const wtap_packet_header *header = &packet->rec->rec_header.packet_header;

    packet->is_segment = packet_look(link_of(packet->rec), packet->bytes, header->caplen,
                                     header->len, &packet->segment);
}

gboolean packet_find_pair(const struct packet *packet, struct packet_pair *pair)
{
    if (packet->is_segment) {
        packet_pair_of_segment(&packet->segment, pair);
        return TRUE;
    }
    return packet_pair(link_of(packet->rec), packet->bytes,
                       packet->rec->rec_header.packet_header.caplen, pair);
}

gboolean reader_next(struct reader *reader, struct packet *packet)
{
    if (!settle_first(reader))
        return FALSE;
    const struct entry *entry = &reader->entries[reader->heap[0]];
    packet->file = reader->heap[0];
    packet->point = entry->file.point;
    packet->frame = entry->next.frame;
    packet->captured_ns = entry->next.captured_ns;
    packet->t_ns = entry->next_ns;
    packet->rec = entry->next.rec;
    packet->bytes = entry->next.bytes;
    packet->type = entry->next.type;
    packet->is_segment = FALSE;
    reader->is_given = TRUE;
    return TRUE;
}

gboolean reader_has_failed(const struct reader *reader)
{
    return reader->has_failed;
}

gboolean reader_is_damaged(const struct reader *reader, guint file)
{
    return source_is_damaged(reader->entries[file].source);
}

void reader_be_silent(struct reader *reader)
{
    for (guint i = 0; i < reader->num; i++)
        source_be_silent(reader->entries[i].source);
}

gint64 reader_bytes_read(const struct reader *reader)
{
    gint64 sum = reader->done;

    for (guint i = 0; i < reader->num; i++)
        if (reader->entries[i].is_open && reader->entries[i].size > 0)
            sum += source_bytes_read(reader->entries[i].source);
    return sum;
}
