/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver: dissects capture files with the plugin linked in, so that sanitizers see
 * all of its code.
 *
 *     dissect_driver [--mutate N] [--seed S] [-o PREFERENCE:VALUE]... CAPTURE...
 *
 * Every frame is dissected with a tree, in order, then again in order, then in a
 * shuffled one; what the last two show of our layers has to be the same.  Before, all are
 * dissected once, as by a program that never comes back, which has to show what that first pass
 * shows.  With --mutate that is done N times more for each file, with bytes of the payloads
 * changed at random.  Prints a line a file; exit 1 when two orders differ.
 *
 * Built in sanitized builds only.
 */
#include "fields/compat.h"

#include "follow/again.h"

#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/frame_data.h>
#include <epan/prefs.h>
#include <epan/timestamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/report_message.h>
#include <wsutil/wslog.h>

void plugin_register(void);

#define FRAMES_MAX 200000u
/* Bytes of Ethernet, IPv4 and TCP in front of the payload; left alone, for the
 * lower layers are not what is tested. */
#define HEADERS_LEN 54u

/* A frame of the file, as it is dissected. */
struct frame {
    frame_data data;
    wtap_rec rec;
    guint8 *bytes;    /* as dissected: mutated perhaps */
    guint8 *original; /* as in the file */
    uint32_t hash;    /* of what our layers showed in order */
};

struct file {
    const char *name;
    int type;
    struct frame *frames;
    unsigned num_frames;
};

/* ------------------------------------------------------------------------
 * Chance
 */

static uint32_t random_state;

static uint32_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static uint32_t random_below(uint32_t limit)
{
    return random_next() % limit;
}

/* ------------------------------------------------------------------------
 * Files
 */

static const nstime_t *frame_time(struct packet_provider_data *provider, guint32 number)
{
    struct file *file = (struct file *)(void *)provider;
    return number >= 1 && number <= file->num_frames ? &file->frames[number - 1].data.abs_ts : NULL;
}

static bool file_read(struct file *file, const char *name)
{
    int err = 0;
    gchar *err_info = NULL;
    gint64 offset;
    struct grvsstp_record record;
    wtap *wth = wtap_open_offline(name, WTAP_TYPE_AUTO, &err, &err_info, FALSE);

    if (wth == NULL) {
        fprintf(stderr, "dissect_driver: cannot open %s (%d)\n", name, err);
        return false;
    }
    file->name = name;
    file->type = wtap_file_type_subtype(wth);
    file->num_frames = 0;
    file->frames = g_new0(struct frame, FRAMES_MAX);
    grvsstp_record_init(&record);
    while (file->num_frames < FRAMES_MAX &&
           grvsstp_record_read(&record, wth, &err, &err_info, &offset)) {
        struct frame *frame = &file->frames[file->num_frames++];
        const guint32 len = record.rec.rec_header.packet_header.caplen;
        frame->rec = record.rec;
        frame->rec.block = NULL;
        frame->original =
            (guint8 *)g_memdup2(ws_buffer_start_ptr(GRVSSTP_RECORD_DATA(&record)), len);
        frame->bytes = (guint8 *)g_memdup2(frame->original, len);
        grvsstp_rec_point_at(&frame->rec, frame->bytes, len);
        wtap_rec_reset(&record.rec);
    }
    grvsstp_record_clear(&record);
    wtap_close(wth);
    return err == 0;
}

static void file_free(struct file *file)
{
    for (unsigned i = 0; i < file->num_frames; i++) {
        g_free(file->frames[i].bytes);
        g_free(file->frames[i].original);
    }
    g_free(file->frames);
}

/* Changes a few bytes of some payloads: bits, values that mean something to SSTP,
 * and runs copied from elsewhere in the frame. */
static void file_mutate(struct file *file)
{
    static const guint8 telling[] = {0x00, 0x01, 0x02, 0x03, 0x06, 0x0d, 0x0e,
                                     0x0f, 0x10, 0x12, 0x13, 0x7f, 0x80, 0xff};

    for (unsigned i = 0; i < file->num_frames; i++) {
        struct frame *frame = &file->frames[i];
        const guint32 len = frame->rec.rec_header.packet_header.caplen;
        memcpy(frame->bytes, frame->original, len);
        if (len <= HEADERS_LEN || random_below(4) != 0)
            continue;
        for (uint32_t n = 1 + random_below(4); n > 0; n--) {
            const uint32_t at = HEADERS_LEN + random_below(len - HEADERS_LEN);
            switch (random_below(3)) {
            case 0:
                frame->bytes[at] ^= (guint8)(1u << random_below(8));
                break;
            case 1:
                frame->bytes[at] = telling[random_below(G_N_ELEMENTS(telling))];
                break;
            case 2: {
                const uint32_t from = HEADERS_LEN + random_below(len - HEADERS_LEN);
                const uint32_t run = 1 + random_below(len - MAX(at, from));
                memmove(frame->bytes + at, frame->bytes + from, run);
                break;
            }
            }
        }
    }
}

/* ------------------------------------------------------------------------
 * Dissecting
 */

struct digest {
    uint32_t hash;
    bool is_ours; /* inside one of our layers */
};

/* Of our protocol, in all frames so far: a file of SSTP that has none is a failure
 * of whoever called. */
static unsigned long num_layers;

static void digest_node(proto_node *node, gpointer data)
{
    struct digest *digest = (struct digest *)data;
    const struct digest outside = *digest;
    const field_info *fi = PNODE_FINFO(node);

    if (fi != NULL && fi->hfinfo != NULL) {
        if (fi->hfinfo->type == FT_PROTOCOL && strcmp(fi->hfinfo->abbrev, "grvsstp") == 0) {
            digest->is_ours = true;
            num_layers++;
        }
        if (digest->is_ours) {
            gchar label[ITEM_LABEL_LENGTH];
            if (fi->rep != NULL)
                (void)g_strlcpy(label, fi->rep->representation, sizeof label);
            else
                grvsstp_fill_label((field_info *)fi, label);
            for (const gchar *c = label; *c != '\0'; c++)
                digest->hash = (digest->hash ^ (guint8)*c) * 16777619u;
        }
    }
    proto_tree_children_foreach(node, digest_node, digest);
    digest->is_ours = outside.is_ours;
}

/* Dissects one frame with a visible tree; returns a hash of what our layers show. */
static uint32_t dissect(epan_t *epan, const struct file *file, struct frame *frame)
{
    static const frame_data *reference;
    static nstime_t elapsed;
    epan_dissect_t *edt = epan_dissect_new(epan, TRUE, TRUE);
    struct digest digest = {2166136261u, false};

    frame_data_set_before_dissect(&frame->data, &elapsed, &reference, NULL);
    if (reference == &frame->data)
        reference = NULL;
    grvsstp_dissect(edt, file->type, &frame->rec, frame->bytes, &frame->data);
    proto_tree_children_foreach(edt->tree, digest_node, &digest);
    epan_dissect_free(edt);
    return digest.hash;
}

static bool is_same(const struct file *file, unsigned at, uint32_t hash, const char *when)
{
    if (hash == file->frames[at].hash)
        return true;
    fprintf(stderr, "dissect_driver: %s: frame %u shows something else %s\n", file->name, at + 1,
            when);
    return false;
}

static epan_t *begin(struct file *file)
{
    static const struct packet_provider_funcs funcs = {.get_frame_ts = frame_time};
    return epan_new((struct packet_provider_data *)(void *)file, &funcs);
}

/* The first pass; where it `is_only`, nothing is kept for another one. */
static bool first_pass(epan_t *epan, struct file *file, bool is_only)
{
    guint32 cumulated = 0;
    bool agree = true;

    for (unsigned i = 0; i < file->num_frames; i++) {
        struct frame *frame = &file->frames[i];
        frame_data_init(&frame->data, i + 1, &frame->rec, 0, cumulated);
        const uint32_t hash = dissect(epan, file, frame);
        frame_data_set_after_dissect(&frame->data, &cumulated);
        if (is_only)
            frame->hash = hash;
        else
            agree = is_same(file, i, hash, "where it may be shown again") && agree;
    }
    postseq_cleanup_all_protocols();
    return agree;
}

static void dissect_once(struct file *file)
{
    epan_t *epan = begin(file);

    grvsstp_again_never();
    (void)first_pass(epan, file, true);
    for (unsigned i = 0; i < file->num_frames; i++)
        frame_data_destroy(&file->frames[i].data);
    epan_free(epan);
}

/* All frames: once, then first pass, second pass, shuffled.  Returns whether the first two agree,
 * and the last. */
static bool file_dissect(struct file *file)
{
    dissect_once(file);
    epan_t *epan = begin(file);
    bool agree = first_pass(epan, file, false);

    for (unsigned i = 0; i < file->num_frames; i++)
        file->frames[i].hash = dissect(epan, file, &file->frames[i]);
    for (unsigned i = 0; i < file->num_frames; i++) {
        const unsigned at = random_below(file->num_frames);
        agree = is_same(file, at, dissect(epan, file, &file->frames[at]), "in another order") &&
                agree;
    }
    for (unsigned i = 0; i < file->num_frames; i++)
        frame_data_destroy(&file->frames[i].data);
    epan_free(epan);
    return agree;
}

/* ------------------------------------------------------------------------
 * The program
 */

static void G_GNUC_PRINTF(1, 0) complain(const char *format, va_list arguments)
{
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

static bool start_wireshark(const char *program)
{
    static const struct report_message_routines routines = {.vreport_failure = complain,
                                                            .vreport_warning = complain};

    grvsstp_log_init(program, complain);
    init_process_policies();
    g_free(grvsstp_configuration_init(program));
    init_report_message(program, &routines);
    timestamp_set_type(TS_RELATIVE);
    timestamp_set_precision(TS_PREC_AUTO);
    wtap_init(FALSE);
    plugin_register(); /* as a plugin would, before the protocols are registered */
    if (!epan_init(NULL, NULL, FALSE))
        return false;
    (void)epan_load_settings();
    return true;
}

static bool set_preference(const char *text)
{
    char *copy = g_strdup(text);
    char *message = NULL;
    const bool is_set = prefs_set_pref(copy, &message) == PREFS_SET_OK;
    if (!is_set)
        fprintf(stderr, "dissect_driver: preference %s: %s\n", text, message ? message : "?");
    g_free(message);
    g_free(copy);
    return is_set;
}

int main(int argc, char *argv[])
{
    unsigned num_mutations = 0;
    uint32_t seed = 2492;
    unsigned num_files = 0;
    bool agree = true;

    if (!start_wireshark(argv[0]))
        return 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutate") == 0 && i + 1 < argc) {
            num_mutations = (unsigned)strtoul(argv[++i], NULL, 10);
            continue;
        }
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = (uint32_t)strtoul(argv[++i], NULL, 10);
            continue;
        }
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            if (!set_preference(argv[++i]))
                return 2;
            prefs_apply_all();
            continue;
        }
        struct file file;
        if (!file_read(&file, argv[i]))
            return 2;
        num_files++;
        random_state = seed * 2654435761u + num_files;
        if (random_state == 0)
            random_state = 1;
        num_layers = 0;
        agree = file_dissect(&file) && agree;
        for (unsigned round = 0; round < num_mutations; round++) {
            file_mutate(&file);
            agree = file_dissect(&file) && agree;
        }
        printf("%s: %u frames, %u mutations, seed %u, %lu layers of ours\n", file.name,
               file.num_frames, num_mutations, seed, num_layers);
        fflush(stdout);
        file_free(&file);
    }
    if (num_files == 0) {
        fprintf(stderr, "dissect_driver: no capture given\n");
        return 2;
    }
    epan_cleanup();
    wtap_cleanup();
    return agree ? 0 : 1;
}
