/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store_file: the file of a store in a folder of its own, for g_test_add(). */
#ifndef TESTS_STORE_FILE_H
#define TESTS_STORE_FILE_H

#include "store/disk.h"

struct store_file {
    char *folder, *path;
};

void store_file_set_up(struct store_file *file, gconstpointer unused);
void store_file_tear_down(struct store_file *file, gconstpointer unused);

/* Opens it, which has to be possible. */
struct sstp_disk *store_file_open(const struct store_file *file);

/* Does something to it that no store does. */
void store_file_run(const struct store_file *file, const char *sql);

/* Within a transaction: an empty message of this id, for queue 1, with this head. */
#define STORE_FILE_HEAD_LEN 14u
extern const uint8_t store_file_head[STORE_FILE_HEAD_LEN];
void store_file_put(struct sstp_disk *disk, uint64_t id);

#endif
