/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * start: Wireshark, with our protocols among its own, as tshark starts it: the user's
 * preferences, plugins and Lua scripts are loaded.
 */
#ifndef ANALYZE_DISSECT_START_H
#define ANALYZE_DISSECT_START_H

#include <glib.h>

struct start_options {
    const char *profile;      /* NULL: the default one */
    const char **preferences; /* "NAME:VALUE", ended by NULL; NULL: none */
    const char **decode_as;   /* "TABLE==VALUE,PROTOCOL", likewise */
};

/* Paths, privileges and logging; before anything else of Wireshark's. */
void start_process(const char *program);

/* All of it.  False, with a sentence said, where an option is wrong or Wireshark does not
 * start. */
gboolean start_wireshark(const struct start_options *options);

#endif
