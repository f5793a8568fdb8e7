/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * url: the strict naming convention of the addressing entries (GRVSSTP,
 * Appendix A, notes <8>, <10>, <13> and <14>), which the products apply by
 * default.  Nothing else is said about the forms of these URLs.
 */
#ifndef RELAYSIM_BASE_URL_H
#define RELAYSIM_BASE_URL_H

#include "core/wire.h"

#define SSTP_URL_IDENTITY_MAX 80u /* characters after "grooveIdentity://" (note <10>) */

/* Characters of a URL that a command line may name: two of them and a token have room in any
 * command (GRVSSTP 2.2). */
#define SSTP_URL_OWN_MAX 900u
#define SSTP_URL_OWN_SUM_MAX 1000u /* of all device URLs of a relay, with a byte more for each */

bool sstp_url_is_identity(struct sstp_span url);
bool sstp_url_is_device(struct sstp_span url); /* "dpp://" */
bool sstp_url_is_relay(struct sstp_span url);  /* "grooveDNS://" */


#endif
