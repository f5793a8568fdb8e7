/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario/taken.h"

void taken_init(struct taken *taken)
{
    *taken = (struct taken){.commands = g_array_new(FALSE, FALSE, sizeof(struct taken_command)),
                            .bytes = g_byte_array_new()};
}

void taken_clear(struct taken *taken)
{
    g_array_free(taken->commands, TRUE);
    g_byte_array_free(taken->bytes, TRUE);
}

void taken_add(struct taken *taken, gboolean from_initiator, gint64 t_ns, guint16 length,
               struct sstp_span bytes)
{
    const struct taken_command command = {.from_initiator = from_initiator,
                                          .length = length,
                                          .t_ns = t_ns,
                                          .offset = taken->bytes->len,
                                          .len = bytes.len};

    if (taken->num_left_out > 0 || taken->commands->len >= TAKEN_COMMANDS_MAX ||
        bytes.len > TAKEN_BYTES_MAX - taken->bytes->len) {
        taken->num_left_out++;
        return;
    }
    g_array_append_val(taken->commands, command);
    g_byte_array_append(taken->bytes, bytes.data, (guint)bytes.len);
}

const struct taken_command *taken_at(const struct taken *taken, guint index)
{
    return &g_array_index(taken->commands, struct taken_command, index);
}

struct sstp_span taken_bytes(const struct taken *taken, guint index)
{
    const struct taken_command *command = taken_at(taken, index);
    return sstp_span(taken->bytes->data + command->offset, command->len);
}
