/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/disk_schema.h"

#include <stdbool.h>
#include <string.h>

/* A step is never changed once it has been released; a new one goes after it, and
 * SSTP_DISK_VERSION up by one. */
const char *const sstp_disk_steps[] = {
    /* 0 to 1 */
    "CREATE TABLE queue ("
    " id INTEGER PRIMARY KEY,"
    " done INTEGER NOT NULL," /* messages up to this id have left the queue */
    " identity TEXT NOT NULL,"
    " device TEXT NOT NULL," /* empty: for whichever device of the identity */
    " resource TEXT NOT NULL) STRICT;"
    "CREATE TABLE message ("
    " id INTEGER PRIMARY KEY,"
    " expires INTEGER NOT NULL," /* milliseconds, in the store's own time */
    " queues BLOB NOT NULL,"     /* ids, seven bits a byte */
    " head BLOB NOT NULL,"       /* the Message command */
    " data BLOB NOT NULL) STRICT;"
    "CREATE TABLE device (url TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE account (url TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE device_account (device TEXT, account TEXT,"
    " PRIMARY KEY (device, account)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE identity (account TEXT, url TEXT,"
    " PRIMARY KEY (account, url)) STRICT, WITHOUT ROWID;",

    /* 1 to 2: so far, the store's own time was that since 1970. */
    "CREATE TABLE clock ("
    " id INTEGER PRIMARY KEY CHECK (id = 0)," /* one row */
    " correction INTEGER NOT NULL,"           /* milliseconds */
    " seen INTEGER NOT NULL) STRICT;"
    "INSERT INTO clock VALUES (0, 0, 0);"
    "ALTER TABLE message ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;", /* milliseconds */

    /* 2 to 3: so far, each message had a row of its own.  What is read of all rows stands before
     * the data. */
    "ALTER TABLE message RENAME TO old;"
    "CREATE TABLE message ("
    " id INTEGER PRIMARY KEY," /* of the first */
    " expires INTEGER NOT NULL,"
    " stored INTEGER NOT NULL DEFAULT 0,"
    " queues BLOB NOT NULL,"
    " head BLOB NOT NULL,"
    " more BLOB NOT NULL DEFAULT x''," /* store/disk_more.h */
    " data BLOB NOT NULL) STRICT;"     /* of all of them */
    "INSERT INTO message (id, expires, stored, queues, head, data)"
    " SELECT id, expires, stored, queues, head, data FROM old ORDER BY id;"
    "DROP TABLE old;",
};

static int read_int(sqlite3 *db, const char *sql, int *value)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (result != SQLITE_OK)
        return result;
    result = sqlite3_step(statement);
    *value = result == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    sqlite3_finalize(statement);
    return result == SQLITE_ROW ? SQLITE_OK : result;
}

/* The structure of all pages, not the bytes in them. */
static int check_pages(sqlite3 *db, char **why)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
    if (result != SQLITE_OK)
        return result;
    result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        /* What is wrong stands in the last line. */
        const char *end_of_line = text != NULL ? strrchr(text, '\n') : NULL;
        if (text == NULL || strcmp(text, "ok") != 0)
            *why = g_strdup_printf("is damaged: %s", end_of_line != NULL ? end_of_line + 1
                                                     : text != NULL      ? text
                                                                         : "it cannot be read");
        result = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return result;
}

static int run_step(sqlite3 *db, const char *step, int version)
{
    char *sql = g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d;"
                                " PRAGMA user_version = %d; COMMIT",
                                step, SSTP_DISK_APPLICATION_ID, version);
    const int result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    g_free(sql);
    if (result != SQLITE_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

int sstp_disk_check(sqlite3 *db, int num_steps, int *version, char **why)
{
    int application_id = 0, num_tables = 0;
    int result = read_int(db, "PRAGMA application_id", &application_id);
    if (result == SQLITE_OK)
        result = read_int(db, "PRAGMA user_version", version);
    if (result == SQLITE_OK)
        result = read_int(db, "SELECT count(*) FROM sqlite_schema", &num_tables);
    if (result != SQLITE_OK)
        return result;

    const bool is_new = application_id == 0 && *version == 0 && num_tables == 0;
    if (!is_new && (application_id != SSTP_DISK_APPLICATION_ID || *version < 1)) {
        *why = g_strdup("is a database of another program");
        return SQLITE_OK;
    }
    if (*version > num_steps) {
        *why = g_strdup_printf("was written by a later relaysim: it is of version %d, and this "
                               "one knows up to %d",
                               *version, num_steps);
        return SQLITE_OK;
    }
    return is_new ? SQLITE_OK : check_pages(db, why);
}

int sstp_disk_migrate(sqlite3 *db, const char *const *steps, int version, int num_steps)
{
    int result = SQLITE_OK;
    for (; result == SQLITE_OK && version < num_steps; version++)
        result = run_step(db, steps[version], version + 1);
    return result;
}
