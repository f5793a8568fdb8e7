/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrier/proxy_auth.h"

#include "carrier/http_field.h"
#include "carrier/proxy_ntlm.h"
#include "henc/text.h"

#include <string.h>

void proxy_auth_init(struct proxy_auth *auth, const struct carrier *carrier, bool takes_401)
{
    *auth = (struct proxy_auth){
        .carrier = carrier, .login = carrier_config(carrier)->login, .takes_401 = takes_401};
}

void proxy_auth_clear(struct proxy_auth *auth)
{
    g_clear_pointer(&auth->answer, g_free);
}

void proxy_auth_begin(struct proxy_auth *auth)
{
    g_clear_pointer(&auth->answer, g_free);
    auth->step = PROXY_AUTH_NOTHING;
    auth->is_passed = false;
}

/* ------------------------------------------------------------------------
 * Requests
 */

/* What the next request tells. */
static enum proxy_auth_step next_step(const struct proxy_auth *auth)
{
    if (auth->login == NULL || !auth->login->is_required)
        return PROXY_AUTH_NOTHING;
    switch (auth->login->scheme) {
    case PROXY_BASIC:
        return PROXY_AUTH_PASSWORD;
    case PROXY_NTLM:
        if (auth->answer != NULL)
            return PROXY_AUTH_ANSWER;
        return auth->is_passed ? PROXY_AUTH_NOTHING : PROXY_AUTH_NEGOTIATE;
    case PROXY_SCHEME_COUNT:
        break;
    }
    g_assert_not_reached();
}

/* RFC 7617. */
static char *basic(const struct proxy_login *login)
{
    char *both = g_strconcat(login->user, ":", login->password, NULL);
    char *text = g_base64_encode((const guchar *)both, strlen(both));
    g_free(both);
    return text;
}

void proxy_auth_append(struct proxy_auth *auth, GString *request)
{
    char *text = NULL;
    auth->step = next_step(auth);
    auth->is_asked = false;
    switch (auth->step) {
    case PROXY_AUTH_NOTHING:
        return;
    case PROXY_AUTH_PASSWORD:
        text = basic(auth->login);
        break;
    case PROXY_AUTH_NEGOTIATE:
        text = proxy_ntlm_negotiate();
        break;
    case PROXY_AUTH_ANSWER:
        text = g_steal_pointer(&auth->answer);
        break;
    }
    g_string_append_printf(request, "%sAuthorization: %s %s\r\n", auth->is_401 ? "" : "Proxy-",
                           proxy_scheme_name(auth->login->scheme), text);
    g_free(text);
}

bool proxy_auth_is_asking(const struct proxy_auth *auth)
{
    return next_step(auth) == PROXY_AUTH_NEGOTIATE;
}

/* ------------------------------------------------------------------------
 * Answers
 */

/* Whether a scheme is offered, and with what after its name. */
static bool find_offer(struct sstp_span head, const char *field, const char *scheme,
                       struct sstp_span *token)
{
    struct sstp_span name, value;
    while (http_field_next(&head, &name, &value)) {
        if (!henc_text_is(name, field))
            continue;
        while (value.len > 0) {
            const struct sstp_span element = http_field_element(&value);
            if (henc_text_is(henc_text_split(element, ' ', token), scheme)) {
                *token = henc_text_trim(*token);
                return true;
            }
        }
    }
    return false;
}

/* Whether the proxy goes on with this transport after its answer. */
static bool is_kept(const struct henc_http *http, struct sstp_span head)
{
    if (http->has_no_end || http_field_has_option(head, "close"))
        return false;
    return henc_text_has_prefix(head, "HTTP/1.1") || http_field_has_option(head, "keep-alive");
}

static enum proxy_auth_next ask_anew(struct proxy_auth *auth, char **why)
{
    if (auth->num_anew++ < PROXY_AUTH_ANEW_MAX)
        return PROXY_AUTH_ANEW;
    *why = g_strdup("the proxy asks who asks, and closes the connection, again and again");
    return PROXY_AUTH_REFUSED;
}

static enum proxy_auth_next refuse(char **why, unsigned status, const char *text)
{
    *why = g_strdup_printf("the proxy answered %u: %s", status, text);
    return PROXY_AUTH_REFUSED;
}

/* The first question, or what is as good as one. */
static enum proxy_auth_next tell(struct proxy_auth *auth, bool has_kept, char **why)
{
    auth->login->is_required = true;
    return has_kept ? PROXY_AUTH_AGAIN : ask_anew(auth, why);
}

static enum proxy_auth_next take_challenge(struct proxy_auth *auth, unsigned status, bool has_kept,
                                           struct sstp_span challenge, char **why)
{
    const struct carrier_config *config = carrier_config(auth->carrier);
    struct proxy_ntlm_extra extra = {.wall_ms = config->epoch_ms + carrier_now_ms(auth->carrier)};
    config->random.fill(config->random.cookie, extra.challenge, sizeof extra.challenge);
    auth->answer = proxy_ntlm_authenticate(challenge, auth->login, &extra);
    if (auth->answer == NULL)
        return refuse(why, status, "its challenge is none of NTLM");
    if (!has_kept)
        return refuse(why, status, "it closes the connection, and NTLM is about one");
    return PROXY_AUTH_AGAIN;
}

enum proxy_auth_next proxy_auth_answered(struct proxy_auth *auth, const struct henc_http *http,
                                         struct sstp_span head, bool can_follow, char **why)
{
    const bool is_401 = http->status == 401;
    const char *field = is_401 ? "WWW-Authenticate" : "Proxy-Authenticate";
    struct sstp_span token = {.len = 0};
    *why = NULL;
    head.len = MIN(head.len, http->head_len);
    if (auth->login == NULL || (is_401 && !auth->takes_401))
        return refuse(why, http->status, "it wants to know who asks, and is not told");
    auth->is_401 = is_401;
    const char *scheme = proxy_scheme_name(auth->login->scheme);
    if (!find_offer(head, field, scheme, &token)) {
        *why = g_strdup_printf("the proxy answered %u: it does not take %s", http->status, scheme);
        return PROXY_AUTH_REFUSED;
    }
    const bool has_kept = can_follow && is_kept(http, head);
    auth->is_passed = false;
    auth->is_asked = true;
    switch (auth->step) {
    case PROXY_AUTH_NOTHING:
        return tell(auth, has_kept, why);
    case PROXY_AUTH_NEGOTIATE:
        return take_challenge(auth, http->status, has_kept, token, why);
    case PROXY_AUTH_PASSWORD:
    case PROXY_AUTH_ANSWER:
        return refuse(why, http->status, "it does not know this user, or not this password");
    }
    g_assert_not_reached();
}

enum henc_http_result proxy_auth_skip(const struct henc_http *http, struct sstp_span heard,
                                      size_t *len)
{
    size_t wanted;
    struct sstp_span body = {.len = 0};
    const enum henc_http_result result =
        henc_http_body(http, heard, &sstp_mem_libc, len, &body, &wanted);
    if (result == HENC_HTTP_DONE && http->is_chunked)
        (void)sstp_mem_libc.resize(NULL, (void *)(uintptr_t)body.data, 0);
    return result;
}

void proxy_auth_passed(struct proxy_auth *auth)
{
    auth->is_passed = true;
    auth->num_anew = 0;
}

bool proxy_auth_lost(struct proxy_auth *auth)
{
    const bool has_told = auth->is_asked || auth->step != PROXY_AUTH_NOTHING;
    if (auth->is_passed || !has_told || auth->num_anew >= PROXY_AUTH_ANEW_MAX)
        return false;
    auth->num_anew++;
    return true;
}
