/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * faulty_vfs: a layer for SQLite whose files are in memory, and whose disk can be
 * made to fail.
 *
 * What is written is seen at once, and survives a power cut only after xSync, as on a
 * real disk.  Calls that change a file (write, truncate, sync) are counted; at a chosen
 * one the power is cut or an error begins.  It may be a small disk, too.  There is one of it in a
 * process.
 *
 *     faulty_vfs_reset();
 *     faulty.cut_at = 17;
 *     ... use the VFS named FAULTY_VFS until it fails
 *     faulty_vfs_reboot(seed);
 *     ... see what is left
 */
#ifndef TESTS_FAULTY_VFS_H
#define TESTS_FAULTY_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTY_VFS "faulty"

struct faulty {
    unsigned num_calls;       /* so far */
    unsigned cut_at;          /* the call that is the first not to happen; 0: never */
    unsigned fail_at;         /* the first call to fail; 0: never */
    unsigned num_fails;       /* how many calls fail from there on */
    int failure;              /* the result of those: SQLITE_FULL, SQLITE_IOERR_WRITE */
    bool fails_reads;         /* reads are counted, and fail, too */
    const char *ignores_sync; /* syncs of files whose names end so do nothing; NULL: of none */
    bool is_cut;              /* nothing works any more */
    size_t max_bytes;         /* of all files together; 0: no limit */
};
extern struct faulty faulty;

/* An empty disk, no faults. */
void faulty_vfs_reset(void);

/* The power is back: of what had not been synced, nothing is left, or, with a seed that
 * is not 0, some sectors.  All faults are off. */
void faulty_vfs_reboot(uint64_t seed);

#endif
