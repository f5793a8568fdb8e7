/* SPDX-License-Identifier: GPL-2.0-or-later */
/* observing: a command on its way through the observer, and what all of the observer's files
 * do with it alike; for nobody else. */
#ifndef SSTP_STATE_OBSERVING_H
#define SSTP_STATE_OBSERVING_H

#include "state/observed.h"

/* A command on its way through the observer. */
struct sstp_observing {
    struct sstp_observer *observer;
    const struct sstp_command *command;
    struct sstp_observed_place place;
    bool from_initiator;
    /* The other side's ConnectClose came before it, and both may have crossed. */
    bool is_late;
    const struct sstp_observed_knowledge *knowledge; /* of the sender; NULL: it knew all */
    struct sstp_observation *seen;
};

/* No state is known any more. */
void sstp_observing_forget(struct sstp_observer *observer);

/* Bytes of either direction were missed: no state is known any more, nor what is
 * outstanding. */
void sstp_observing_lose(struct sstp_observer *observer);

void sstp_observing_find(const struct sstp_observing *observing, enum sstp_finding finding);

/* Memory ran out: what the command would have told is missed. */
void sstp_observing_give_up(const struct sstp_observing *observing);

/* Enters the command as a request; its index + 1, or 0 without memory. */
uint32_t sstp_observing_ask(const struct sstp_observing *observing);

/* The command is the answer to exchange - 1, if there is one and it has none. */
void sstp_observing_answer(const struct sstp_observing *observing, uint32_t exchange);

/* The session of the command's id with its states as far as they are known, or
 * NULL; *index is set with it. */
struct sstp_observed_session *sstp_observing_session(const struct sstp_observing *observing,
                                                     uint32_t *index);

/* Whether the command may open a session of its id; if not, that is found. */
bool sstp_observing_may_open(const struct sstp_observing *observing);

/* A new session of the command's id, or NULL without memory. */
struct sstp_observed_session *sstp_observing_add_session(const struct sstp_observing *observing,
                                                         enum sstp_session_kind kind,
                                                         int originator);

/* The command concerns this session: its states go into the observation. */
void sstp_observing_tell_session(const struct sstp_observing *observing,
                                 const struct sstp_observed_session *session, uint32_t index);

/* There is no session of the command's id. */
void sstp_observing_unknown_session(const struct sstp_observing *observing);

/* A copy of a string with a 0 after it; NULL where it is not there or has no room. */
char *sstp_observing_copy(const struct sstp_observer *observer, struct sstp_span text);

/* Keeps the ResourceURL of the command with the session. */
void sstp_observing_keep_resource_url(const struct sstp_observing *observing,
                                      struct sstp_observed_session *session);

/* The fanout list of a session goes. */
void sstp_observing_drop_fanout(const struct sstp_observer *observer,
                                struct sstp_observed_session *session);

#endif
