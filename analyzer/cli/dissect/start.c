/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/start.h"

#include "fields/compat.h"

#include <epan/addr_resolv.h>
#include <epan/epan.h>
#include <epan/prefs.h>
#include <epan/timestamp.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/report_message.h>
#include <wsutil/wslog.h>

#include "base/say.h"
#include "dissect/decode_as.h"
#include "dissect/installed.h"

void plugin_register(void); /* plugin/plugin.c, as Wireshark looks for it in a plugin */

/* ------------------------------------------------------------------------
 * What Wireshark complains of
 */

/* While it starts: a folder that cannot be read is a hundred files, of which one is named.
 * Wireshark complains of some again with each file that it opens. */
static struct {
    gboolean is_on;
    const char *first;
    guint num;
    GHashTable *said; /* what it complained of; kept for good */
} starting;

static void G_GNUC_PRINTF(1, 0) complain(const char *format, va_list arguments)
{
    if (starting.said == NULL)
        starting.said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *text = g_strdup_vprintf(format, arguments);
    if (!starting.is_on) {
        if (!g_hash_table_contains(starting.said, text))
            say("%s", text);
        g_free(text);
    } else if (g_hash_table_add(starting.said, text) && starting.num++ == 0) {
        starting.first = text;
    }
}

static void G_GNUC_PRINTF(1, 2) complain_of(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
}

static void cannot_open(const char *name, int error, grvsstp_bool for_writing)
{
    complain_of("%s cannot be %s: %s", name, for_writing ? "written" : "read", g_strerror(error));
}

static void cannot_read(const char *name, int error)
{
    complain_of("%s cannot be read: %s", name, g_strerror(error));
}

static void cannot_write(const char *name, int error)
{
    complain_of("%s cannot be written: %s", name, g_strerror(error));
}

static const struct report_message_routines routines = {.vreport_failure = complain,
                                                        .vreport_warning = complain,
                                                        .report_open_failure = cannot_open,
                                                        .report_read_failure = cannot_read,
                                                        .report_write_failure = cannot_write};

static void end_start(void)
{
    starting.is_on = FALSE;
    if (starting.num > 1)
        say("%s; and %u more of the kind", starting.first, starting.num - 1);
    else if (starting.num == 1)
        say("%s", starting.first);
}

/* ------------------------------------------------------------------------
 * The start
 */

void start_process(const char *program)
{
    grvsstp_log_init("grvsstp-analyze", complain);
    init_process_policies();
    char *error = grvsstp_configuration_init(program);
    if (error != NULL)
        say("%s", error);
    g_free(error);
    init_report_message("grvsstp-analyze", &routines);
}

/* epan_init() says RA_PLUGIN_REGISTER when the plugins are loaded and before they register
 * their protocols, which it has them do from the head of a list: who comes now comes first. */
static void at_registration(register_action_e action, const char *message, void *data)
{
    (void)message;
    (void)data;
    if (action == RA_PLUGIN_REGISTER)
        plugin_register();
}

static gboolean choose_profile(const char *name)
{
    if (name == NULL)
        return TRUE;
    if (profile_exists(name, FALSE)) {
        set_profile_name(name);
        return TRUE;
    }
    if (profile_exists(name, TRUE)) {
        char *from = NULL, *to = NULL, *file = NULL;
        if (create_persconffile_profile(name, &to) == 0 &&
            copy_persconffile_profile(name, name, TRUE, &file, &from, &to) == 0) {
            set_profile_name(name);
            return TRUE;
        }
        say("-C %s: Wireshark's global profile cannot be copied into the user's folder", name);
        return FALSE;
    }
    say("-C %s: there is no such configuration profile", name);
    return FALSE;
}

static gboolean set_preference(const char *text)
{
    char *copy = g_strdup(text), *message = NULL;
    const prefs_set_pref_e result = prefs_set_pref(copy, &message);

    switch (result) {
    case PREFS_SET_OK:
        break;
    case PREFS_SET_SYNTAX_ERR:
        say("-o %s: %s", text, message != NULL ? message : "has to be PREFERENCE:VALUE");
        break;
    case PREFS_SET_NO_SUCH_PREF:
        say("-o %s: there is no such preference", text);
        break;
    case PREFS_SET_OBSOLETE:
        say("-o %s: this preference is obsolete", text);
        break;
    }
    g_free(message);
    g_free(copy);
    return result == PREFS_SET_OK;
}

static gboolean start(const struct start_options *options)
{
    gboolean is_good = TRUE;

    if (!installed_can_stand_beside() || !choose_profile(options->profile))
        return FALSE;
    timestamp_set_type(TS_RELATIVE);
    timestamp_set_precision(TS_PREC_AUTO);
    wtap_init(TRUE);
    if (!epan_init(at_registration, NULL, TRUE)) {
        say("Wireshark's dissectors do not start");
        return FALSE;
    }
    (void)epan_load_settings();
    for (const char **text = options->preferences; text != NULL && *text != NULL && is_good; text++)
        is_good = set_preference(*text);
    prefs_apply_all();
    /* No name server is to learn what is analysed here. */
    disable_name_resolution();
    for (const char **text = options->decode_as; text != NULL && *text != NULL && is_good; text++)
        is_good = decode_as(*text);
    return is_good;
}

gboolean start_wireshark(const struct start_options *options)
{
    starting.is_on = TRUE;
    const gboolean is_good = start(options);
    end_start();
    return is_good;
}
