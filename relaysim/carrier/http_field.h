/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http_field: the header fields in the head of an HTTP message, as views into it. */
#ifndef RELAYSIM_CARRIER_HTTP_FIELD_H
#define RELAYSIM_CARRIER_HTTP_FIELD_H

#include <stdbool.h>

#include "core/wire.h"

/* The next field, with a value that is not empty, of what is left of a head; false after the last
 * one.  The blanks around a value are not of it. */
bool http_field_next(struct sstp_span *head, struct sstp_span *name, struct sstp_span *value);

/* The first of a name, whose letters' case does not matter; false without. */
bool http_field_find(struct sstp_span head, const char *name, struct sstp_span *value);

/* The next element of a list, which commas divide, but for those in quotes. */
struct sstp_span http_field_element(struct sstp_span *list);

/* Whether Connection or Proxy-Connection has this option. */
bool http_field_has_option(struct sstp_span head, const char *option);

#endif
