/* SPDX-License-Identifier: GPL-2.0-or-later */
/* declare: the cast of a scenario, its faults and its findings. */
#include "scenario/parser.h"

#include "base/product.h"
#include "core/findings.h"
#include "henc/henc_findings.h"
#include "henc/polling.h"

#include <stdio.h>
#include <string.h>

/* A name that may be declared further down. */
struct reference {
    unsigned relay; /* that uses it */
    bool is_peer;   /* a relay; otherwise whom is locked out */
    const char *word;
    const char *file_name;
    unsigned line, place;
};

static void refer(struct parser *p, const struct scenario_relay *relay, bool is_peer,
                  const char *word)
{
    const struct reference reference = {.relay = (unsigned)(relay - p->scenario->relays),
                                        .is_peer = is_peer,
                                        .word = parser_keep(p, word),
                                        .file_name = p->file_name,
                                        .line = p->line,
                                        .place = p->place};
    if (p->references == NULL)
        p->references = g_array_new(FALSE, FALSE, sizeof reference);
    g_array_append_val(p->references, reference);
}

bool declare_title(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (p->source->has_title)
        return parser_fail(p, "the scenario has a title already");
    p->source->has_title = true;
    if (!parser_has_more(p))
        return parser_fail(p, "the title is needed at the end of the line");
    GString *title = g_string_new(NULL);
    while (parser_has_more(p))
        g_string_append_printf(title, "%s%s", title->len > 0 ? " " : "", parser_next(p));
    if (p->source->from == NULL) /* not that of a story which another one includes */
        s->title = parser_keep(p, title->str);
    g_string_free(title, TRUE);
    return true;
}

/* "1.5"; of a relay only 1.5 and 1.6. */
static bool read_version(struct parser *p, bool is_any, uint8_t *major, uint8_t *minor)
{
    const char *word = parser_next(p);
    unsigned versions[2];
    int len = 0;
    if (word == NULL)
        return parser_fail(p, "a version is needed at the end of the line");
    if (strlen(word) > 7 || !g_ascii_isdigit(word[0]) ||
        sscanf(word, "%u.%u%n", &versions[0], &versions[1], &len) != 2 || word[len] != '\0' ||
        versions[0] > 255 || versions[1] > 255 ||
        (!is_any && (versions[0] != 1 || (versions[1] != 5 && versions[1] != 6))))
        return parser_fail(p,
                           is_any ? "a version is two numbers of at most 255, such as 1.6, "
                                    "not \"%s\""
                                  : "the version of a relay is 1.5 or 1.6, not \"%s\"",
                           word);
    *major = (uint8_t)versions[0];
    *minor = (uint8_t)versions[1];
    return true;
}

/* ------------------------------------------------------------------------
 * Relays
 */

static bool relay_version(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_relay *relay = target;
    uint8_t major;
    (void)option;
    return read_version(p, false, &major, &relay->config.minor_version);
}

static bool relay_url(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_relay *relay = target;
    const char *url;
    if (relay->urls->len == 8)
        return parser_fail(p, "a relay has at most 8 URLs");
    if (!parser_url(p, option->what, &url))
        return false;
    if (!g_str_has_prefix(url, "grooveDNS://"))
        return parser_fail(p, "%s begins with grooveDNS://, unlike \"%s\"", option->what, url);
    g_ptr_array_add(relay->urls, (gpointer)(uintptr_t)url);
    return true;
}

static bool relay_auth(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_relay *relay = target;
    (void)option;
    if (parser_accept(p, "off"))
        relay->config.auth = SSTP_RELAY_AUTH_OFF;
    else if (parser_accept(p, "optional"))
        relay->config.auth = SSTP_RELAY_AUTH_OPTIONAL;
    else if (parser_accept(p, "required"))
        relay->config.auth = SSTP_RELAY_AUTH_REQUIRED;
    else
        return parser_fail(p, "auth is off, optional or required");
    return true;
}

static bool relay_peer(struct parser *p, void *target, const struct parser_option *option)
{
    const char *word = parser_next(p);
    (void)option;
    if (word == NULL)
        return parser_fail(p, "the name of another relay is needed at the end of the line");
    refer(p, target, true, word);
    return true;
}

static bool relay_lock_out(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_relay *relay = target;
    if (!parser_has_more(p))
        return parser_fail(p, "%s is needed at the end of the line", option->what);
    if (relay->locked_out->len == 32)
        return parser_fail(p, "a relay locks out at most 32");
    if (strstr(p->words[p->at], "://") == NULL) {
        refer(p, relay, false, parser_next(p));
        return true;
    }
    const char *url;
    if (!parser_url(p, option->what, &url))
        return false;
    g_ptr_array_add(relay->locked_out, (gpointer)(uintptr_t)url);
    return true;
}

static bool relay_store(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_relay *relay = target;
    (void)option;
    relay->is_durable = parser_accept(p, "file");
    return relay->is_durable || parser_need(p, "memory");
}

#define RELAY(member) offsetof(struct scenario_relay, config.member)
#define LIST PARSER_OPTION_LIST

/* clang-format off */
static const struct parser_option relay_options[] = {
/*   word                      | parse           | member                            | what                       | min, max */
    {"url",                     relay_url,        0,                                  "the URL of a relay",       0, LIST},
    {"version",                 relay_version,    0,                                  NULL,                       0, 0},
    {"auth",                    relay_auth,       0,                                  NULL,                       0, 0},
    {"store",                   relay_store,      0,                                  NULL,                       0, 0},
    {"peer",                    relay_peer,       0,                                  NULL,                       0, LIST},
    {"lock-out",                relay_lock_out,   0,                                  "the name of a device or a URL", 0, LIST},
    {"stopped",                 option_true,      offsetof(struct scenario_relay, is_stopped), NULL,              0, 0},
    {"no-multi-drop",           option_false,     RELAY(supports_multi_drop),         NULL,                       0, 0},
    {"no-single-hop",           option_false,     RELAY(supports_single_hop),         NULL,                       0, 0},
    {"product",                 option_text,      RELAY(product_version),             "the product version",      0, 0},
    {"quota",                   option_u64,       RELAY(quota),                       "a quota in bytes",         1, 1u << 30},
    {"max-connections",         option_size,      RELAY(max_connections),             "a number of connections",  1, 1000},
    {"connections-per-device",  option_size,      RELAY(max_connections_per_device),  "a number of connections",  1, 1000},
    {"max-sessions",            option_size,      RELAY(limits.max_sessions),         "a number of sessions",     1, 1024},
    {"max-fanout",              option_size,      RELAY(limits.max_fanout_entries),   "a number of destinations", 1, 1024},
    {"max-message",             option_size,      RELAY(limits.max_message),          "a number of bytes",        1, 16u << 20},
    {"retry-time",              option_u32,       RELAY(retry_time),                  "a number of seconds",      1, 31536000},
    {"ack-delay",               option_duration,  RELAY(ack_delay_ms),                "the ack-delay",            0, 0},
    {"connect-timeout",         option_duration,  RELAY(connect_timeout_ms),          "the connect-timeout",      0, 0},
    {"transport-timeout",       option_duration,  RELAY(transport_timeout_ms),        "the transport-timeout",    0, 0},
    {"open-timeout",            option_duration,  RELAY(open_timeout_ms),             "the open-timeout",         0, 0},
    {"auth-timeout",            option_duration,  RELAY(auth_timeout_ms),             "the auth-timeout",         0, 0},
    {"outbound-idle",           option_duration,  RELAY(outbound_idle_ms),            "the outbound-idle time",   0, 0},
    {"inbound-idle",            option_duration,  RELAY(inbound_idle_ms),             "the inbound-idle time",    0, 0},
    {"peer-idle",               option_duration,  RELAY(peer_idle_ms),                "the peer-idle time",       0, 0},
    {"delivery-idle",           option_duration,  RELAY(idle_ms),                     "the delivery-idle time",   0, 0},
    {"hung-timeout",            option_duration,  RELAY(hung_ms),                     "the hung timeout",         0, 0},
    {"offline-ttl",             option_duration,  RELAY(offline_ttl_ms),              "the offline-ttl",          0, 0},
    {"poll-max",                option_u64,       offsetof(struct scenario_relay, poll_max), "a number of seconds", 0, 86400},
    {"poll-min",                option_u64,       offsetof(struct scenario_relay, poll_min), "a number of seconds", 0, 86400},
    {"poll-repetitions",        option_u64,       offsetof(struct scenario_relay, poll_repetitions), "a number of polls", 0, 1000},
};
/* clang-format on */

/* A URL made of a name: the scheme, the name in lower case, and what comes after it. */
static const char *url_of_name(struct parser *p, const char *scheme, const char *name,
                               const char *after)
{
    char *lower = g_ascii_strdown(name, -1);
    char *url = g_strconcat(scheme, lower, after, NULL);
    const char *kept = parser_keep(p, url);
    g_free(lower);
    g_free(url);
    return kept;
}

bool declare_relay(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (s->num_relays == SCENARIO_RELAYS_MAX)
        return parser_fail_full(p, NAME_RELAY, SCENARIO_RELAYS_MAX, "relays");
    struct scenario_relay *relay = &s->relays[s->num_relays];
    if (!parser_new_name(p, NAME_RELAY, s->num_relays, &relay->name))
        return false;
    s->num_relays++;
    relay->poll_repetitions = HENC_POLL_REPETITIONS_DEFAULT;
    relay->urls = g_ptr_array_new();
    relay->locked_out = g_ptr_array_new();
    relay->config = (struct sstp_relay_config){.minor_version = 6,
                                               .auth = SSTP_RELAY_AUTH_OPTIONAL,
                                               .supports_multi_drop = true,
                                               .supports_single_hop = true};
    const bool is_good = parser_options(p, relay_options, G_N_ELEMENTS(relay_options), relay);
    if (relay->config.product_version == NULL)
        relay->config.product_version =
            relay->config.minor_version == 5 ? PRODUCT_RELAY_2007 : PRODUCT_RELAY_2010;
    if (relay->urls->len == 0)
        g_ptr_array_add(relay->urls, (gpointer)(uintptr_t)url_of_name(
                                         p, "grooveDNS://", relay->name, ".groove.example"));
    for (unsigned i = 0; i + 1 < s->num_relays; i++)
        if (strcmp(g_ptr_array_index(s->relays[i].urls, 0), g_ptr_array_index(relay->urls, 0)) == 0)
            return parser_fail(p, "%s has the same URL", s->relays[i].name);
    return is_good;
}

/* ------------------------------------------------------------------------
 * Devices
 */

static bool device_version(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_device *device = target;
    (void)option;
    return read_version(p, true, &device->major_version, &device->minor_version);
}

static bool device_relay(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_device *device = target;
    struct name name;
    (void)option;
    if (!parser_name(p, NAME_RELAY, &name))
        return false;
    device->relay = name.index;
    return true;
}

static bool device_over(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_device *device = target;
    (void)option;
    return parser_carrier(p, &device->carrier);
}

static bool device_through(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_device *device = target;
    (void)option;
    return parser_proxy(p, &device->proxy);
}

static bool device_not_ready(struct parser *p, void *target, const struct parser_option *option)
{
    struct scenario_device *device = target;
    (void)p;
    device->availability = option->min == 0 ? SSTP_HANDLER_NOT_READY : SSTP_HANDLER_FAULT;
    return true;
}

#define DEVICE(member) offsetof(struct scenario_device, member)

/* clang-format off */
static const struct parser_option device_options[] = {
/*   word              | parse           | member                      | what                          | min, max */
    {"url",             option_url,       DEVICE(device_url),           "the URL of a device",         0, 0},
    {"identity",        option_url,       DEVICE(identity_url),         "the URL of an identity",      0, 0},
    {"account",         option_url,       DEVICE(account_url),          "the URL of an account",       0, 0},
    {"version",         device_version,   0,                            NULL,                          0, 0},
    {"product",         option_text,      DEVICE(product_version),      "the product version",         0, 0},
    {"secret",          option_text,      DEVICE(secret),               "the secret of its keys",      0, 0},
    {"relay",           device_relay,     0,                            NULL,                          0, 0},
    {"over",            device_over,      0,                            NULL,                          0, 0},
    {"through",         device_through,   0,                            NULL,                          0, 0},
    {"attaches",        option_true,      DEVICE(attaches),             NULL,                          0, 0},
    {"holds",           option_true,      DEVICE(holds),                NULL,                          0, 0},
    {"not-ready",       device_not_ready, 0,                            NULL,                          0, 0},
    {"faulty",          device_not_ready, 0,                            NULL,                          1, 0},
    {"ack-delay",       option_duration,  DEVICE(ack_delay_ms),         "the ack-delay",               0, 0},
    {"connect-timeout", option_duration,  DEVICE(connect_timeout_ms),   "the connect-timeout",         0, 0},
    {"open-timeout",    option_duration,  DEVICE(open_timeout_ms),      "the open-timeout",            0, 0},
    {"outbound-idle",   option_duration,  DEVICE(outbound_idle_ms),     "the outbound-idle time",      0, 0},
    {"inbound-idle",    option_duration,  DEVICE(inbound_idle_ms),      "the inbound-idle time",       0, 0},
};
/* clang-format on */

bool declare_device(struct parser *p)
{
    struct scenario *s = p->scenario;
    if (s->num_devices == SCENARIO_DEVICES_MAX)
        return parser_fail_full(p, NAME_DEVICE, SCENARIO_DEVICES_MAX, "devices");
    struct scenario_device *device = &s->devices[s->num_devices];
    if (!parser_new_name(p, NAME_DEVICE, s->num_devices, &device->name))
        return false;
    device->relay = device->proxy = SCENARIO_NONE;
    device->major_version = 1;
    device->minor_version = 6;
    device->availability = SSTP_HANDLER_READY;
    device->secret = device->name;
    device->device_url = url_of_name(p, "dpp:///", device->name, "");
    device->identity_url = url_of_name(p, "grooveIdentity://", device->name, "");
    device->account_url = url_of_name(p, "grooveAccount://", device->name, "");
    s->num_devices++;
    return parser_options(p, device_options, G_N_ELEMENTS(device_options), device) &&
           parser_check_way(p, device->carrier, device->proxy) &&
           (!device->attaches || device->relay != SCENARIO_NONE ||
            parser_fail(p, "%s attaches, and has no relay", device->name));
}

/* ------------------------------------------------------------------------
 * Faults and findings
 */

static bool declare_drop(struct parser *p)
{
    struct name name;
    uint64_t num;
    if (!parser_name(p, NAME_DEVICE, &name) || !parser_need(p, "within") ||
        !parser_number(p, "a number of bytes", 1, 1u << 20, &num) || !parser_need(p, "bytes"))
        return false;
    p->scenario->devices[name.index].drop_within = num;
    return true;
}

bool declare_fault(struct parser *p)
{
    if (parser_accept(p, "drop"))
        return declare_drop(p);
    GString *text = g_string_new(NULL);
    while (parser_has_more(p))
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", parser_next(p));
    char *why = fault_plan_add(&p->scenario->faults, text->str);
    g_string_free(text, TRUE);
    if (why == NULL && wear_plan_is_of_file(&p->scenario->faults.capture))
        why = g_strdup("start, link, points and ring hold for the files of a run, not for a story: "
                       "--fault says them");
    if (why == NULL)
        return true;
    (void)parser_fail(p, "%s", why);
    g_free(why);
    return false;
}

/* NULL where it is none of these. */
static const char *find_filter(const struct sstp_finding_info *infos, unsigned num,
                               const char *word)
{
    for (unsigned i = 0; i < num; i++)
        if (strcmp(infos[i].filter, word) == 0)
            return infos[i].filter;
    return NULL;
}

bool declare_finding(struct parser *p)
{
    struct scenario *s = p->scenario;
    const char *word = parser_next(p);
    uint64_t num = 0;

    if (word == NULL)
        return parser_fail(p, "the name of a finding is needed at the end of the line");
    const char *filter = find_filter(sstp_finding_infos, SSTP_FINDING_COUNT, word);
    if (filter == NULL)
        filter = find_filter(henc_finding_infos, HENC_FINDING_COUNT, word);
    if (filter == NULL)
        return parser_fail(p, "no finding is called \"%s\"", word);
    for (unsigned f = 0; f < s->num_findings; f++)
        if (strcmp(s->findings[f].filter, word) == 0)
            return parser_fail(p, "the finding %s is said twice", word);
    if (s->num_findings == SCENARIO_FINDINGS_MAX)
        return parser_fail(p, "a scenario has at most %u findings", SCENARIO_FINDINGS_MAX);
    if (parser_has_more(p) && !parser_number(p, "how often", 1, 10000, &num))
        return false;
    s->findings[s->num_findings++] = (struct scenario_finding){filter, (unsigned)num};
    return true;
}

/* ------------------------------------------------------------------------
 * Names that came later
 */

static bool resolve(struct parser *p, const struct reference *reference)
{
    struct scenario *s = p->scenario;
    struct scenario_relay *relay = &s->relays[reference->relay];
    const struct name *name = parser_find(p, reference->word);
    const enum name_kind kind = reference->is_peer ? NAME_RELAY : NAME_DEVICE;
    if (name != NULL && name->is_unclear && name->kind != kind)
        return parser_follow(p);
    if (name == NULL || name->kind != kind)
        return parser_fail_unknown(p, kind, reference->word, "there is no %s \"%s\"",
                                   reference->is_peer ? "relay" : "device", reference->word);
    if (!reference->is_peer) {
        g_ptr_array_add(relay->locked_out, (gpointer)(uintptr_t)s->devices[name->index].device_url);
        g_ptr_array_add(relay->locked_out,
                        (gpointer)(uintptr_t)s->devices[name->index].identity_url);
        return true;
    }
    if (name->index == reference->relay)
        return parser_fail(p, "%s cannot be a peer of its own", relay->name);
    for (unsigned i = 0; i < relay->num_peers; i++)
        if (relay->peers[i] == name->index)
            return parser_fail(p, "the peer %s is said twice", reference->word);
    relay->peers[relay->num_peers++] = name->index;
    return true;
}

void declare_end(struct parser *p)
{
    for (guint i = 0; p->references != NULL && i < p->references->len; i++) {
        const struct reference *reference = &g_array_index(p->references, struct reference, i);
        p->file_name = reference->file_name;
        p->line = reference->line;
        p->place = reference->place;
        p->is_bad = false;
        (void)resolve(p, reference);
    }
}
