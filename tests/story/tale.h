/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tale: connections that are told to a story command by command, through observers. */
#ifndef TESTS_STORY_TALE_H
#define TESTS_STORY_TALE_H

#include <glib.h>

#include "story/story.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

/* Told of what passes and is not hidden: times and commands, and where they go. */
struct tale_listener {
    /* A connection between two addresses; nothing of it may ever be seen. */
    void (*on_transport)(void *cookie, uint32_t connection, const char *initiator,
                         const char *acceptor);
    void (*on_command)(void *cookie, uint32_t connection, bool from_initiator, int64_t time_ns,
                       const struct sstp_command *command);
    /* An EndMessage, with the payload that comes before it. */
    void (*on_message)(void *cookie, uint32_t connection, bool from_initiator, int64_t time_ns,
                       const struct sstp_command *end, const char *payload);
    void (*on_end)(void *cookie, uint32_t connection, int64_t time_ns);
    void *cookie;
};

struct tale {
    struct sstp_story *story;
    int64_t now_ns;
    int64_t step_ns;                      /* added with each command */
    uint32_t label;                       /* of the last command */
    bool is_blind;                        /* what passes is not told to the story */
    GPtrArray *connections;               /* struct tale_connection */
    const struct tale_listener *listener; /* NULL: nobody */
};

struct tale_connection;

/* Without a configuration times are kept, and numbers are not. */
void tale_init(struct tale *tale, const struct sstp_story_config *config);
void tale_clear(struct tale *tale);

/* A connection with its Connect and ConnectResponse, at a point. */
struct tale_connection *tale_connect_at(struct tale *tale, uint32_t point, const char *initiator,
                                        const char *acceptor);
struct tale_connection *tale_connect(struct tale *tale, const char *initiator,
                                     const char *acceptor);
/* One of which nothing has passed. */
struct tale_connection *tale_transport(struct tale *tale, uint32_t point, const char *from,
                                       const char *to);
void tale_say_connect(struct tale_connection *connection, const char *initiator,
                      const char *acceptor);
void tale_say_response(struct tale_connection *connection, const char *acceptor);
void tale_attach(struct tale_connection *connection);

uint32_t tale_number(const struct tale_connection *connection);

/* A session of this SessionId. */
void tale_open(struct tale_connection *connection, bool from_initiator, uint32_t id,
               const char *resource, const char *identity, const char *device);
struct tale_recipient {
    const char *identity, *device, *relay; /* NULL: empty */
};
void tale_fanout(struct tale_connection *connection, bool from_initiator, uint32_t id,
                 const char *resource, const struct tale_recipient *recipients, unsigned num);
void tale_response(struct tale_connection *connection, bool from_initiator, uint32_t id,
                   uint8_t response_id);
/* In the form of 1.6. */
void tale_status(struct tale_connection *connection, bool from_initiator, uint32_t id,
                 uint8_t status_id, unsigned index);
void tale_close(struct tale_connection *connection, bool from_initiator, uint32_t id);

/* A message; its leg. */
uint32_t tale_send(struct tale_connection *connection, bool from_initiator, uint32_t id,
                   const char *text);
uint32_t tale_send_as(struct tale_connection *connection, bool from_initiator, uint32_t id,
                      const char *text, const char *user_ref, uint8_t flags);
/* A Noop. */
void tale_acknowledge(struct tale_connection *connection, bool from_initiator, uint32_t count);
void tale_gap(struct tale_connection *connection);
void tale_end(struct tale_connection *connection);

/* ---- what the story tells ---- */

struct sstp_story_leg tale_leg(const struct tale *tale, uint32_t leg);
/* The recipient of the leg's journey whose IdentityURL or DeviceURL this is. */
struct sstp_story_branch tale_branch(const struct tale *tale, uint32_t leg, const char *url);

#endif
