/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/summary.h"

#include <inttypes.h>
#include <stdio.h>

/* A URL in a summary is cut after so many characters. */
#define SHOWN_MAX 64u

/* One string from the wire, made fit for a line of text. */
struct shown {
    char text[SHOWN_MAX + sizeof "..."];
};

static struct shown shown(struct sstp_span from)
{
    struct shown out;
    const size_t len = from.len < SHOWN_MAX ? from.len : SHOWN_MAX;
    for (size_t i = 0; i < len; i++)
        out.text[i] = from.data[i] >= 0x20 && from.data[i] < 0x7f ? (char)from.data[i] : '.';
    strcpy(out.text + len, from.len > len ? "..." : "");
    return out;
}

static const char *name_or_value(const char *name, uint8_t value, char text[static 5])
{
    if (name != NULL)
        return name;
    snprintf(text, 5, "0x%02x", value);
    return text;
}

/* A line under construction.  Every command of a capture gets one where details are
 * shown, and printf's machinery costs more than all the rest of it. */
struct line {
    char *text;
    size_t size, len;
};

static void put(struct line *line, const char *string)
{
    while (*string != '\0' && line->len + 1 < line->size)
        line->text[line->len++] = *string++;
    line->text[line->len] = '\0';
}

static void put_hex(struct line *line, uint32_t value)
{
    char digits[9];
    size_t pos = sizeof digits - 1;

    digits[pos] = '\0';
    do {
        digits[--pos] = "0123456789abcdef"[value & 0xf];
        value >>= 4;
    } while (value != 0);
    put(line, digits + pos);
}

void sstp_summary_name(const struct sstp_command *command, char *text, size_t size)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    struct line line = {text, size, 0};

    if (size == 0)
        return;
    if (info != NULL)
        put(&line, info->name);
    else
        snprintf(text, size, "unknown command 0x%02x", command->id);
}

static void say_acknowledgement(const struct sstp_command *command, const char *acknowledgement,
                                char *text, size_t size)
{
    if (command->message_count != 0 && acknowledgement != NULL)
        snprintf(text, size, "%s", acknowledgement);
    else if (command->message_count != 0)
        snprintf(text, size, "[acks %" PRIu32 "]", command->message_count);
}

void sstp_summary_detail(const struct sstp_command *command, const char *acknowledgement,
                         char *text, size_t size)
{
    char value[5];

    text[0] = '\0';
    if (sstp_command_info(command->id) == NULL)
        return;
    switch ((enum sstp_command_id)command->id) {
    case SSTP_CONNECT:
        snprintf(text, size, "%u.%u to %s", command->major_version, command->minor_version,
                 shown(command->target_device_url).text);
        break;
    case SSTP_CONNECT_RESPONSE:
        snprintf(text, size, "%s %u.%u",
                 name_or_value(sstp_connect_response_name(command->response_id),
                               command->response_id, value),
                 command->major_version, command->minor_version);
        break;
    case SSTP_CONNECT_CLOSE: {
        const char *reason = name_or_value(sstp_connect_close_reason_name(command->reason_id),
                                           command->reason_id, value);
        const int len = snprintf(text, size, "%s%s", reason, command->message_count ? " " : "");
        if (len > 0 && (size_t)len < size)
            say_acknowledgement(command, acknowledgement, text + len, size - (size_t)len);
        break;
    }
    case SSTP_OPEN:
        snprintf(text, size, "%s", shown(command->resource_url).text);
        break;
    case SSTP_FANOUT_OPEN:
        if (command->is_cut) { /* nor is it known how many there are */
            snprintf(text, size, "%s", shown(command->resource_url).text);
            break;
        }
        snprintf(text, size, "%s, %u destination%s", shown(command->resource_url).text,
                 command->fanout_entries.count, command->fanout_entries.count == 1 ? "" : "s");
        break;
    case SSTP_OPEN_RESPONSE:
        snprintf(text, size, "%s",
                 name_or_value(sstp_open_response_name(command->response_id), command->response_id,
                               value));
        break;
    case SSTP_SESSION_STATUS:
        snprintf(
            text, size, "%s",
            name_or_value(sstp_session_status_name(command->status_id), command->status_id, value));
        break;
    case SSTP_CLOSE:
        snprintf(
            text, size, "%s",
            name_or_value(sstp_close_reason_name(command->reason_id), command->reason_id, value));
        break;
    case SSTP_ATTACH:
        snprintf(text, size, "%s", shown(command->account_url).text);
        break;
    case SSTP_ATTACH_RESPONSE:
        snprintf(text, size, "%s",
                 name_or_value(sstp_attach_response_name(command->response_id),
                               command->response_id, value));
        break;
    case SSTP_MESSAGE:
    case SSTP_NOOP:
        say_acknowledgement(command, acknowledgement, text, size);
        break;
    case SSTP_CONNECT_AUTHENTICATE:
    case SSTP_ATTACH_AUTHENTICATE:
    case SSTP_REGISTER:
    case SSTP_REGISTER_RESPONSE:
    case SSTP_DATA:
    case SSTP_END_MESSAGE:
        break;
    }
}

void sstp_summary(const struct sstp_command *command, char *text, size_t size)
{
    const struct sstp_command_info *info = sstp_command_info(command->id);
    struct line line = {text, size, 0};
    char part[SSTP_SUMMARY_SIZE];

    if (size == 0)
        return;
    sstp_summary_name(command, part, sizeof part);
    put(&line, part);
    if (info != NULL && info->scope != SSTP_SCOPE_CONNECTION && !command->lacks_session_id) {
        put(&line, " s=0x");
        put_hex(&line, command->session_id);
    }
    sstp_summary_detail(command, NULL, part, sizeof part);
    if (part[0] != '\0')
        put(&line, " ");
    put(&line, part);
}
