/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * encode: a struct sstp_command into bytes; the inverse of decode.h.
 */
#ifndef SSTP_CORE_ENCODE_H
#define SSTP_CORE_ENCODE_H

#include "core/command.h"

/* Writes the command, its CommandLength calculated, to `data`, of `size` bytes.
 * Of `form` and `ephemeral_reserved_len` in the command what it says there is
 * written; a form of SSTP_VERSION_UNKNOWN counts as 1.5.
 *
 * Returns the number of bytes, or 0 when the id is not a command's, the command
 * would exceed its own length limit (GRVSSTP 2.2) or `size`, a string holds a
 * 0x00, or a token is longer than 65,535 bytes. */
size_t sstp_command_encode(const struct sstp_command *command, void *data, size_t size);

#define SSTP_DATA_HEADER_LEN 7u

/* Writes what stands before the application data of a Data command (GRVSSTP 2.2.11),
 * SSTP_DATA_HEADER_LEN bytes, for data of `len` bytes that stays elsewhere, at most
 * SSTP_DATA_PAYLOAD_MAX. */
void sstp_data_header_encode(uint32_t session_id, size_t len, void *data);

#endif
