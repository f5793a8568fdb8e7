/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * login: who asks a proxy, or may ask one, as command lines have it.
 *
 * What is in the arguments of a program everybody on the machine can read.  So the rows of these
 * options are marked (OPTION_SECRET), which has their words overwritten as soon as they are read;
 * and the password can come from the environment or a file, where nobody ever sees it.
 */
#ifndef RELAYSIM_CMD_LOGIN_H
#define RELAYSIM_CMD_LOGIN_H

#include "carrier/proxy_login.h"

#define LOGIN_VARIABLE "RELAYSIM_PROXY_PASSWORD"
#define LOGIN_WHO "USER[:PASSWORD]|@FILE"

/* "USER", with the password in the environment; "USER:PASSWORD"; or "@FILE", a file whose first
 * line is one of these.  NULL with *error, a sentence to be freed that names neither user nor
 * password; `option`, without dashes, begins it. */
struct proxy_login *login_read_who(const char *option, enum proxy_scheme scheme, const char *who,
                                   char **error);

/* The same after "SCHEME:". */
struct proxy_login *login_read(const char *option, const char *value, char **error);

/* The file that `value` of login_read(), or `who` of login_read_who(), names; NULL for none. */
const char *login_file(const char *value);

#endif
