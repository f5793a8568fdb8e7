/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * course: what really happened on one connection, as its two endpoints told it.
 *
 * Each command that was sent is kept with what became of it at both ends: the
 * states right after it, what it acknowledged, what was outstanding.  Nothing
 * here comes from an observer: it is what observers are compared with.
 *
 * Which message a count acknowledges is said by who sent the count, whose
 * InboundMessageList it emptied (GRVSSTP 3.1.4.2.1), and holds even where the
 * count met a connection that its receiver had closed already.  A message that no
 * such count covers is undelivered.
 *
 * Directions are indexed by from_initiator.
 */
#ifndef TESTS_RANDOM_COURSE_H
#define TESTS_RANDOM_COURSE_H

#include <glib.h>

#include "core/command.h"
#include "state/transition.h"

enum course_end { COURSE_SENDER, COURSE_RECEIVER };

/* How one end stood right after a command. */
struct course_view {
    bool is_known; /* false where the endpoint had closed the connection before */
    enum sstp_connection_state connection;
    bool has_session; /* one of messages; as this end has it, which is 'closed' for none */
    enum sstp_session_state session;
    enum sstp_receiver_state receiver;
    bool has_active; /* a fanout session, FanoutOpen or SessionStatus */
    unsigned active;
    bool has_outstanding; /* as of sstp.ack.outstanding */
    size_t outstanding;
    uint64_t first, covered; /* numbers in the ledger, from 1 */
    size_t remaining;
    uint32_t findings; /* SSTP_OBSERVED() bits that the command earns here */
};

struct course_session;

struct course_command {
    bool from_initiator;
    uint8_t id;
    uint32_t session_id;
    uint32_t message_count;
    uint8_t response_id;
    uint64_t start, end;            /* of its bytes in its direction */
    struct course_session *session; /* NULL without a SessionId or EventId */
    uint32_t number;                /* of the message it belongs to, from 1; 0 for none */
    uint64_t entered;               /* EndMessage: its number in the ledger, from 1 */
    uint16_t *indexes;              /* of a SessionStatus */
    unsigned num_indexes;
    struct course_command *request;          /* that this is the first answer to */
    struct course_command *response;         /* the first answer to this */
    struct course_command *acknowledged_by;  /* EndMessage */
    bool is_told_acknowledged, is_told_lost; /* EndMessage: by the events of its sender */
    unsigned step;
    struct course_view views[2]; /* by enum course_end */
};

/* A session of any kind, from one opening command to the next of its id. */
struct course_session {
    uint32_t id;
    const struct course_command *open;
    bool is_event; /* attach or register session */
    bool is_fanout;
    bool is_empty;  /* FanoutOpen without destinations: its receiver never has it */
    bool has_twins; /* destinations that a SessionStatus cannot tell apart by name */
    char *resource_url;
    uint32_t message;                    /* the last one begun */
    struct course_command *registration; /* a Register without its answer */
    unsigned num_in_flight;              /* commands that their receiver has not had */
};

struct course {
    GPtrArray *commands[2]; /* struct course_command, in the order of sending */
    GPtrArray *entered[2];  /* the EndMessages among them */
    GHashTable *by_id;      /* the last session of each id */
    GPtrArray *sessions;
    struct course_command *connect;
    uint64_t num_bytes[2];
    uint32_t num_messages[2];
    unsigned num_reused_ids;
};

struct course *course_new(void);
void course_free(struct course *course);

/* An endpoint sent a command at this step; its views are left to fill in. */
struct course_command *course_add(struct course *course, bool from_initiator,
                                  const struct sstp_command *command, unsigned step);

/* The count of `command` took `covered` messages, from this number on, out of the
 * InboundMessageList of its sender. */
void course_acknowledge(struct course *course, struct course_command *command, uint64_t first,
                        uint64_t covered);

/* The last session of this id, or NULL. */
struct course_session *course_session(const struct course *course, uint32_t id);

/* The command that ends at this byte of its direction, or NULL. */
struct course_command *course_command_ending_at(const struct course *course, bool from_initiator,
                                                uint64_t end);

/* Whether a command begins at this byte of its direction, or the next one will. */
bool course_is_boundary(const struct course *course, bool from_initiator, uint64_t position);

/* The EndMessage of this number in the ledger of its direction. */
struct course_command *course_entered(const struct course *course, bool from_initiator,
                                      uint64_t number);

#endif
