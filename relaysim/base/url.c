/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/url.h"

/* The characters after `scheme`, or -1 where the URL begins otherwise. */
static long behind_scheme(struct sstp_span url, const char *scheme)
{
    const size_t len = strlen(scheme);
    if (url.len < len || memcmp(url.data, scheme, len) != 0)
        return -1;
    return (long)(url.len - len);
}

bool sstp_url_is_identity(struct sstp_span url)
{
    const long len = behind_scheme(url, "grooveIdentity://");
    return len > 0 && len <= (long)SSTP_URL_IDENTITY_MAX;
}

bool sstp_url_is_device(struct sstp_span url)
{
    return behind_scheme(url, "dpp://") > 0;
}

bool sstp_url_is_relay(struct sstp_span url)
{
    return behind_scheme(url, "grooveDNS://") > 0;
}
