/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * installed: the plugins that Wireshark would load beside the code that this program has
 * linked in.
 */
#ifndef ANALYZE_DISSECT_INSTALLED_H
#define ANALYZE_DISSECT_INSTALLED_H

#include <glib.h>

/* The folders that plugins are loaded from, to be freed with g_strfreev().  After
 * configuration_init(). */
char **installed_folders(void);

/* Whether every installed grvsstp.so steps back where the protocol is there already.  One that
 * does not would abort Wireshark's registration: false, with a sentence said. */
gboolean installed_can_stand_beside(void);

#endif
