/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hint: what a relay's few words for a refusal may stand for.  The protocol has none
 * for its limits; each of these names the options that are known to lead to the word, with a
 * blank before it, or is "" for a word that says all there is to say.
 */
#ifndef RELAYSIM_CLIENT_HINT_H
#define RELAYSIM_CLIENT_HINT_H

#include <stdint.h>

const char *client_hint_connect_response(uint8_t response_id);
const char *client_hint_connect_close(uint8_t reason_id);
const char *client_hint_open_response(uint8_t response_id);
const char *client_hint_close(uint8_t reason_id);    /* of a session */
const char *client_hint_register(uint8_t reason_id); /* likewise, of Attach or Register */
const char *client_hint_status(uint8_t status_id);   /* of SessionStatus */

#endif
