/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "show/show.h"

#include "core/summary.h"

/* A frame may hold thousands of commands; the column names so many. */
#define COMMANDS_MAX 24u

void grvsstp_info_begin(struct grvsstp_info *info, packet_info *pinfo)
{
    memset(info, 0, sizeof *info);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "GRVSSTP");
    info->is_wanted = col_get_writable(pinfo->cinfo, COL_INFO);
    if (info->is_wanted)
        info->text = wmem_strbuf_new(pinfo->pool, "");
}

/* Each command has these; printing them by a format takes seven times as long. */
static void append_entry(struct grvsstp_info *info, const char *text)
{
    if (wmem_strbuf_get_len(info->text) > 0)
        wmem_strbuf_append(info->text, ", ");
    wmem_strbuf_append(info->text, text);
}

static void append_detail(struct grvsstp_info *info, const char *detail)
{
    wmem_strbuf_append(info->text, " ");
    wmem_strbuf_append(info->text, detail);
}

static void close_session(struct grvsstp_info *info)
{
    if (info->has_open_session)
        wmem_strbuf_append_printf(info->text, " s=0x%x", info->open_session_id);
    info->has_open_session = false;
}

void grvsstp_info_add_text(struct grvsstp_info *info, const char *text)
{
    if (!info->is_wanted)
        return;
    close_session(info);
    append_entry(info, text);
}

/* Commands of one session in a row that need no word beside their names share
 * one "s=0x21" at the end. */
static void add_session_command(struct grvsstp_info *info, const struct sstp_command *command,
                                const char *name, const char *detail)
{
    if (info->has_open_session && info->open_session_id != command->session_id)
        close_session(info);
    append_entry(info, name);
    info->has_open_session = true;
    info->open_session_id = command->session_id;
    if (detail[0] != '\0') {
        close_session(info);
        append_detail(info, detail);
    }
}

void grvsstp_info_add_command(struct grvsstp_info *info, const struct sstp_command *command,
                              const char *states)
{
    const struct sstp_command_info *row = sstp_command_info(command->id);
    char name[40];
    char detail[SSTP_SUMMARY_SIZE];

    if (!info->is_wanted || info->num_commands++ >= COMMANDS_MAX)
        return;
    sstp_summary_name(command, name, sizeof name);
    sstp_summary_detail(command, states, detail, sizeof detail);
    if (command->id == SSTP_END_MESSAGE && states != NULL)
        g_strlcpy(detail, states, sizeof detail);
    if (row != NULL && row->scope != SSTP_SCOPE_CONNECTION && !command->lacks_session_id) {
        add_session_command(info, command, name, detail);
    } else {
        grvsstp_info_add_text(info, name);
        if (detail[0] != '\0')
            append_detail(info, detail);
    }
}

void grvsstp_info_end(struct grvsstp_info *info, packet_info *pinfo)
{
    if (!info->is_wanted)
        return;
    close_session(info);
    if (info->num_commands > COMMANDS_MAX)
        wmem_strbuf_append_printf(info->text, " and %u more", info->num_commands - COMMANDS_MAX);
    col_clear(pinfo->cinfo, COL_INFO); /* TCP's text; what other chunks left is fenced */
    col_append_sep_str(pinfo->cinfo, COL_INFO, ", ", wmem_strbuf_get_str(info->text));
    col_set_fence(pinfo->cinfo, COL_INFO);
}
