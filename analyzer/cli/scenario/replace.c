/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/replace.h"

#include <string.h>

/* One of a few that are left of its length is found by so many attempts, or taken as none. */
#define ATTEMPTS 2000u
#define KEYS_FIRST_MAX 0xffffffu

struct replace {
    GRand *random;
    guint32 next_key;
    GHashTable *parts;    /* GBytes, in small letters, to what it becomes, likewise */
    GHashTable *blobs;    /* GBytes to GBytes */
    GHashTable *keys;     /* the digest of contents to their key */
    GHashTable *taken[2]; /* GBytes: what parts have become, and blobs */
    GHashTable *learnt; /* GBytes: originals of REPLACE_LEN_MIN bytes and more, in small letters */
    GHashTable *begins; /* the first bytes of these to GPtrArray of them */
    guint num_alike;
};

struct replace *replace_new(guint64 seed)
{
    struct replace *replace = g_new0(struct replace, 1);
    const guint32 seeds[] = {(guint32)seed, (guint32)(seed >> 32)};

    replace->random = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
    replace->next_key = (guint32)g_rand_int_range(replace->random, 1, KEYS_FIRST_MAX);
    replace->parts =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    replace->blobs = g_hash_table_new_full(
        g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, (GDestroyNotify)g_bytes_unref);
    replace->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(replace->taken); i++)
        replace->taken[i] =
            g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    replace->learnt =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    replace->begins = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
    return replace;
}

void replace_free(struct replace *replace)
{
    g_rand_free(replace->random);
    g_hash_table_destroy(replace->parts);
    g_hash_table_destroy(replace->blobs);
    g_hash_table_destroy(replace->keys);
    for (gsize i = 0; i < G_N_ELEMENTS(replace->taken); i++)
        g_hash_table_destroy(replace->taken[i]);
    g_hash_table_destroy(replace->learnt);
    g_hash_table_destroy(replace->begins);
    g_free(replace);
}

/* ------------------------------------------------------------------------
 * The parts of a string
 */

gboolean replace_is_kept(struct sstp_span word)
{
    static const char *const kept[] = {"dpp", "grooveDNS", "grooveIdentity", "grooveAccount",
                                       "grooveWanDPP"};

    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++)
        if (word.len == strlen(kept[i]) &&
            g_ascii_strncasecmp((const char *)word.data, kept[i], word.len) == 0)
            return TRUE;
    return FALSE;
}

static gboolean is_punctuation(guint8 c)
{
    return c == ' ' || g_ascii_ispunct((char)c);
}

/* The next part of a string: punctuation, which stays where there is little of it, or what stands
 * between. */
static struct sstp_span next_part(struct sstp_span text, gsize at, gboolean *stays)
{
    const gboolean is_between = !is_punctuation(text.data[at]);
    gsize end = at;

    while (end < text.len && is_punctuation(text.data[end]) != is_between)
        end++;
    const struct sstp_span part = sstp_span(text.data + at, end - at);
    const gboolean is_scheme =
        end + 3 <= text.len && memcmp(text.data + end, "://", 3) == 0 && at == 0;
    const gboolean is_after_scheme = !is_between && at > 0 && part.len <= REPLACE_LEN_MIN &&
                                     memcmp(part.data, "://", MIN(part.len, 3)) == 0;
    if (is_between)
        *stays = (is_scheme || part.len == text.len) && replace_is_kept(part);
    else
        *stays = part.len < REPLACE_LEN_MIN || is_after_scheme;
    return part;
}

static GBytes *small_letters(struct sstp_span part)
{
    char *text = g_ascii_strdown((const char *)part.data, (gssize)part.len);
    return g_bytes_new_take(text, part.len);
}

/* Of REPLACE_LEN_MIN bytes. */
static gpointer beginning(const guint8 *bytes)
{
    return GUINT_TO_POINTER(sstp_get_u32(bytes));
}

static void learn(struct replace *replace, GBytes *part)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(part, &len);

    if (len < REPLACE_LEN_MIN || !g_hash_table_add(replace->learnt, g_bytes_ref(part)))
        return;
    GPtrArray *same = g_hash_table_lookup(replace->begins, beginning(bytes));
    if (same == NULL) {
        same = g_ptr_array_new();
        g_hash_table_insert(replace->begins, beginning(bytes), same);
    }
    g_ptr_array_add(same, part); /* which `learnt` keeps */
}

void replace_learn(struct replace *replace, struct sstp_span text)
{
    gboolean stays;

    for (gsize at = 0; at < text.len;) {
        const struct sstp_span part = next_part(text, at, &stays);
        GBytes *small = small_letters(part);
        if (!stays)
            learn(replace, small);
        g_bytes_unref(small);
        at += part.len;
    }
}

/* ------------------------------------------------------------------------
 * What is made up
 */

/* Whether an original stands in it. */
static gboolean has_original(const struct replace *replace, const guint8 *bytes, gsize len)
{
    for (gsize at = 0; at + REPLACE_LEN_MIN <= len; at++) {
        const GPtrArray *same = g_hash_table_lookup(replace->begins, beginning(bytes + at));
        for (guint i = 0; same != NULL && i < same->len; i++) {
            gsize part_len;
            const void *part = g_bytes_get_data(g_ptr_array_index(same, i), &part_len);
            if (part_len <= len - at && memcmp(bytes + at, part, part_len) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

typedef void make_up(struct replace *replace, struct sstp_span original, guint8 *bytes);

static void make_up_part(struct replace *replace, struct sstp_span original, guint8 *bytes)
{
    for (gsize i = 0; i < original.len; i++)
        bytes[i] = g_ascii_isdigit((char)original.data[i])
                       ? (guint8)('0' + g_rand_int_range(replace->random, 0, 10))
                       : (guint8)('a' + g_rand_int_range(replace->random, 0, 26));
}

static void make_up_blob(struct replace *replace, struct sstp_span original, guint8 *bytes)
{
    for (gsize i = 0; i < original.len; i++)
        bytes[i] = (guint8)g_rand_int_range(replace->random, 0, 256);
}

/* Other bytes of this length, that nothing else has become where that can be. */
static GBytes *find_other(struct replace *replace, struct sstp_span original, make_up *make)
{
    GHashTable *taken = replace->taken[make == make_up_blob];
    guint8 *bytes = g_malloc(original.len);
    GBytes *made = NULL;

    for (guint i = 0; i < ATTEMPTS; i++) {
        make(replace, original, bytes);
        made = g_bytes_new(bytes, original.len);
        if (!g_hash_table_contains(taken, made) &&
            memcmp(bytes, original.data, original.len) != 0 &&
            !has_original(replace, bytes, original.len))
            break;
        g_bytes_unref(made);
        made = NULL;
    }
    if (made == NULL) {
        replace->num_alike++;
        make(replace, original, bytes);
        made = g_bytes_new(bytes, original.len);
    }
    g_free(bytes);
    (void)g_hash_table_add(taken, g_bytes_ref(made));
    return made;
}

/* The word that a part becomes, in small letters. */
static const char *find_part(struct replace *replace, struct sstp_span part)
{
    GBytes *small = small_letters(part);
    char *found = g_hash_table_lookup(replace->parts, small);

    if (found == NULL) {
        gsize len;
        const void *letters = g_bytes_get_data(small, &len);
        GBytes *made = find_other(replace, sstp_span(letters, len), make_up_part);
        const void *data = g_bytes_get_data(made, &len);
        found = g_strndup(data, len);
        g_bytes_unref(made);
        g_hash_table_insert(replace->parts, g_bytes_ref(small), found);
    }
    g_bytes_unref(small);
    return found;
}

void replace_text(struct replace *replace, struct sstp_span text, GString *to)
{
    gboolean stays;

    for (gsize at = 0; at < text.len;) {
        const struct sstp_span part = next_part(text, at, &stays);
        const char *other = stays ? (const char *)part.data : find_part(replace, part);
        for (gsize i = 0; i < part.len; i++)
            g_string_append_c(to, !stays && g_ascii_isupper((char)part.data[i])
                                      ? g_ascii_toupper(other[i])
                                      : other[i]);
        at += part.len;
    }
}

void replace_bytes(struct replace *replace, struct sstp_span bytes, GByteArray *to)
{
    gsize len;

    if (bytes.len == 0)
        return;
    GBytes *original = g_bytes_new(bytes.data, bytes.len);
    GBytes *made = g_hash_table_lookup(replace->blobs, original);
    if (made == NULL) {
        made = find_other(replace, bytes, make_up_blob);
        g_hash_table_insert(replace->blobs, g_bytes_ref(original), made);
    }
    g_bytes_unref(original);
    const void *data = g_bytes_get_data(made, &len);
    g_byte_array_append(to, data, (guint)len);
}

guint32 replace_key(struct replace *replace, struct sstp_span contents)
{
    char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, contents.data, contents.len);
    gpointer key;

    if (g_hash_table_lookup_extended(replace->keys, digest, NULL, &key)) {
        g_free(digest);
        return GPOINTER_TO_UINT(key);
    }
    g_hash_table_insert(replace->keys, digest, GUINT_TO_POINTER(replace->next_key));
    return replace->next_key++;
}

guint replace_num_alike(const struct replace *replace)
{
    return replace->num_alike;
}
