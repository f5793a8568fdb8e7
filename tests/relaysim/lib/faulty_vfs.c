/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faulty_vfs.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

#include "random.h"

#define SECTOR 512u

struct faulty faulty;

/* A change that has not been synced. */
struct change {
    bool is_truncation; /* to `offset` */
    size_t offset;
    GByteArray *data;
};

struct disk_file {
    char *name;
    GByteArray *durable, *current;
    GPtrArray *changes; /* of `current` over `durable`, in order */
};

struct open_file {
    sqlite3_file base;
    struct disk_file *file;
    bool is_temporary;
};

static GHashTable *files; /* name to struct disk_file */
static struct rng numbers;

/* ------------------------------------------------------------------------
 * The disk
 */

static void free_change(gpointer data)
{
    struct change *change = data;
    if (change->data != NULL)
        g_byte_array_free(change->data, TRUE);
    g_free(change);
}

static struct disk_file *new_file(const char *name)
{
    struct disk_file *file = g_new0(struct disk_file, 1);
    file->name = g_strdup(name);
    file->durable = g_byte_array_sized_new(128 << 10);
    file->current = g_byte_array_sized_new(128 << 10);
    file->changes = g_ptr_array_new_with_free_func(free_change);
    return file;
}

static void free_file(gpointer data)
{
    struct disk_file *file = data;
    g_free(file->name);
    g_byte_array_free(file->durable, TRUE);
    g_byte_array_free(file->current, TRUE);
    g_ptr_array_free(file->changes, TRUE);
    g_free(file);
}

static void set_len(GByteArray *bytes, size_t len)
{
    const size_t old = bytes->len;
    g_byte_array_set_size(bytes, (guint)len);
    if (len > old)
        memset(bytes->data + old, 0, len - old);
}

static void put(GByteArray *bytes, size_t offset, const void *data, size_t len)
{
    if (offset + len > bytes->len)
        set_len(bytes, offset + len);
    if (len > 0)
        memcpy(bytes->data + offset, data, len);
}

static void apply(GByteArray *bytes, const struct change *change, struct rng *random)
{
    if (change->is_truncation) {
        if (random == NULL || rng_is_one_in(random, 2))
            set_len(bytes, change->offset);
        return;
    }
    for (size_t at = 0; at < change->data->len; at += SECTOR) {
        const size_t len = MIN(SECTOR, change->data->len - at);
        if (random == NULL || rng_is_one_in(random, 2))
            put(bytes, change->offset + at, change->data->data + at, len);
    }
}

void faulty_vfs_reboot(uint64_t seed)
{
    struct rng random = rng(seed);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, files);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        struct disk_file *file = value;
        for (guint i = 0; seed != 0 && i < file->changes->len; i++)
            apply(file->durable, g_ptr_array_index(file->changes, i), &random);
        g_ptr_array_set_size(file->changes, 0);
        set_len(file->current, 0);
        put(file->current, 0, file->durable->data, file->durable->len);
    }
    faulty = (struct faulty){.num_calls = 0};
}

/* ------------------------------------------------------------------------
 * Faults
 */

/* The result of a call that may fail now. */
static int call(int failure)
{
    if (faulty.is_cut)
        return SQLITE_IOERR;
    faulty.num_calls++;
    if (faulty.num_calls == faulty.cut_at) {
        faulty.is_cut = true;
        return SQLITE_IOERR;
    }
    if (faulty.fail_at != 0 && faulty.num_calls >= faulty.fail_at &&
        faulty.num_calls - faulty.fail_at < faulty.num_fails)
        return faulty.failure == SQLITE_IOERR ? failure : faulty.failure;
    return SQLITE_OK;
}

/* ------------------------------------------------------------------------
 * Files
 */

static struct open_file *open_file_of(sqlite3_file *base)
{
    return (struct open_file *)(void *)base;
}

static int file_close(sqlite3_file *base)
{
    struct open_file *open_file = open_file_of(base);
    if (open_file->is_temporary)
        free_file(open_file->file);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *data, int len, sqlite3_int64 offset)
{
    const GByteArray *bytes = open_file_of(base)->file->current;
    if (faulty.is_cut)
        return SQLITE_IOERR_READ;
    const int result = faulty.fails_reads ? call(SQLITE_IOERR_READ) : SQLITE_OK;
    if (result != SQLITE_OK)
        return result == SQLITE_FULL ? SQLITE_IOERR_READ : result;
    const size_t at = MIN((size_t)offset, bytes->len);
    const size_t num = MIN((size_t)len, bytes->len - at);
    memset(data, 0, (size_t)len);
    if (num > 0)
        memcpy(data, bytes->data + at, num);
    return num == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* Whether there is room for a file of that length. */
static bool has_room(const struct disk_file *file, size_t len)
{
    GHashTableIter iter;
    gpointer value;
    size_t used = 0;
    if (faulty.max_bytes == 0 || len <= file->current->len)
        return true;
    g_hash_table_iter_init(&iter, files);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        used += ((const struct disk_file *)value)->current->len;
    return used + len - file->current->len <= faulty.max_bytes;
}

static int write_at(struct disk_file *file, const void *data, size_t len, size_t offset)
{
    const int result = call(SQLITE_IOERR_WRITE);
    if (result != SQLITE_OK)
        return result;
    if (!has_room(file, offset + len))
        return SQLITE_FULL;
    struct change *change = g_new0(struct change, 1);
    change->offset = offset;
    change->data = g_byte_array_append(g_byte_array_new(), data, (guint)len);
    g_ptr_array_add(file->changes, change);
    apply(file->current, change, NULL);
    return SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 offset)
{
    return write_at(open_file_of(base)->file, data, (size_t)len, (size_t)offset);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct disk_file *file = open_file_of(base)->file;
    const int result = call(SQLITE_IOERR_TRUNCATE);
    if (result != SQLITE_OK)
        return result;
    struct change *change = g_new0(struct change, 1);
    change->is_truncation = true;
    change->offset = (size_t)len;
    g_ptr_array_add(file->changes, change);
    apply(file->current, change, NULL);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
    struct disk_file *file = open_file_of(base)->file;
    const int result = call(SQLITE_IOERR_FSYNC);
    (void)flags;
    if (result != SQLITE_OK)
        return result;
    if (faulty.ignores_sync != NULL && g_str_has_suffix(file->name, faulty.ignores_sync))
        return SQLITE_OK;
    for (guint i = 0; i < file->changes->len; i++)
        apply(file->durable, g_ptr_array_index(file->changes, i), NULL);
    g_ptr_array_set_size(file->changes, 0);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = open_file_of(base)->file->current->len;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level)
{
    (void)base;
    (void)level;
    return SQLITE_OK;
}

static int file_is_locked(sqlite3_file *base, int *is_locked)
{
    (void)base;
    *is_locked = 0;
    return SQLITE_OK;
}

/* Room for a file that is going to grow is made by zeros at its end. */
static int file_control(sqlite3_file *base, int operation, void *argument)
{
    struct disk_file *file = open_file_of(base)->file;
    if (operation == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    if (operation != SQLITE_FCNTL_SIZE_HINT)
        return SQLITE_NOTFOUND;
    const size_t old = file->current->len, len = (size_t) * (const sqlite3_int64 *)argument;
    if (len <= old)
        return SQLITE_OK;
    uint8_t *zeros = g_malloc0(len - old);
    const int result = write_at(file, zeros, len - old, old);
    g_free(zeros);
    return result;
}

static int file_sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int file_characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

/* ------------------------------------------------------------------------
 * The layer
 */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *out_flags)
{
    static const sqlite3_io_methods methods = {.iVersion = 1,
                                               .xClose = file_close,
                                               .xRead = file_read,
                                               .xWrite = file_write,
                                               .xTruncate = file_truncate,
                                               .xSync = file_sync,
                                               .xFileSize = file_size,
                                               .xLock = file_lock,
                                               .xUnlock = file_lock,
                                               .xCheckReservedLock = file_is_locked,
                                               .xFileControl = file_control,
                                               .xSectorSize = file_sector_size,
                                               .xDeviceCharacteristics = file_characteristics};
    struct open_file *open_file = open_file_of(base);
    (void)vfs;
    base->pMethods = NULL;
    if (faulty.is_cut)
        return SQLITE_CANTOPEN;
    open_file->is_temporary = name == NULL;
    open_file->file = name != NULL ? g_hash_table_lookup(files, name) : new_file("");
    if (open_file->file == NULL) {
        if ((flags & SQLITE_OPEN_CREATE) == 0)
            return SQLITE_CANTOPEN;
        open_file->file = new_file(name);
        g_hash_table_insert(files, open_file->file->name, open_file->file);
    }
    base->pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int syncs_folder)
{
    (void)vfs;
    (void)syncs_folder;
    if (faulty.is_cut)
        return SQLITE_IOERR_DELETE;
    return g_hash_table_remove(files, name) ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
    (void)vfs;
    (void)flags;
    const struct disk_file *file = g_hash_table_lookup(files, name);
    *result = file != NULL && file->current->len > 0; /* as the usual layer has it */
    return SQLITE_OK;
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    g_strlcpy(out, name, (gsize)size);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    rng_fill(&numbers, (uint8_t *)out, (size_t)size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *days)
{
    (void)vfs;
    *days = 2460000.5;
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void faulty_vfs_reset(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1,
                              .szOsFile = sizeof(struct open_file),
                              .mxPathname = 100,
                              .zName = FAULTY_VFS,
                              .xOpen = vfs_open,
                              .xDelete = vfs_delete,
                              .xAccess = vfs_access,
                              .xFullPathname = vfs_full_pathname,
                              .xRandomness = vfs_randomness,
                              .xSleep = vfs_sleep,
                              .xCurrentTime = vfs_current_time,
                              .xGetLastError = vfs_last_error};
    if (files == NULL) {
        g_assert_cmpint(sqlite3_vfs_register(&vfs, 0), ==, SQLITE_OK);
        files = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_file);
    }
    g_hash_table_remove_all(files);
    numbers = rng(1); /* the same each time, as all here */
    faulty = (struct faulty){.num_calls = 0};
}
