/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disk_schema: the tables of the store's file, and how those of earlier versions
 * become those of today.  Only store/disk_open.c and its tests need it.
 */
#ifndef RELAYSIM_STORE_DISK_SCHEMA_H
#define RELAYSIM_STORE_DISK_SCHEMA_H

#include <glib.h>
#include <sqlite3.h>

#define SSTP_DISK_APPLICATION_ID 0x47535354 /* "GSST", in the file's header */

struct sstp_disk;

/* The connection of an open disk. */
sqlite3 *sstp_disk_sqlite(struct sstp_disk *disk);

/* The SQL that leads from version i to version i + 1; 0 is an empty file. */
extern const char *const sstp_disk_steps[];

/* Finds the version of a file, without changing anything in it.  Both answer a result
 * code of SQLite; this one sets *why to a part of a sentence, to be freed, where the
 * file is none of ours, of a version above `num_steps`, or damaged. */
int sstp_disk_check(sqlite3 *db, int num_steps, int *version, char **why);

/* Brings it from there to version `num_steps`, each step a transaction. */
int sstp_disk_migrate(sqlite3 *db, const char *const *steps, int version, int num_steps);

#endif
