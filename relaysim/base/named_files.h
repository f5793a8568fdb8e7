/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * named_files: whether files that a command line names are one and the same.
 *
 * An output that is also an input destroys it, and two outputs in one file destroy each other;
 * so nothing is opened for writing before all names have been compared here.  It is the files
 * that are compared, not the spelling: through other paths, symbolic links (to what does not
 * exist yet, too), hard links, /dev/stdout and "-".  A file that does not exist yet is known by
 * its folder and its name, as it is spelled.  A store has further files beside it (SQLite's
 * -journal, -wal and -shm).
 *
 * Lines of the log, which are appended, may go into the file that standard error is; "-" is no
 * other file for them.
 *
 * What is not a file on a disk may be shared where that does no harm: devices such as /dev/null
 * and terminals, and a socket by an input and an output; but not a pipe, nor a disk.
 */
#ifndef RELAYSIM_BASE_NAMED_FILES_H
#define RELAYSIM_BASE_NAMED_FILES_H

#include <stddef.h>

/* What is done with a file that an option names. */
enum named_file_use {
    NAMED_FILE_INPUT,  /* it is read */
    NAMED_FILE_OUTPUT, /* it is written anew */
    NAMED_FILE_LOG,    /* lines are appended to it; "-" is standard error */
    NAMED_FILE_STORE   /* a message store, unless it is "memory": read and written */
};

struct named_file {
    const char *role; /* who named it, for the sentence: "--truth" */
    const char *path; /* "-" is standard input or output */
    enum named_file_use use;
};

/* Looks at the files without changing anything.  NULL when all is well, or a sentence, to be
 * freed, about the first two that cannot both be used.  What cannot be looked at is left to
 * whoever opens it. */
char *named_files_check(const struct named_file *files, size_t num);

/* The path that a path leads to through symbolic links, to be freed: of the file that opening
 * it would make, where the last of them leads to nothing yet. */
char *named_files_end_of_links(const char *path);

#endif
