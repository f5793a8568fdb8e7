/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_open: the file from its opening to its closing, where it is, and copies of it. */
#include "store/disk_internal.h"

#include "store/disk_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Pages in the log beyond which they are moved into the file itself: 32 MiB.  What has
 * come and gone in between never gets there. */
#define CHECKPOINT_PAGES 4096

#define NO_STORE "the store %s is damaged, or not a store at all"
#define HEADER "SQLite format 3" /* with its NUL */

/* Whether SQLite has made it, or nobody yet.  It would take what is beside any other file for
 * its own, and remove it. */
static bool has_header(int file, const struct stat *st)
{
    char header[sizeof HEADER];
    return st->st_size == 0 || (pread(file, header, sizeof header, 0) == sizeof header &&
                                memcmp(header, HEADER, sizeof header) == 0);
}

/* Messages are nobody else's business: SQLite itself would let all read them. */
static bool make_private(const char *path, int *file, char **error)
{
    struct stat st;
    *error = NULL;
    if (path[0] == '\0') {
        *error = g_strdup("--store needs the name of a file");
        return false;
    }
    *file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*file < 0) {
        *error = g_strdup_printf("the store %s cannot be opened: %s", path, g_strerror(errno));
        return false;
    }
    if (fstat(*file, &st) != 0 || !S_ISREG(st.st_mode))
        *error = g_strdup_printf("the store %s is not a regular file", path);
    else if (!has_header(*file, &st))
        *error = g_strdup_printf(NO_STORE, path);
    return *error == NULL;
}

/* A name that means that file to SQLite, too: those that begin otherwise than a path may
 * be a URI, or a database in memory. */
static char *plain_name(const char *path)
{
    return path[0] == '/' ? g_strdup(path) : g_strconcat("./", path, NULL);
}

static char *sentence(const char *path, sqlite3 *db, int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return g_strdup_printf("the store %s is in use by another process", path);
    case SQLITE_NOTADB:
        return g_strdup_printf(NO_STORE, path);
    case SQLITE_CORRUPT:
        return g_strdup_printf("the store %s is damaged: %s", path, sqlite3_errmsg(db));
    case SQLITE_READONLY:
        return g_strdup_printf("the store %s cannot be written", path);
    case SQLITE_FULL:
        return g_strdup_printf("the store %s cannot be written: the disk is full", path);
    }
    return g_strdup_printf("the store %s cannot be used: %s", path,
                           db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(result));
}

/* Locks the file, and has a look at it. */
static int look(sqlite3 *db, int *version, char **why)
{
    /* A relay that is just ending gets the time to do so. */
    int result = sqlite3_busy_timeout(db, 1000);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sstp_disk_check(db, SSTP_DISK_VERSION, version, why);
    return result;
}

static int set_up(struct sstp_disk *disk, int version)
{
    int result = sqlite3_exec(
        disk->db,
        "PRAGMA page_size = " G_STRINGIFY(
            SSTP_DISK_PAGE_SIZE) ";"
                                 "PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL;"
                                 "PRAGMA secure_delete = OFF;" /* Debian's default is on */
                                 "PRAGMA wal_autocheckpoint = 0;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA cache_size = -32768",
        NULL, NULL, NULL);
    int page = SSTP_DISK_PAGE_SIZE; /* in whole ones the file gets its room */
    (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &page);
    if (result == SQLITE_OK)
        result = sstp_disk_migrate(disk->db, sstp_disk_steps, version, SSTP_DISK_VERSION);
    return result == SQLITE_OK ? sstp_disk_prepare(disk) : result;
}

static struct place place_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (struct place){st.st_dev, st.st_ino, st.st_size == 0}
                                : (struct place){0, 0, true};
}

static const char *log_path(const struct sstp_disk *disk)
{
    return sqlite3_filename_wal(sqlite3_db_filename(disk->db, "main"));
}

static void remember_place(struct sstp_disk *disk, const char *path)
{
    disk->path = g_strdup(path);
    disk->place = place_of(path);
    disk->log_place = place_of(log_path(disk));
}

/* Neither file loses all that it has by SQLite's own doing. */
static bool is_still(struct place place, struct place before)
{
    return place.device == before.device && place.inode == before.inode &&
           (!place.is_empty || before.is_empty);
}

enum sstp_disk_err sstp_disk_check_place(struct sstp_disk *disk)
{
    if (disk->path == NULL || (is_still(place_of(disk->path), disk->place) &&
                               is_still(place_of(log_path(disk)), disk->log_place)))
        return SSTP_DISK_OK;
    g_snprintf(disk->error, sizeof disk->error,
               "%s or its log has been moved, removed, replaced or emptied", disk->path);
    return SSTP_DISK_GONE;
}

static int on_committed(void *cookie, sqlite3 *db, const char *name, int num_pages)
{
    struct sstp_disk *disk = cookie;
    (void)db;
    (void)name;
    disk->num_log_pages = num_pages;
    return SQLITE_OK;
}

struct sstp_disk *sstp_disk_open(const char *path, const char *vfs, char **error)
{
    struct sstp_disk *disk = g_new0(struct sstp_disk, 1);
    char *why = NULL;
    int result, version = 0;
    disk->file = -1;
    disk->more = g_byte_array_new();
    disk->data = g_byte_array_new();
    sstp_disk_set_checkpoint(disk, CHECKPOINT_PAGES);

    if (vfs == NULL && !make_private(path, &disk->file, error))
        goto fail;
    char *name = vfs == NULL ? plain_name(path) : g_strdup(path);
    result = sqlite3_open_v2(name, &disk->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, vfs);
    g_free(name);
    if (result == SQLITE_OK && sqlite3_db_readonly(disk->db, "main") == 1)
        result = SQLITE_READONLY;
    if (result == SQLITE_OK)
        result = look(disk->db, &version, &why);
    if (why != NULL) {
        *error = g_strdup_printf("the store %s %s", path, why);
        g_free(why);
        goto fail;
    }
    if (result == SQLITE_OK)
        result = set_up(disk, version);
    if (result != SQLITE_OK) {
        *error = sentence(path, disk->db, result);
        goto fail;
    }
    sqlite3_wal_hook(disk->db, on_committed, disk);
    sstp_disk_reserve_log(disk);
    if (vfs == NULL)
        remember_place(disk, path);
    return disk;

fail:
    sstp_disk_close(disk);
    return NULL;
}

sqlite3 *sstp_disk_sqlite(struct sstp_disk *disk)
{
    return disk->db;
}

void sstp_disk_close(struct sstp_disk *disk)
{
    if (disk == NULL)
        return;
    for (int i = 0; i < NUM_STATEMENTS; i++)
        sqlite3_finalize(disk->statements[i]);
    g_byte_array_unref(disk->more);
    g_byte_array_unref(disk->data);
    if (disk->is_full) {
        /* The reserve is not left to others. */
        int keeps_log = 1;
        (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keeps_log);
    }
    sqlite3_close(disk->db);
    /* Not before: with it, the locks of the process go, whoever has set them. */
    if (disk->file >= 0)
        close(disk->file);
    g_free(disk->path);
    g_free(disk);
}

bool sstp_disk_back_up(struct sstp_disk *disk, const char *path, char **error)
{
    sqlite3 *copy = NULL;
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        *error = g_strdup_printf("%s cannot be made: %s", path, g_strerror(errno));
        return false;
    }
    close(file);
    char *name = plain_name(path);
    int result = sqlite3_open_v2(name, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    g_free(name);
    sqlite3_backup *backup =
        result == SQLITE_OK ? sqlite3_backup_init(copy, "main", disk->db, "main") : NULL;
    if (backup != NULL) {
        (void)sqlite3_backup_step(backup, -1);
        result = sqlite3_backup_finish(backup);
    } else if (result == SQLITE_OK) {
        result = sqlite3_errcode(copy);
    }
    if (result != SQLITE_OK)
        *error = g_strdup_printf("%s cannot be written: %s", path, sqlite3_errmsg(copy));
    if (sqlite3_close(copy) == SQLITE_OK && result == SQLITE_OK)
        return true;
    (void)unlink(path);
    return false;
}
