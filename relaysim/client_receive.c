/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_receive: the sessions of others, and their messages. */
#include "client_internal.h"
#include "client_print.h"

void client_receive_open(struct peer *peer, const struct sstp_ep_event *event)
{
    *event->availability = peer->run->config->receives ? SSTP_HANDLER_READY : SSTP_HANDLER_FAULT;
}

void client_receive_opened(struct peer *peer, const struct sstp_ep_event *event)
{
    g_hash_table_insert(peer->inbound, GUINT_TO_POINTER(event->session_id),
                        client_source_new(event->command));
}

void client_receive_message(struct peer *peer, struct sstp_ep *ep,
                            const struct sstp_ep_event *event)
{
    struct run *run = peer->run;
    const struct client_source *source =
        g_hash_table_lookup(peer->inbound, GUINT_TO_POINTER(event->session_id));

    /* Acknowledged once the line is out of our hands, and not before. */
    if (source == NULL || !client_print(source, event->message)) {
        client_fail(run, "the message could not be written to stdout");
        client_end(run);
        return;
    }
    run->num_received++;
    client_retry_received(&run->retry);
    (void)sstp_ep_complete(ep, event->number);
    client_end_if_done(run);
}
