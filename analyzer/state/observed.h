/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observed: what an observer (observer.h) keeps of a connection, and what it says of a
 * command. */
#ifndef SSTP_STATE_OBSERVED_H
#define SSTP_STATE_OBSERVED_H

#include "core/command.h"
#include "core/findings.h"
#include "state/array.h"
#include "state/fanout.h"
#include "state/id_tree.h"
#include "state/ledger.h"
#include "state/returns.h"
#include "state/rows.h"
#include "state/transition.h"

/* Where and when a command was complete.  The observer hands both back. */
struct sstp_observed_place {
    uint32_t frame;  /* not 0 */
    int64_t time_ns; /* since any fixed moment */
};

/* What the sender of a command can have known: that it stands at a position of its direction's
 * bytes, and up to which position of the other direction's its sender had received them. */
struct sstp_observed_knowledge {
    uint64_t position; /* after the command; not 0 */
    uint64_t known;
};

/* The findings that can be about a command's place in the conversation, as bits. */
#define SSTP_OBSERVED(finding) (1u << ((finding)-SSTP_FINDING_STATE_FIRST))
#define SSTP_OBSERVED_FINDINGS (SSTP_FINDING_STATE_LAST - SSTP_FINDING_STATE_FIRST + 1)

/* What a command was, and what it left after.  Members without a `has_` are
 * unknown where they are 0. */
struct sstp_observation {
    enum sstp_connection_state connection_state;
    enum sstp_session_state session_state;
    enum sstp_receiver_state receiver_state;
    uint32_t findings; /* SSTP_OBSERVED() bits */

    bool has_session;
    uint32_t session; /* index */
    /* The command asks (Connect, Open, FanoutOpen, Attach, Register), or is the
     * first answer to one that did. */
    bool has_exchange, is_response;
    uint32_t exchange;
    bool has_message; /* Message, Data, EndMessage */
    uint32_t message; /* index in its direction */
    bool has_entry;   /* EndMessage: it entered the ledger of its direction */
    uint32_t entry;   /* at this position */
    bool has_acknowledgement;
    uint32_t acknowledgement; /* index in the direction of the command */
    bool has_outstanding;
    uint32_t outstanding; /* messages: see sstp.ack.outstanding */
    bool has_active;
    uint32_t active; /* destinations left in the fanout session */
    /* It names a session that is over, or that never was, and may be of the next one of the id. */
    bool may_be_of_next;
};

enum sstp_session_kind {
    SSTP_SESSION_OF_MESSAGES, /* opened by Open, or who knows by what */
    SSTP_SESSION_OF_FANOUT,
    SSTP_SESSION_OF_ATTACH,
    SSTP_SESSION_OF_REGISTER
};

/* A session, from its Open or from the first command of it that was seen. */
struct sstp_observed_session {
    uint32_t id;
    uint32_t open_frame; /* of the Open or FanoutOpen; 0 where it was not seen */
    uint32_t num_messages;
    const char *resource_url; /* 0-terminated; NULL where it was not seen */
    struct sstp_fanout *fanout;
    uint32_t epoch;        /* up to which gap the states are known */
    uint32_t exchange;     /* index + 1: Open, FanoutOpen or Attach, and its answer */
    uint32_t registration; /* index + 1: the last Register, as long as it has no answer */
    uint32_t message;      /* index + 1 of the one that is under way */
    uint64_t message_size; /* that its Message has told; 0: none */
    uint64_t octets;       /* of its Data so far */
    enum sstp_session_kind kind;
    enum sstp_session_state state;
    enum sstp_receiver_state receiver;
    int8_t originator;  /* a direction; -1: not known */
    int8_t closed_by;   /* a direction; -1: nobody */
    bool has_closed[2]; /* each direction; may have crossed */
    bool is_answered;   /* by an OpenResponse that an Open is answered with; likewise */
    bool was_refused;   /* closed by an OpenResponse */
    bool is_vague;      /* commands of it were missed */
    /* What its Open or FanoutOpen said, where that was seen. */
    bool is_presence, has_entries, has_remote_entries;
    bool is_unread; /* not all of that was there */
    bool awaits_attach_response, has_attach_response;
    /* Position, in each direction, of the last command that changed what the other side may
     * do on it; 0 where that is not known. */
    uint64_t changed[2];
};

struct sstp_observed_message {
    uint32_t session;           /* index */
    uint32_t number;            /* sstp.message.number; 0 where it is not known */
    bool wants_acknowledgement; /* at once: AcknowledgeImmediately */
};

/* A message in the ledger, entered by its EndMessage. */
struct sstp_observed_entry {
    int64_t time_ns;
    uint32_t frame;
    uint32_t message; /* index; UINT32_MAX where there was no Message */
};

/* A MessageCount that is not 0. */
struct sstp_observed_acknowledgement {
    int64_t time_ns;
    uint32_t frame;
    uint32_t first;     /* position in the other direction's ledger */
    uint32_t covered;   /* entries from there on */
    uint32_t remaining; /* outstanding after it */
};

/* A command that wants an answer. */
struct sstp_observed_exchange {
    int64_t request_time_ns;
    uint32_t request_frame;
    uint32_t response_frame; /* 0 as long as there is none */
};

/* What one direction sent. */
struct sstp_observed_direction {
    struct sstp_rows messages; /* struct sstp_observed_message */
    uint32_t num_numbered;     /* messages since the Connect */
    struct sstp_ledger ledger;
    struct sstp_rows entries;          /* struct sstp_observed_entry, by position */
    struct sstp_rows acknowledgements; /* of the other direction, oldest first */
    bool has_closed;                   /* ConnectClose */
    bool is_heard;                     /* a command of it was seen */
    bool has_wanted;                   /* a message wants to be acknowledged at once */
};

/* The members are private. */
struct sstp_observer {
    const struct sstp_mem *mem;
    enum sstp_connection_state state;
    bool is_complete; /* every command since the first, or since a Connect, was seen */
    bool is_counting; /* what is outstanding is known */
    bool are_roles_known;
    bool hears_both;        /* who hands in the commands would know of bytes that are missing */
    bool has_attached;      /* the initiator is a client */
    bool has_ended;         /* the transport, or by ConnectClose */
    bool has_early_command; /* one that came before the Connect */
    uint32_t epoch;         /* gaps so far */
    uint32_t connect;       /* index + 1 of the exchange that the ConnectResponse ends */
    /* Of the last Connect: TargetDeviceURL, and the first of SourceDeviceURLs; NULL: not known. */
    char *target, *source;
    bool awaits_target;           /* its answer has not said yet who the acceptor is */
    struct sstp_returns *returns; /* over all connections; NULL where nobody keeps it */
    struct sstp_array sessions;
    struct sstp_array exchanges;
    struct sstp_id_tree ids; /* of the sessions */
    struct sstp_observed_direction directions[2];
    uint64_t changed[2]; /* as of a session */
};

/* Whether a finding rests on what the other side has not sent: a claim only for who
 * knows that nothing of it was missed so far. */
bool sstp_observed_rests_on_silence(enum sstp_finding finding);

#endif
