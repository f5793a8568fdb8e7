/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decode.h"
#include "disk_schema.h"

#define PAGE_SIZE 8192
#define ROOM_PAGES 32 /* that the file grows by, where it can */
#define RESERVE_PAGES (SSTP_DISK_RESERVE / PAGE_SIZE)

/* Pages in the log beyond which they are moved into the file itself: 32 MiB.  What has
 * come and gone in between never gets there. */
#define CHECKPOINT_PAGES 4096
/* Where that fails again and again, nothing more is written into a log so many times as
 * long. */
#define LOG_FACTOR_MAX 8

/* No clock says more, in either direction. */
#define CLOCK_MAX_MS (INT64_C(1) << 53)

enum statement {
    BEGIN,
    COMMIT,
    PUT_QUEUE,
    SET_DONE,
    REMOVE_QUEUE,
    PUT_MESSAGE,
    SET_QUEUES,
    REMOVE_MESSAGES,
    PUT_DEVICE,
    PUT_ACCOUNT,
    PUT_DEVICE_ACCOUNT,
    PUT_IDENTITY,
    PUT_CLOCK,
    GET_CLOCK,
    GET_MESSAGE,
    PAGE_COUNT,
    TOUCH,
    NUM_STATEMENTS
};

/* What is put may be there already: a commit that was reported as failed may have
 * reached the disk all the same, and is done again. */
static const char *const statements[NUM_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [PUT_QUEUE] = "INSERT OR REPLACE INTO queue (id, done, identity, device, resource)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)",
    [SET_DONE] = "UPDATE queue SET done = ?2 WHERE id = ?1",
    [REMOVE_QUEUE] = "DELETE FROM queue WHERE id = ?1",
    [PUT_MESSAGE] = "INSERT OR REPLACE INTO message (id, expires, queues, head, data, stored)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SET_QUEUES] = "UPDATE message SET queues = ?3 WHERE id = ?1",
    [REMOVE_MESSAGES] = "DELETE FROM message WHERE id BETWEEN ?1 AND ?2",
    [PUT_DEVICE] = "INSERT OR REPLACE INTO device (url, key) VALUES (?1, ?3)",
    [PUT_ACCOUNT] = "INSERT OR REPLACE INTO account (url, key) VALUES (?1, ?3)",
    [PUT_DEVICE_ACCOUNT] = "INSERT OR REPLACE INTO device_account (account, device)"
                           " VALUES (?1, ?2)",
    [PUT_IDENTITY] = "INSERT OR REPLACE INTO identity (url, account) VALUES (?1, ?2)",
    [PUT_CLOCK] = "INSERT OR REPLACE INTO clock (id, correction, seen) VALUES (0, ?1, ?2)",
    [GET_CLOCK] = "SELECT correction, seen FROM clock",
    [GET_MESSAGE] = "SELECT expires, queues, head, data, stored FROM message WHERE id = ?1",
    [PAGE_COUNT] = "PRAGMA page_count",
    [TOUCH] = "UPDATE clock SET seen = seen",
};

/* Which file it is; 0 and 0 for none. */
struct place {
    dev_t device;
    ino_t inode;
};

struct sstp_disk {
    sqlite3 *db;
    int file; /* the same, for what SQLite cannot do with it; -1 with a VFS of its own */
    sqlite3_stmt *statements[NUM_STATEMENTS];
    enum sstp_disk_err err; /* of the transaction under way */
    int num_log_pages;
    int checkpoint_pages;          /* at present */
    int max_checkpoint_pages;      /* where there is room */
    sqlite3_int64 num_roomy_pages; /* which the file has room for */
    bool is_full;                  /* the last transaction found no room */
    char *path;                    /* NULL: with a VFS of its own */
    struct place place, log_place; /* where the files were */
    char error[256];
};

/* ------------------------------------------------------------------------
 * Ids
 */

size_t sstp_disk_write_id(uint8_t *out, uint64_t id)
{
    size_t len = 0;
    for (; id >= 0x80; id >>= 7)
        out[len++] = (uint8_t)(id | 0x80);
    out[len++] = (uint8_t)id;
    return len;
}

bool sstp_disk_read_id(struct sstp_span *ids, uint64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < ids->len && i < SSTP_DISK_ID_MAX; i++) {
        *id |= (uint64_t)(ids->data[i] & 0x7f) << (7 * i);
        if ((ids->data[i] & 0x80) == 0) {
            *ids = sstp_span(ids->data + i + 1, ids->len - i - 1);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------
 * Failures
 */

const char *sstp_disk_error(const struct sstp_disk *disk)
{
    return disk->error;
}

static enum sstp_disk_err err_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_FULL:
        return SSTP_DISK_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SSTP_DISK_DAMAGED;
    case SQLITE_MISMATCH: /* a column holds what it cannot */
        return SSTP_DISK_DAMAGED;
    }
    return SSTP_DISK_FAILED;
}

static sqlite3_file *log_of(const struct sstp_disk *disk)
{
    sqlite3_file *log = NULL;
    (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    return log != NULL && log->pMethods != NULL ? log : NULL;
}

/* What the system said of a failure; 0 where it is not known any more. */
static int errno_of(const struct sstp_disk *disk, int result)
{
    int number = sqlite3_system_errno(disk->db);
    sqlite3_file *log = log_of(disk);
    if (result == SQLITE_IOERR_WRITE && number == 0 && log != NULL)
        (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (result == SQLITE_IOERR_WRITE && number == 0)
        (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    return number;
}

/* Notes what SQLite says of its last failure. */
static enum sstp_disk_err note(struct sstp_disk *disk, int result)
{
    const bool is_io = (result & 0xff) == SQLITE_IOERR;
    const int number = is_io ? errno_of(disk, sqlite3_extended_errcode(disk->db)) : 0;
    if (number != 0)
        g_snprintf(disk->error, sizeof disk->error, "%s (%s)", sqlite3_errmsg(disk->db),
                   g_strerror(number));
    else
        g_snprintf(disk->error, sizeof disk->error, "%s", sqlite3_errmsg(disk->db));
    /* A quota and a limit on the size of files are full disks, too. */
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return SSTP_DISK_NO_SPACE;
    return err_of(result);
}

/* ------------------------------------------------------------------------
 * Opening
 */

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
    int result =
        sqlite3_exec(disk->db,
                     "PRAGMA page_size = " G_STRINGIFY(
                         PAGE_SIZE) ";"
                                    "PRAGMA journal_mode = WAL;"
                                    "PRAGMA synchronous = FULL;"
                                    "PRAGMA secure_delete = OFF;" /* Debian's default is on */
                                    "PRAGMA wal_autocheckpoint = 0;"
                                    "PRAGMA temp_store = MEMORY;"
                                    "PRAGMA cache_size = -32768",
                     NULL, NULL, NULL);
    int page = PAGE_SIZE; /* in whole ones the file gets its room */
    (void)sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &page);
    if (result == SQLITE_OK)
        result = sstp_disk_migrate(disk->db, sstp_disk_steps, version, SSTP_DISK_VERSION);
    for (int i = 0; i < NUM_STATEMENTS && result == SQLITE_OK; i++)
        result = sqlite3_prepare_v3(disk->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &disk->statements[i], NULL);
    return result;
}

/* Without room for it, there will be some once the log is emptied. */
static void reserve_log(struct sstp_disk *disk)
{
    sqlite3_file *log = log_of(disk);
    int page = PAGE_SIZE;
    sqlite3_int64 size = SSTP_DISK_RESERVE;
    if (log == NULL)
        return;
    (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_CHUNK_SIZE, &page);
    (void)log->pMethods->xFileControl(log, SQLITE_FCNTL_SIZE_HINT, &size);
}

static struct place place_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (struct place){st.st_dev, st.st_ino} : (struct place){0, 0};
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

static bool is_same_place(struct place a, struct place b)
{
    return a.device == b.device && a.inode == b.inode;
}

enum sstp_disk_err sstp_disk_check_place(struct sstp_disk *disk)
{
    if (disk->path == NULL || (is_same_place(place_of(disk->path), disk->place) &&
                               is_same_place(place_of(log_path(disk)), disk->log_place)))
        return SSTP_DISK_OK;
    g_snprintf(disk->error, sizeof disk->error, "%s or its log has been moved, removed or replaced",
               disk->path);
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
    reserve_log(disk);
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

/* ------------------------------------------------------------------------
 * Reading
 */

static struct sstp_span column_span(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column);
    return sstp_span(data, data != NULL ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

static const char *column_string(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static bool read_queue(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    reader->queue(reader->cookie,
                  &(struct sstp_disk_queue){.id = (uint64_t)sqlite3_column_int64(row, 0),
                                            .done = (uint64_t)sqlite3_column_int64(row, 1),
                                            .identity_url = column_string(row, 2),
                                            .device_url = column_string(row, 3),
                                            .resource_url = column_string(row, 4)});
    return true;
}

static bool read_message(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    const struct sstp_disk_message message = {
        .id = (uint64_t)sqlite3_column_int64(row, 0),
        .expires_ms = sqlite3_column_int64(row, 1),
        .queues = column_span(row, 2),
        .head = column_span(row, 3),
        .data = sstp_span(NULL, (size_t)sqlite3_column_int64(row, 4)),
        .stored_ms = sqlite3_column_int64(row, 5)};
    return reader->message(reader->cookie, &message);
}

static bool read_record(const struct sstp_disk_reader *reader, sqlite3_stmt *row)
{
    struct sstp_registry_record record = {.kind =
                                              (enum sstp_registry_kind)sqlite3_column_int(row, 0),
                                          .url = column_string(row, 1),
                                          .owner_url = column_string(row, 2)};
    const struct sstp_span bytes = column_span(row, 3);
    struct sstp_sec_secret key;
    if (record.kind == SSTP_REGISTRY_DEVICE || record.kind == SSTP_REGISTRY_ACCOUNT) {
        if (bytes.len != sizeof key.bytes)
            return false;
        memcpy(key.bytes, bytes.data, sizeof key.bytes);
        record.key = &key;
    }
    return reader->record(reader->cookie, &record);
}

static enum sstp_disk_err
read_rows(struct sstp_disk *disk, const struct sstp_disk_reader *reader, const char *sql,
          bool (*read_row)(const struct sstp_disk_reader *, sqlite3_stmt *))
{
    sqlite3_stmt *row;
    int result = sqlite3_prepare_v2(disk->db, sql, -1, &row, NULL);
    if (result != SQLITE_OK)
        return note(disk, result);
    enum sstp_disk_err err = SSTP_DISK_OK;
    while (err == SSTP_DISK_OK && (result = sqlite3_step(row)) == SQLITE_ROW)
        if (!read_row(reader, row)) {
            g_strlcpy(disk->error, "a row contradicts itself or others", sizeof disk->error);
            err = SSTP_DISK_DAMAGED;
        }
    if (err == SSTP_DISK_OK && result != SQLITE_DONE)
        err = note(disk, result);
    sqlite3_finalize(row);
    return err;
}

enum sstp_disk_err sstp_disk_read(struct sstp_disk *disk, const struct sstp_disk_reader *reader)
{
    static const struct {
        bool (*read_row)(const struct sstp_disk_reader *, sqlite3_stmt *);
        const char *sql;
    } tables[] = {
        {read_queue, "SELECT id, done, identity, device, resource FROM queue ORDER BY id"},
        {read_message,
         "SELECT id, expires, queues, head, length(data), stored FROM message ORDER BY id"},
        {read_record, "SELECT 0, url, NULL, key FROM device"},
        {read_record, "SELECT 1, url, NULL, key FROM account"},
        {read_record, "SELECT 2, account, device, NULL FROM device_account"},
        {read_record, "SELECT 3, url, account, NULL FROM identity"}};
    G_STATIC_ASSERT(SSTP_REGISTRY_DEVICE == 0 && SSTP_REGISTRY_ACCOUNT == 1 &&
                    SSTP_REGISTRY_DEVICE_ACCOUNT == 2 && SSTP_REGISTRY_IDENTITY == 3);
    enum sstp_disk_err err = SSTP_DISK_OK;
    for (size_t i = 0; i < G_N_ELEMENTS(tables) && err == SSTP_DISK_OK; i++)
        err = read_rows(disk, reader, tables[i].sql, tables[i].read_row);
    return err;
}

enum sstp_disk_err sstp_disk_get_clock(struct sstp_disk *disk, struct sstp_disk_clock *clock)
{
    sqlite3_stmt *row = disk->statements[GET_CLOCK];
    enum sstp_disk_err err = SSTP_DISK_OK;
    const int result = sqlite3_step(row);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
        err = note(disk, result);
    *clock = (struct sstp_disk_clock){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
    sqlite3_reset(row);
    if (err == SSTP_DISK_OK &&
        (result == SQLITE_DONE || clock->seen_ms < 0 || clock->seen_ms > CLOCK_MAX_MS ||
         clock->correction_ms < -CLOCK_MAX_MS || clock->correction_ms > CLOCK_MAX_MS)) {
        g_strlcpy(disk->error, "it has no time of its own", sizeof disk->error);
        err = SSTP_DISK_DAMAGED;
    }
    return err;
}

enum sstp_disk_err sstp_disk_get_message(struct sstp_disk *disk, uint64_t id,
                                         struct sstp_disk_message *message)
{
    sqlite3_stmt *row = disk->statements[GET_MESSAGE];
    sqlite3_reset(row);
    sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
    const int result = sqlite3_step(row);
    if (result == SQLITE_ROW) {
        *message = (struct sstp_disk_message){.id = id,
                                              .expires_ms = sqlite3_column_int64(row, 0),
                                              .queues = column_span(row, 1),
                                              .head = column_span(row, 2),
                                              .data = column_span(row, 3),
                                              .stored_ms = sqlite3_column_int64(row, 4)};
        return SSTP_DISK_OK;
    }
    sqlite3_reset(row);
    return result == SQLITE_DONE ? SSTP_DISK_NOT_FOUND : note(disk, result);
}

bool sstp_disk_read_head(const struct sstp_disk_message *message, struct sstp_command *command)
{
    return message->head.len >= SSTP_HEADER_LEN &&
           sstp_command_decode(message->head, SSTP_VERSION_UNKNOWN, NULL, command) &&
           command->id == SSTP_MESSAGE;
}

/* ------------------------------------------------------------------------
 * A transaction
 */

/* Runs a statement whose values are bound. */
static void run(struct sstp_disk *disk, enum statement which)
{
    sqlite3_stmt *statement = disk->statements[which];
    if (disk->err == SSTP_DISK_OK) {
        const int result = sqlite3_step(statement);
        if (result != SQLITE_DONE)
            disk->err = note(disk, result);
    }
    sqlite3_reset(statement);
}

static void bind_id(struct sstp_disk *disk, enum statement which, int column, uint64_t id)
{
    sqlite3_bind_int64(disk->statements[which], column, (sqlite3_int64)id);
}

/* The caller's bytes have to stay until the statement has run, which is at once. */
static void bind_string(struct sstp_disk *disk, enum statement which, int column,
                        const char *string)
{
    sqlite3_bind_text(disk->statements[which], column, string, -1, SQLITE_STATIC);
}

static void bind_span(struct sstp_disk *disk, enum statement which, int column,
                      struct sstp_span span)
{
    /* Without a pointer it would be NULL, not empty. */
    sqlite3_bind_blob64(disk->statements[which], column, span.len > 0 ? span.data : (void *)"",
                        span.len, SQLITE_STATIC);
}

static bool log_is_full(const struct sstp_disk *disk)
{
    return disk->num_log_pages / LOG_FACTOR_MAX >= disk->checkpoint_pages;
}

void sstp_disk_set_checkpoint(struct sstp_disk *disk, int num_pages)
{
    disk->checkpoint_pages = disk->max_checkpoint_pages = num_pages;
}

/* SQLite cuts the log to so many bytes when it begins anew; -1: it does not. */
static void limit_log(const struct sstp_disk *disk, int num_bytes)
{
    char sql[64];
    g_snprintf(sql, sizeof sql, "PRAGMA journal_size_limit = %d", num_bytes);
    (void)sqlite3_exec(disk->db, sql, NULL, NULL, NULL);
}

/* After what went well, the log may be longer again. */
static void lengthen_log(struct sstp_disk *disk)
{
    if (disk->checkpoint_pages == disk->max_checkpoint_pages)
        return;
    disk->checkpoint_pages = MIN(2 * disk->checkpoint_pages, disk->max_checkpoint_pages);
    if (disk->checkpoint_pages == disk->max_checkpoint_pages)
        limit_log(disk, -1);
}

/* Moves what is in the log into the file, when it is time.  Failing that, the log goes
 * on growing, up to its limit. */
static void checkpoint(struct sstp_disk *disk)
{
    if (disk->num_log_pages < disk->checkpoint_pages)
        return;
    const int result =
        sqlite3_wal_checkpoint_v2(disk->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (result == SQLITE_OK) {
        disk->num_log_pages = 0;
        disk->num_roomy_pages = 0; /* the file has been cut to its pages */
        lengthen_log(disk);
    } else if (log_is_full(disk)) {
        disk->err = note(disk, result);
    }
}

static bool make_room_for(const struct sstp_disk *disk, sqlite3_int64 num_pages)
{
    sqlite3_int64 size = num_pages * PAGE_SIZE;
    if (disk->file >= 0) {
        const int number = posix_fallocate(disk->file, 0, size);
        return number != ENOSPC && number != EDQUOT && number != EFBIG;
    }
    const int result = sqlite3_file_control(disk->db, "main", SQLITE_FCNTL_SIZE_HINT, &size);
    return result == SQLITE_OK || result == SQLITE_NOTFOUND;
}

/* Before anything is committed to the log, the file has room for it: or the log, which
 * cannot be emptied then, would be full for ever. */
static void make_file_roomy(struct sstp_disk *disk)
{
    sqlite3_stmt *row = disk->statements[PAGE_COUNT];
    if (disk->err != SSTP_DISK_OK)
        return;
    const sqlite3_int64 num_pages =
        sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_reset(row);
    if (num_pages <= disk->num_roomy_pages)
        return;
    const sqlite3_int64 num_more = num_pages + ROOM_PAGES - num_pages % ROOM_PAGES;
    if (make_room_for(disk, num_more)) {
        disk->num_roomy_pages = num_more;
    } else if (make_room_for(disk, num_pages)) {
        disk->num_roomy_pages = num_pages;
    } else {
        g_strlcpy(disk->error, sqlite3_errstr(SQLITE_FULL), sizeof disk->error);
        disk->err = SSTP_DISK_NO_SPACE;
    }
}

void sstp_disk_make_room(struct sstp_disk *disk)
{
    sqlite3_reset(disk->statements[GET_MESSAGE]);
    limit_log(disk, SSTP_DISK_RESERVE);
    disk->checkpoint_pages = 0;
    checkpoint(disk);
    disk->checkpoint_pages = MIN(RESERVE_PAGES, disk->max_checkpoint_pages);
    /* With the next commit the log begins anew, and is cut. */
    disk->err = SSTP_DISK_OK;
    run(disk, TOUCH);
    reserve_log(disk);
}

void sstp_disk_begin(struct sstp_disk *disk)
{
    /* A row that was read last would keep the log from being emptied. */
    sqlite3_reset(disk->statements[GET_MESSAGE]);
    disk->err = SSTP_DISK_OK;
    if (log_is_full(disk))
        checkpoint(disk);
    run(disk, BEGIN);
}

void sstp_disk_put_queue(struct sstp_disk *disk, const struct sstp_disk_queue *queue)
{
    bind_id(disk, PUT_QUEUE, 1, queue->id);
    bind_id(disk, PUT_QUEUE, 2, queue->done);
    bind_string(disk, PUT_QUEUE, 3, queue->identity_url);
    bind_string(disk, PUT_QUEUE, 4, queue->device_url);
    bind_string(disk, PUT_QUEUE, 5, queue->resource_url);
    run(disk, PUT_QUEUE);
}

void sstp_disk_set_done(struct sstp_disk *disk, uint64_t queue_id, uint64_t done)
{
    bind_id(disk, SET_DONE, 1, queue_id);
    bind_id(disk, SET_DONE, 2, done);
    run(disk, SET_DONE);
}

void sstp_disk_remove_queue(struct sstp_disk *disk, uint64_t queue_id)
{
    bind_id(disk, REMOVE_QUEUE, 1, queue_id);
    run(disk, REMOVE_QUEUE);
}

void sstp_disk_put_message(struct sstp_disk *disk, const struct sstp_disk_message *message)
{
    bind_id(disk, PUT_MESSAGE, 1, message->id);
    bind_id(disk, PUT_MESSAGE, 2, (uint64_t)message->expires_ms);
    bind_span(disk, PUT_MESSAGE, 3, message->queues);
    bind_span(disk, PUT_MESSAGE, 4, message->head);
    bind_span(disk, PUT_MESSAGE, 5, message->data);
    bind_id(disk, PUT_MESSAGE, 6, (uint64_t)message->stored_ms);
    run(disk, PUT_MESSAGE);
}

void sstp_disk_set_queues(struct sstp_disk *disk, uint64_t id, struct sstp_span queues)
{
    bind_id(disk, SET_QUEUES, 1, id);
    bind_span(disk, SET_QUEUES, 3, queues);
    run(disk, SET_QUEUES);
}

void sstp_disk_remove_messages(struct sstp_disk *disk, uint64_t first_id, uint64_t last_id)
{
    bind_id(disk, REMOVE_MESSAGES, 1, first_id);
    bind_id(disk, REMOVE_MESSAGES, 2, last_id);
    run(disk, REMOVE_MESSAGES);
}

void sstp_disk_put_record(struct sstp_disk *disk, const struct sstp_registry_record *record)
{
    static const enum statement of_kind[] = {[SSTP_REGISTRY_DEVICE] = PUT_DEVICE,
                                             [SSTP_REGISTRY_ACCOUNT] = PUT_ACCOUNT,
                                             [SSTP_REGISTRY_DEVICE_ACCOUNT] = PUT_DEVICE_ACCOUNT,
                                             [SSTP_REGISTRY_IDENTITY] = PUT_IDENTITY};
    const enum statement which = of_kind[record->kind];
    bind_string(disk, which, 1, record->url);
    if (record->owner_url != NULL)
        bind_string(disk, which, 2, record->owner_url);
    if (record->key != NULL)
        bind_span(disk, which, 3, sstp_span(record->key->bytes, sizeof record->key->bytes));
    run(disk, which);
}

void sstp_disk_put_clock(struct sstp_disk *disk, const struct sstp_disk_clock *clock)
{
    bind_id(disk, PUT_CLOCK, 1, (uint64_t)clock->correction_ms);
    bind_id(disk, PUT_CLOCK, 2, (uint64_t)clock->seen_ms);
    run(disk, PUT_CLOCK);
}

enum sstp_disk_err sstp_disk_commit(struct sstp_disk *disk)
{
    make_file_roomy(disk);
    run(disk, COMMIT);
    disk->is_full = disk->err == SSTP_DISK_NO_SPACE;
    const enum sstp_disk_err err = disk->err;
    if (err != SSTP_DISK_OK) {
        /* Many failures have rolled it back already. */
        if (!sqlite3_get_autocommit(disk->db))
            sqlite3_exec(disk->db, "ROLLBACK", NULL, NULL, NULL);
        return err;
    }
    checkpoint(disk);
    return err;
}

/* ------------------------------------------------------------------------
 * A copy
 */

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
