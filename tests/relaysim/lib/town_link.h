/* SPDX-License-Identifier: GPL-2.0-or-later */
/* town_link: the transports of a town (town.h), and what they carry; for town.c alone. */
#ifndef RELAYSIM_TESTS_TOWN_LINK_H
#define RELAYSIM_TESTS_TOWN_LINK_H

#include "town.h"

/* One transport; `ends` [0] opened it. */
struct town_link {
    struct town *town;
    bool is_cut;
    struct town_end {
        struct town_link *link;
        struct town_client *client; /* or ... */
        struct town_relay *relay;   /* ... a relay, with its connection */
        struct sstp_relay_connection *connection;
        bool is_awake; /* it may have output: so it was said */
    } ends[2];
};

struct town_link *town_link_new(struct town *town);
/* Both ends are told, once. */
void town_link_cut(struct town_link *link);

struct sstp_ep *town_end_ep(const struct town_end *end);
const char *town_end_name(const struct town_end *end);

/* Writes into the transcript what an end says. */
void town_note(const struct town_end *from, const struct sstp_command *command);

#endif
