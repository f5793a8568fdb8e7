/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/returns.h"

#define SECOND_NS INT64_C(1000000000)

static void keep(char *to, struct sstp_span url)
{
    const size_t len = url.len < SSTP_RETURNS_URL_MAX ? url.len : SSTP_RETURNS_URL_MAX - 1;

    if (len > 0)
        memcpy(to, url.data, len);
    to[len] = '\0';
}

static bool is(const char *kept, struct sstp_span url)
{
    char text[SSTP_RETURNS_URL_MAX];

    keep(text, url);
    return strcmp(kept, text) == 0;
}

void sstp_returns_ask(struct sstp_returns *returns, struct sstp_span who, struct sstp_span target,
                      int64_t now_ns, uint32_t seconds)
{
    if (who.len == 0 || target.len == 0)
        return;
    if (returns->judge != NULL) {
        returns->judge->asked(returns->judge->cookie, who, target, now_ns, seconds);
        return;
    }
    struct sstp_returns_request *request = &returns->requests[returns->num++ % SSTP_RETURNS_MAX];
    keep(request->who, who);
    keep(request->target, target);
    request->since_ns = now_ns;
    request->until_ns = now_ns + seconds * SECOND_NS;
}

bool sstp_returns_is_early(const struct sstp_returns *returns, struct sstp_span who,
                           struct sstp_span target, int64_t now_ns)
{
    const uint32_t num = returns->num < SSTP_RETURNS_MAX ? returns->num : SSTP_RETURNS_MAX;

    if (returns->judge != NULL)
        returns->judge->looked(returns->judge->cookie);
    for (uint32_t i = 0; i < num; i++) {
        const struct sstp_returns_request *request = &returns->requests[i];
        if (now_ns > request->since_ns && now_ns < request->until_ns && is(request->who, who) &&
            is(request->target, target))
            return true;
    }
    return false;
}
