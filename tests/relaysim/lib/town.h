/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * town: several relays and their clients in memory, with a clock of each relay's own
 * and a transcript of every command: "A>1 FanoutOpen s=0x1 ...".
 *
 * Relays are "1", "2" ... with the URLs grooveDNS://relay1, grooveDNS://relay2 ...; a
 * relay knows all others unless told otherwise, and reaches those that have been made and are
 * not set unreachable.  A puppet is a relay that is a bare endpoint, which the test moves.
 * Clients are single letters, with dpp:///a and grooveIdentity://a; the same letter again is
 * the same device, connected once more.  Stores on a disk are written whenever nothing moves.
 */
#ifndef RELAYSIM_TESTS_TOWN_H
#define RELAYSIM_TESTS_TOWN_H

#include <glib.h>

#include "client/client.h"
#include "relay/relay.h"

#define TOWN_RELAYS_MAX 4
#define TOWN_CLIENTS_MAX 16

struct town;

struct town_relay {
    struct town *town;
    char name[8], url[32];
    struct sstp_relay *relay; /* NULL: not there */
    int64_t now_ms;
    bool is_unreachable; /* nobody gets through to it */
    bool is_dead_end;    /* whoever dials it waits for ever */
    bool is_deaf;        /* what is sent to it stays where it is */
    unsigned num_dials;  /* it was asked for so many */
    uint64_t last_dial;  /* the number of the last */
    struct sstp_ep *puppet;
    bool is_puppet;
    uint8_t connect_response; /* the puppet's, to the next Connect */
    uint32_t retry_time;      /* with that; 7 seconds at first */
    uint32_t opened_id;       /* the last session that was opened to the puppet */
    uint8_t opened_flags;     /* of its FanoutOpen */
    GArray *numbers;          /* uint64_t, of the messages that it got */
};

struct town_client {
    struct town *town;
    char name[8];
    char device_url[32], identity_url[32];
    const char *identity_urls[1];
    struct town_relay *at;
    struct sstp_client *client;
    bool is_ready, is_closed;
    bool is_held;      /* what comes is not completed */
    bool is_unwilling; /* no session to it is opened */
    bool is_deaf;      /* what is sent to it stays where it is */
    unsigned num_opened;
    uint32_t opened_id; /* the last session that was opened to it */
    int open_response_id, session_reason_id, close_reason_id; /* -1 */
    unsigned num_acknowledged, num_unacknowledged, num_lost;
    GArray *numbers;                                 /* uint64_t, of all that came */
    void (*look)(const struct sstp_ep_event *event); /* at every event; may be NULL */
    GString *received;                               /* each with a ";" after it */
};

struct town {
    struct town_relay relays[TOWN_RELAYS_MAX];
    struct town_client clients[TOWN_CLIENTS_MAX];
    size_t num_clients;
    GPtrArray *links;
    GString *commands;
    uint8_t random;
};

struct town *town_new(void);
void town_free(struct town *town);

/* Relay number 1 to 4.  What is not set: its URL, version 1.6, no authentication; and the two
 * `supports_` members mean their contrary here, so that both are there unless asked. */
struct town_relay *town_relay(struct town *town, unsigned number,
                              const struct sstp_relay_config *config);

/* The same for a bare endpoint, that accepts one connection at a time. */
struct town_relay *town_puppet(struct town *town, unsigned number, uint8_t minor_version);

/* Client `name` at a relay, attached if it is to receive. */
struct town_client *town_client(struct town *town, char name, struct town_relay *at,
                                uint8_t minor_version, bool attaches);

/* Carries bytes and lets the relays tick until nothing moves. */
void town_settle(struct town *town);

/* Carries only what one relay has to say to another, once. */
void town_hear(struct town_relay *from, struct town_relay *to);

/* Carries only what a client has to say, once. */
void town_speak(struct town_client *client);

/* One command, that a puppet's endpoint would not say by itself. */
void town_say(struct town_relay *puppet, struct town_relay *to, const struct sstp_command *command);

/* Lets time pass: for one relay and its clients, for nobody else. */
void town_advance(struct town_relay *relay, int64_t ms);

/* The transports between two relays break; or only those that one opened; or a client's. */
void town_cut(struct town_relay *a, struct town_relay *b);
void town_cut_dialed(struct town_relay *from, struct town_relay *to);
void town_cut_client(struct town_client *client);

/* Opens a session to the identity of client `name`, on any device, or on its own. */
uint32_t town_open(struct town_client *from, char name, bool is_to_device, const char *resource);

/* A client completes what it was sent, but for what it has completed. */
void town_complete(struct town_client *client);

/* Opens a fanout session to `names`, such as "b1 c1 d2": client and relay number, 0
 * for no RelayURL; with a capital letter it is for whichever device the identity uses. */
uint32_t town_fanout(struct town_client *from, const char *names);
uint32_t town_fanout_unsettled(struct town_client *from, const char *names);

/* Sends text; `flags` as in Message. */
void town_send(struct town_client *from, uint32_t session_id, const char *text, uint8_t flags);

struct sstp_ep *town_ep(struct town_client *client);

/* The state of a session of a client's; -1 when it has none. */
int town_session_state(struct town_client *client, uint32_t session_id);

/* What was said since the last time is exactly this; then it is forgotten. */
#define assert_said(town, expected)                                                                \
    do {                                                                                           \
        g_assert_cmpstr((town)->commands->str, ==, expected);                                      \
        g_string_truncate((town)->commands, 0);                                                    \
    } while (0)

#endif
