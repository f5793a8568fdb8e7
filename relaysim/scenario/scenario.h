/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario: a story about relays and devices, as it stands in a file.
 *
 * A scenario file declares a cast, then tells what it does, a step a line, and what has
 * to come of it.  relaysim-scenario(5) describes the language; it reads like this:
 *
 *     title One message from device to device
 *     device A
 *     device B
 *
 *     A connects to B
 *     expect A connected
 *     A opens s1 to B
 *     expect s1 ready
 *     A sends M on s1 size 5000
 *     expect B received M
 *     expect A acknowledged M
 *
 * Everything is checked when it is parsed: names, ids, values, who may use which session.
 * Nothing here plays; play/play.h does.  Nor does it open files: what a scenario includes
 * comes from a reader, scenario/load.h has the usual one.
 *
 *     GPtrArray *mistakes;
 *     struct scenario *scenario = scenario_parse("s.scn", text, len, NULL, &mistakes);
 *     scenario_free(scenario);
 */
#ifndef RELAYSIM_SCENARIO_SCENARIO_H
#define RELAYSIM_SCENARIO_SCENARIO_H

#include <glib.h>

#include "base/fault.h"
#include "carrier/proxy_login.h"
#include "relay/relay.h"

#define SCENARIO_FILE_MAX (8u << 20)
#define SCENARIO_LINES_MAX 100000u     /* of a file */
#define SCENARIO_ALL_LINES_MAX 100000u /* that are read; those of a repetition each time */
#define SCENARIO_STEPS_MAX 200000u
#define SCENARIO_NESTING_MAX 8u        /* of files, and of repetitions */
#define SCENARIO_MISTAKES_MAX 20u      /* that are told */
#define SCENARIO_LINE_MAX (192u << 10) /* bytes: a FanoutOpen in hexadecimal digits */
#define SCENARIO_NAME_MAX 32u
#define SCENARIO_RELAYS_MAX 6u
#define SCENARIO_PROXIES_MAX 2u
#define SCENARIO_DEVICES_MAX 24u
#define SCENARIO_PUPPETS_MAX 8u
#define SCENARIO_SPEAKERS_MAX 8u
#define SCENARIO_SESSIONS_MAX 64u
#define SCENARIO_MESSAGES_MAX 256u
#define SCENARIO_MESSAGE_MAX (1u << 20)            /* bytes */
#define SCENARIO_ALL_MESSAGES_MAX (8u << 20)       /* bytes */
#define SCENARIO_WAIT_MAX_MS 86400000u             /* which a simulated clock does not take */
#define SCENARIO_AT_MAX_MS (7u * 24 * 3600 * 1000) /* after the first step */
#define SCENARIO_FINDINGS_MAX 16u

#define SCENARIO_NONE UINT_MAX /* instead of an index */

/* How a connection to a relay travels. */
enum scenario_carrier {
    SCENARIO_CARRIER_ANY, /* as it is asked for when the scenario is played; over TCP otherwise */
    SCENARIO_CARRIER_TCP,
    SCENARIO_CARRIER_443,
    SCENARIO_CARRIER_CONNECT, /* this one and the next through a proxy */
    SCENARIO_CARRIER_SOCKS,
    SCENARIO_CARRIER_LONGLIVED,
    SCENARIO_CARRIER_KEEPALIVE,
    SCENARIO_CARRIER_POLLING,
    SCENARIO_CARRIERS
};

/* Their words; NULL for the first. */
extern const char *const scenario_carrier_names[SCENARIO_CARRIERS];

struct scenario_relay {
    const char *name;
    struct sstp_relay_config config;              /* without store and callbacks */
    int64_t poll_max, poll_min, poll_repetitions; /* that its Polling clients are told */
    GPtrArray *urls;       /* const char *; the first one is what others know */
    GPtrArray *locked_out; /* const char * */
    unsigned peers[SCENARIO_RELAYS_MAX];
    unsigned num_peers;
    bool is_durable; /* its store is a file, and survives its end */
    bool is_stopped; /* until a step starts it */
};

struct scenario_proxy {
    const char *name;
    struct proxy_login *login; /* whom it lets in, and who goes through it is; NULL: everybody */
};

struct scenario_device {
    const char *name;
    const char *device_url, *identity_url, *account_url;
    const char *product_version; /* NULL: the usual */
    const char *secret;
    uint8_t major_version, minor_version;
    unsigned relay; /* that it connects to, or SCENARIO_NONE */
    enum scenario_carrier carrier;
    unsigned proxy; /* that it goes through, or SCENARIO_NONE */
    bool attaches, holds;
    enum sstp_availability availability;
    int64_t ack_delay_ms, connect_timeout_ms, open_timeout_ms, outbound_idle_ms, inbound_idle_ms;
    uint64_t drop_within; /* its first connection is reset after so many bytes at most; 0 */
};

/* Who says what steps say, and nothing of its own. */
struct scenario_puppet {
    const char *name;
    const char *url; /* where it is called, as a relay's */
};

/* One end of one TCP connection: it says the bytes that steps have it say. */
struct scenario_speaker {
    const char *name;
    unsigned at; /* the speaker whose address it has, which may be itself */
};

struct scenario_session {
    const char *name;
    unsigned originator; /* a device; SCENARIO_NONE for a relay's, that was given a name */
    unsigned receiver;   /* a device, or SCENARIO_NONE where a relay receives */
    bool is_fanout;
    GArray *destinations; /* struct scenario_destination; of its FanoutOpen */
};

struct scenario_destination {
    unsigned device;
    bool is_identity;      /* whichever device the identity uses */
    const char *relay_url; /* "" for none */
};

struct scenario_message {
    const char *name;
    unsigned session;
    struct sstp_ep_message fields; /* with the content */
    size_t num_continued;          /* bytes that steps send on their own before its end */
    bool has_ended;                /* a step ends it */
};

enum scenario_kind {
    SCENARIO_CONNECT, /* device; relay, carrier, proxy, or peer; url: another than theirs */
    SCENARIO_DIAL,    /* the same without a Connect */
    SCENARIO_OPEN,    /* device, session; destination, url: the resource */
    SCENARIO_FANOUT_OPEN,
    SCENARIO_SEND,         /* device, session, message */
    SCENARIO_BEGIN,        /* the same */
    SCENARIO_CONTINUE,     /* ...; number: of bytes, from offset on */
    SCENARIO_END,          /* ... */
    SCENARIO_COMPLETE,     /* device, items: messages */
    SCENARIO_AVAILABILITY, /* device, session or all; number: the availability, id: the reason */
    SCENARIO_CLOSE,        /* device, session, id: the reason */
    SCENARIO_LEAVE,        /* device, id: the reason */
    SCENARIO_CUT,          /* device */
    SCENARIO_LOSE_POST,    /* device */
    SCENARIO_NOOP,         /* device */
    SCENARIO_BYTES,        /* device, bytes */
    SCENARIO_REST,         /* relay, number: seconds */
    SCENARIO_STOP,         /* relay, id: the reason */
    SCENARIO_DIE,          /* relay, or proxy */
    SCENARIO_START,        /* likewise */
    SCENARIO_WAIT,         /* number: milliseconds */
    SCENARIO_AT,           /* number: milliseconds after the first step, or the last call */
    SCENARIO_CALL,         /* puppet; peer: another; carrier, proxy */
    SCENARIO_SAY,          /* puppet, bytes */
    SCENARIO_HANG_UP,      /* puppet */
    SCENARIO_BREAK_OFF,    /* puppet */
    SCENARIO_RING,         /* speaker; relay, or peer, a speaker; carrier: whose port */
    SCENARIO_SPEAK,        /* speaker, bytes */
    SCENARIO_RING_OFF,     /* speaker */
    SCENARIO_EXPECT_CONNECTED,    /* device */
    SCENARIO_EXPECT_REFUSED,      /* device, id: of the ConnectResponse */
    SCENARIO_EXPECT_DISCONNECTED, /* device, id: the reason; number: seconds, if has_number */
    SCENARIO_EXPECT_CUT,          /* device */
    SCENARIO_EXPECT_FAILED,       /* device */
    SCENARIO_EXPECT_STATE,        /* session, number: enum sstp_session_state */
    SCENARIO_EXPECT_OPEN_REFUSED, /* session, id: of the OpenResponse */
    SCENARIO_EXPECT_CLOSED,       /* session, id: the reason */
    SCENARIO_EXPECT_LOST,         /* session, id: StatusId; items: indexes of destinations */
    SCENARIO_EXPECT_OPENED,       /* device, session */
    SCENARIO_EXPECT_RECEIVED,     /* device, items: messages; none: nothing */
    SCENARIO_EXPECT_ACKNOWLEDGED, /* likewise; id: CommandId and number: MessageCount, if has_number
                                   */
    SCENARIO_EXPECT_UNACKNOWLEDGED, /* likewise */
    SCENARIO_EXPECT_COUNTER,        /* relay, id: enum scenario_counter, number */
    SCENARIO_EXPECT_HEARD           /* speaker, bytes */
};

enum scenario_counter {
    SCENARIO_STORED,
    SCENARIO_DELIVERED,
    SCENARIO_FORWARDED,
    SCENARIO_DISCARDED
};

/* A line of the story.  Which members mean something is said at each kind. */
struct scenario_step {
    enum scenario_kind kind;
    const char *file; /* as in "FILE:LINE" */
    unsigned line;
    const char *text; /* the line itself, without what is around it */
    unsigned device, relay, proxy, puppet, peer, session, message, speaker;
    enum scenario_carrier carrier;
    uint8_t id;
    bool has_number;
    bool is_any_order;
    uint64_t number;
    size_t offset;
    const char *url;
    GArray *items; /* unsigned */
    GByteArray *bytes;
};

/* What the plugin has to find in the capture, and nothing else. */
struct scenario_finding {
    const char *filter; /* after "sstp.expert." */
    unsigned num;       /* 0: once or more often */
};

struct scenario {
    const char *name; /* of the file, as in "NAME:LINE" */
    const char *title;
    struct scenario_relay relays[SCENARIO_RELAYS_MAX];
    unsigned num_relays;
    struct scenario_proxy proxies[SCENARIO_PROXIES_MAX];
    unsigned num_proxies;
    struct scenario_device devices[SCENARIO_DEVICES_MAX];
    unsigned num_devices;
    struct scenario_puppet puppets[SCENARIO_PUPPETS_MAX];
    unsigned num_puppets;
    struct scenario_speaker speakers[SCENARIO_SPEAKERS_MAX];
    unsigned num_speakers;
    struct scenario_session sessions[SCENARIO_SESSIONS_MAX];
    unsigned num_sessions;
    struct scenario_message messages[SCENARIO_MESSAGES_MAX];
    unsigned num_messages;
    struct scenario_finding findings[SCENARIO_FINDINGS_MAX];
    unsigned num_findings;
    const char *not_over[SCENARIO_CARRIERS]; /* why it cannot be played so; NULL where it can */
    struct fault_plan faults;
    GArray *steps; /* struct scenario_step */
    GStringChunk *strings;
    GPtrArray *contents; /* of the messages */
};

/* Where the text of an included file comes from. */
struct scenario_reader {
    /* What `file`, as "include" says it in a file named `from`, holds; with *name, what it
     * is called in its mistakes and by those that it includes, and *identity, which two
     * names of the same file share.  NULL with *why, a sentence.  All are to be freed by
     * g_free(). */
    GBytes *(*read)(void *cookie, const char *from, const char *file, char **name, char **identity,
                    char **why);
    void *cookie;
    const char *identity; /* of the scenario itself; NULL: it is no file */
};

/* Reads a scenario; `reader` is NULL where nothing can be included.  NULL with *mistakes,
 * all that are in it, a char * "NAME:LINE: sentence" each, to be freed with the array; of more
 * than SCENARIO_MISTAKES_MAX the rest is only counted, in a last one.  `text` need not be
 * terminated, nor be text. */
struct scenario *scenario_parse(const char *name, const char *text, size_t len,
                                const struct scenario_reader *reader, GPtrArray **mistakes);

void scenario_free(struct scenario *scenario); /* NULL is fine */

/* Why a scenario is not played over this carrier, as it says itself, or for nobody connects to a
 * relay, or through a proxy where the carrier does not; NULL where it is. */
const char *scenario_not_over(const struct scenario *scenario, enum scenario_carrier carrier);

#endif
