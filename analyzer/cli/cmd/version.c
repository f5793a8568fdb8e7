/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/version.h"

#include "fields/compat.h"

#include <epan/epan.h>
#include <stdio.h>
#include <unistd.h>
#include <wsutil/privileges.h>

#include "dissect/installed.h"

void version_print(void)
{
    char **folders = installed_folders();

    printf("grvsstp-analyze %s, with Wireshark %s\n", GRVSSTP_VERSION, epan_get_version());
    for (char **folder = folders; *folder != NULL; folder++) {
        char *path = g_build_filename(*folder, "epan", "grvsstp.so", NULL);
        printf("plugins in %s%s\n", *folder,
               g_file_test(path, G_FILE_TEST_EXISTS)
                   ? ", grvsstp.so among them: what is linked in here comes before it"
                   : "");
        g_free(path);
    }
    puts(started_with_special_privs() ? "as root: a user's own plugins are not loaded"
                                      : "not as root");
    g_strfreev(folders);
}
