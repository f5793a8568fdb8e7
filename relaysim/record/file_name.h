/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_name: the names of captures that are several files, as dumpcap's are made. */
#ifndef RELAYSIM_RECORD_FILE_NAME_H
#define RELAYSIM_RECORD_FILE_NAME_H

#include <stdint.h>

/* "a/capture.pcapng" with "-1" is "a/capture-1.pcapng"; to be freed. */
char *file_name_with(const char *path, const char *suffix);

/* The name of the file of a ring, from 1 on, that begins at this time, in seconds since 1970:
 * "capture_00001_20260228121500.pcapng", in the zone of the system; to be freed. */
char *file_name_of_ring(const char *path, unsigned number, uint64_t seconds);

#endif
