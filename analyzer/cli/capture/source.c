/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture/source.h"

#include "fields/compat.h"

#include <epan/addr_resolv.h>
#include <epan/secrets.h>
#include <errno.h>
#include <glib/gstdio.h>

#include "base/say.h"
#include "capture/spool.h"

#define SECONDS_MAX G_GINT64_CONSTANT(4000000000) /* the year 2096; a file may claim any time */
#define NS_PER_SECOND G_GINT64_CONSTANT(1000000000)
/* Interfaces that are told from each other. */
#define INTERFACES_MAX 64u

struct source {
    char *name;
    wtap *wth;
    struct grvsstp_record record;
    guint64 frame;
    gint64 last_ns;
    gboolean is_damaged, is_silent;
};

struct source *source_new(const char *name)
{
    struct source *source = g_new0(struct source, 1);
    source->name = g_strdup(name);
    return source;
}

void source_free(struct source *source)
{
    if (source == NULL)
        return;
    source_close(source);
    g_free(source->name);
    g_free(source);
}

const char *source_name(const struct source *source)
{
    return source->name;
}

/* What the file system has to say of it; NULL where nothing is wrong. */
static const char *look(const char *name)
{
    GStatBuf info;

    if (strcmp(name, "-") == 0)
        return NULL;
    if (g_stat(name, &info) != 0)
        return g_strerror(errno);
    if ((info.st_mode & S_IFMT) == S_IFDIR)
        return "it is a folder; name the capture files in it";
    if ((info.st_mode & S_IFMT) == S_IFREG && info.st_size == 0)
        return "it is empty";
    return NULL;
}

/* What Wireshark has to say of it. */
static char *reason(int err, char *detail)
{
    char *text;

    switch (err) {
    case WTAP_ERR_FILE_UNKNOWN_FORMAT:
        text = g_strdup("it is not a capture in any format that Wireshark knows");
        break;
    case WTAP_ERR_SHORT_READ:
        text = g_strdup("it ends in the middle of a packet; it was cut short");
        break;
    default:
        text = g_strdup_printf("%s%s%s", err < 0 ? wtap_strerror(err) : g_strerror(err),
                               detail != NULL ? ": " : "", detail != NULL ? detail : "");
    }
    g_free(detail);
    return text;
}

/* Who else is told of secrets: Wireshark's callback has no room for more than one. */
static void (*tell_secrets)(guint32 type, const void *bytes, guint len);

void source_tell_secrets(void (*told)(guint32 type, const void *bytes, guint len))
{
    tell_secrets = told;
}

static void take_secrets(guint32 type, const void *bytes, guint len)
{
    secrets_wtap_callback(type, bytes, len);
    if (tell_secrets != NULL)
        tell_secrets(type, bytes, len);
}

gboolean source_open(struct source *source)
{
    const char *path = spool_path(source->name), *wrong = look(path);
    char *detail = NULL;
    int err = 0;

    if (wrong != NULL) {
        say("%s cannot be read: %s", source->name, wrong);
        return FALSE;
    }
    source->wth = wtap_open_offline(path, WTAP_TYPE_AUTO, &err, &detail, FALSE);
    if (source->wth == NULL) {
        char *text = reason(err, detail);
        say("%s cannot be read: %s", source->name, text);
        g_free(text);
        return FALSE;
    }
    wtap_set_cb_new_secrets(source->wth, take_secrets);
    grvsstp_record_init(&source->record);
    source->frame = 0;
    return TRUE;
}

static gboolean read_record(struct source *source)
{
    char *detail = NULL;
    gint64 offset;
    int err = 0;

    wtap_rec_reset(&source->record.rec);
    if (grvsstp_record_read(&source->record, source->wth, &err, &detail, &offset)) {
        source->frame++;
        return TRUE;
    }
    /* Only SIGINT interrupts a read here, and whoever asked for packets knows of it. */
    if (err == EINTR)
        g_free(detail);
    else if (err != 0 && !source->is_damaged) {
        char *text = reason(err, detail);
        source->is_damaged = TRUE;
        if (!source->is_silent)
            say("%s is read as far as its packet %" G_GUINT64_FORMAT ": %s", source->name,
                source->frame, text);
        g_free(text);
    }
    return FALSE;
}

static gint64 time_of(struct source *source)
{
    const wtap_rec *rec = &source->record.rec;

    if ((rec->presence_flags & WTAP_HAS_TS) != 0) {
        const gint64 secs = CLAMP((gint64)rec->ts.secs, -SECONDS_MAX, SECONDS_MAX);
        source->last_ns = secs * NS_PER_SECOND + CLAMP(rec->ts.nsecs, 0, 999999999);
    }
    return source->last_ns;
}

gboolean source_next(struct source *source, struct source_packet *packet)
{
    do {
        if (!read_record(source))
            return FALSE;
    } while (source->record.rec.rec_type != REC_TYPE_PACKET);
    packet->frame = source->frame;
    packet->captured_ns = time_of(source);
    packet->rec = &source->record.rec;
    packet->bytes = ws_buffer_start_ptr(GRVSSTP_RECORD_DATA(&source->record));
    packet->type = wtap_file_type_subtype(source->wth);
    return TRUE;
}

gboolean source_is_damaged(const struct source *source)
{
    return source->is_damaged;
}

void source_be_silent(struct source *source)
{
    source->is_silent = TRUE;
}

gboolean source_is_empty(const struct source *source)
{
    if (source->frame > 0 || source->is_damaged || source_bytes_read(source) > 0)
        return FALSE;
    say("%s cannot be read: it is empty", source->name);
    return TRUE;
}

void source_close(struct source *source)
{
    if (source->wth == NULL)
        return;
    wtap_close(source->wth);
    source->wth = NULL;
    grvsstp_record_clear(&source->record);
}

gint64 source_bytes_read(const struct source *source)
{
    return source->wth != NULL ? wtap_read_so_far(source->wth) : 0;
}

gint64 source_size(const struct source *source)
{
    const char *path = spool_path(source->name);
    GStatBuf info;

    if (strcmp(path, "-") == 0 || g_stat(path, &info) != 0 || (info.st_mode & S_IFMT) != S_IFREG)
        return 0;
    return info.st_size;
}

static void add_option(GString *text, wtap_block_t block, guint option)
{
    char *value = NULL;

    if (block != NULL &&
        wtap_block_get_string_option_value(block, option, &value) == WTAP_OPTTYPE_SUCCESS)
        g_string_append(text, value);
    g_string_append_c(text, '\n');
}

char *source_signature(struct source *source)
{
    GString *text = g_string_new(NULL);
    wtapng_iface_descriptions_t *interfaces = wtap_file_get_idb_info(source->wth);
    const wtap_block_t section = wtap_file_get_shb(source->wth, 0);

    add_option(text, section, OPT_SHB_HARDWARE);
    add_option(text, section, OPT_SHB_OS);
    add_option(text, section, OPT_SHB_USERAPPL);
    for (guint i = 0; i < interfaces->interface_data->len && i < INTERFACES_MAX; i++) {
        const wtap_block_t one = g_array_index(interfaces->interface_data, wtap_block_t, i);
        const wtapng_if_descr_mandatory_t *fixed =
            (const wtapng_if_descr_mandatory_t *)wtap_block_get_mandatory_data(one);
        add_option(text, one, OPT_IDB_NAME);
        add_option(text, one, OPT_IDB_DESCRIPTION);
        g_string_append_printf(text, "%d %u\n", fixed->wtap_encap, fixed->snap_len);
    }
    g_free(interfaces);
    return g_string_free(text, FALSE);
}
