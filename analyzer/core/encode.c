/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/encode.h"

static void write_list(struct sstp_writer *w, size_t count_size, const struct sstp_list *list)
{
    sstp_write_uint(w, count_size, list->count);
    sstp_write_bytes(w, list->bytes);
}

static void write_step(struct sstp_writer *w, const struct sstp_command *command,
                       const struct sstp_step *step)
{
    const void *member = (const char *)command + step->member;
    switch (sstp_field_infos[step->field].kind) {
    case SSTP_KIND_U8:
        sstp_write_uint(w, 1, *(const uint8_t *)member);
        break;
    case SSTP_KIND_U16:
        sstp_write_uint(w, 2, *(const uint16_t *)member);
        break;
    case SSTP_KIND_U32:
        sstp_write_uint(w, 4, *(const uint32_t *)member);
        break;
    case SSTP_KIND_U64:
        sstp_write_uint(w, 8, *(const uint64_t *)member);
        break;
    case SSTP_KIND_STRING:
        sstp_write_string(w, *(const struct sstp_span *)member);
        break;
    case SSTP_KIND_TOKEN: {
        const struct sstp_span *token = member;
        sstp_write_uint(w, 2, token->len);
        sstp_write_bytes(w, *token);
        break;
    }
    case SSTP_KIND_STRINGS:
        write_list(w, 1, member);
        break;
    case SSTP_KIND_ENTRIES:
    case SSTP_KIND_INDEXES:
        write_list(w, 2, member);
        break;
    case SSTP_KIND_REST:
        sstp_write_bytes(w, *(const struct sstp_span *)member);
        break;
    }
}

size_t sstp_command_encode(const struct sstp_command *command, void *data, size_t size)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    if (info == NULL)
        return 0;

    struct sstp_writer w = sstp_writer(data, size);
    sstp_write_uint(&w, 1, command->id);
    sstp_write_uint(&w, 2, 0); /* CommandLength, once it is known */
    for (size_t i = 0; i < info->num_steps; i++)
        if (sstp_condition_holds(info->steps[i].condition, command))
            write_step(&w, command, &info->steps[i]);
    if (w.failed || w.pos > info->max_length)
        return 0;

    struct sstp_writer length = sstp_writer(w.data + 1, 2);
    sstp_write_uint(&length, 2, w.pos);
    return w.pos;
}

void sstp_data_header_encode(uint32_t session_id, size_t len, void *data)
{
    struct sstp_writer w = sstp_writer(data, SSTP_DATA_HEADER_LEN);
    sstp_write_uint(&w, 1, SSTP_DATA);
    sstp_write_uint(&w, 2, SSTP_DATA_HEADER_LEN + len);
    sstp_write_uint(&w, 4, session_id);
}
