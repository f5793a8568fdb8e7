/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissect/installed.h"

#include <gmodule.h>
#include <wireshark.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>

#include "base/say.h"

char **installed_folders(void)
{
    GPtrArray *folders = g_ptr_array_new();

    g_ptr_array_add(folders, g_strdup(get_plugins_dir_with_version()));
    /* Wireshark does not load a user's plugins for root. */
    if (!started_with_special_privs())
        g_ptr_array_add(folders, g_strdup(get_plugins_pers_dir_with_version()));
    g_ptr_array_add(folders, NULL);
    return (char **)g_ptr_array_free(folders, FALSE);
}

static gboolean steps_back(const char *path)
{
    gpointer symbol;
    GModule *module = g_module_open(path, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);

    if (module == NULL) /* then Wireshark cannot load it either, and says so */
        return TRUE;
    const gboolean does = g_module_symbol(module, "grvsstp_yields", &symbol);
    g_module_close(module);
    return does;
}

gboolean installed_can_stand_beside(void)
{
    char **folders = installed_folders();
    gboolean can = TRUE;

    for (char **folder = folders; *folder != NULL && can; folder++) {
        char *path = g_build_filename(*folder, "epan", "grvsstp.so", NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS) && !steps_back(path)) {
            say("the plugin %s is older than this program and cannot be loaded beside it: replace "
                "it with the one that was installed with this program, or remove it",
                path);
            can = FALSE;
        }
        g_free(path);
    }
    g_strfreev(folders);
    return can;
}
