/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connection: Connect to ConnectClose (GRVSSTP 3.1.5.1-4). */
#include "endpoint/endpoint.h"
#include "endpoint/internal.h"

#include <assert.h>

/* What follows a ConnectResponse that is not Ok.  GRVSSTP 3.1.5.1 leaves the
 * reason to the higher layer; these say the same as the response, where there is
 * a reason that does. */
static const struct {
    uint8_t response_id, reason_id;
} refusal_reasons[] = {
    {SSTP_CONNECT_RESPONSE_WRONG_DEVICE, SSTP_CONNECT_CLOSE_NO_REASON},
    {SSTP_CONNECT_RESPONSE_TRY_LATER, SSTP_CONNECT_CLOSE_RESTING},
    {SSTP_CONNECT_RESPONSE_WILL_UPGRADE, SSTP_CONNECT_CLOSE_UPGRADE},
    {SSTP_CONNECT_RESPONSE_WONT_UPGRADE, SSTP_CONNECT_CLOSE_UPGRADE},
    {SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED, SSTP_CONNECT_CLOSE_NEW_VERSION_REQUIRED},
    {SSTP_CONNECT_RESPONSE_AUTHENTICATION_FAILED, SSTP_CONNECT_CLOSE_DEVICE_AUTHENTICATION_FAILED},
    {SSTP_CONNECT_RESPONSE_CONNECT_REJECTED, SSTP_CONNECT_CLOSE_REJECTED},
};

static uint8_t refusal_reason(uint8_t response_id)
{
    for (size_t i = 0; i < sizeof refusal_reasons / sizeof refusal_reasons[0]; i++)
        if (refusal_reasons[i].response_id == response_id)
            return refusal_reasons[i].reason_id;
    return SSTP_CONNECT_CLOSE_NO_REASON;
}

/* GRVSSTP 3.1.5.1 lets the minor version of a newer major one decide between
 * the two, without saying how.  Our choice: what is not ahead of us in the minor
 * version may be met by an upgrade. */
static uint8_t response_to_newer_major(const struct sstp_ep *ep, uint8_t minor_version)
{
    return minor_version <= ep->config.minor_version ? SSTP_CONNECT_RESPONSE_WILL_UPGRADE
                                                     : SSTP_CONNECT_RESPONSE_WONT_UPGRADE;
}

static bool is_local_device(const struct sstp_ep *ep, struct sstp_span url)
{
    for (size_t i = 0; i < ep->config.num_device_urls; i++)
        if (sstp_span_is_equal(url, sstp_span_of_string(ep->config.device_urls[i])))
            return true;
    return false;
}

/* Longer than what a Connect or ConnectResponse has room for. */
#define DEVICES_SIZE 2056u

/* The LocalDeviceURLs in their wire form, in `buffer` of DEVICES_SIZE bytes.  False when
 * they do not fit: half of them, or none, would be another device's. */
static bool local_devices(const struct sstp_ep *ep, void *buffer, struct sstp_list *urls)
{
    struct sstp_writer w = sstp_writer(buffer, DEVICES_SIZE);
    for (size_t i = 0; i < ep->config.num_device_urls; i++)
        sstp_write_string(&w, sstp_span_of_string(ep->config.device_urls[i]));
    *urls = (struct sstp_list){(uint16_t)ep->config.num_device_urls, sstp_writer_span(&w)};
    return !w.failed;
}

enum sstp_ep_err sstp_ep_connect(struct sstp_ep *ep, const char *target_device_url,
                                 struct sstp_span token)
{
    uint8_t buffer[DEVICES_SIZE];
    struct sstp_list devices;

    if (ep->state != SSTP_CONNECTION_TRANSPORT_CONNECTED || !ep->config.is_originator)
        return SSTP_EP_WRONG_STATE;
    if (!local_devices(ep, buffer, &devices))
        return SSTP_EP_TOO_LONG;
    const struct sstp_command command = {
        .id = SSTP_CONNECT,
        .major_version = ep->config.major_version,
        .minor_version = ep->config.minor_version,
        .target_device_url = sstp_span_of_string(target_device_url),
        .device_urls = devices,
        .token = token,
        .product_version = sstp_span_of_string(ep->config.product_version),
        .product_capabilities = sstp_span_of_string(ep->config.product_capabilities)};
    const enum sstp_ep_err err = sstp_ep_queue(ep, &command);
    if (err != SSTP_EP_OK)
        return err;
    ep->state = SSTP_CONNECTION_CONNECTING;
    SSTP_EP_NOTE_CONNECTION(ep);
    return SSTP_EP_OK;
}

/* The version in force (GRVSSTP 3.1.5.1-2; SPECIFICATION.md). */
static enum sstp_version common_version(const struct sstp_ep *ep, uint8_t minor_version)
{
    return sstp_version_of_minor(
        minor_version < ep->config.minor_version ? minor_version : ep->config.minor_version);
}

/* Whether the SourceDeviceURLs identify the sender, as GRVSSTP 2.2.1.1 says they do: there
 * is one, and none is empty. */
static bool names_devices(const struct sstp_command *connect)
{
    struct sstp_reader r = sstp_reader(connect->device_urls.bytes);
    for (unsigned i = 0; i < connect->device_urls.count; i++)
        if (sstp_read_string(&r).len == 0)
            return false;
    return connect->device_urls.count > 0;
}

/* What the Connect earns by the rules that need no higher layer. */
static uint8_t check_connect(const struct sstp_ep *ep, const struct sstp_command *command)
{
    if (!is_local_device(ep, command->target_device_url))
        return SSTP_CONNECT_RESPONSE_WRONG_DEVICE;
    if (command->major_version > ep->config.major_version)
        return response_to_newer_major(ep, command->minor_version);
    if (command->major_version < ep->config.major_version)
        return SSTP_CONNECT_RESPONSE_NEW_VERSION_REQUIRED;
    return SSTP_CONNECT_RESPONSE_OK;
}

/* Answers a Connect; `command` is that, or NULL when it came earlier. */
static void answer_connect(struct sstp_ep *ep, const struct sstp_ep_connect_answer *answer,
                           const struct sstp_command *command)
{
    uint8_t buffer[DEVICES_SIZE];
    struct sstp_list devices = {0, {NULL, 0}};

    if (answer->response_id == SSTP_CONNECT_RESPONSE_OK && !local_devices(ep, buffer, &devices)) {
        sstp_ep_close_connection(ep, SSTP_CONNECT_CLOSE_INTERNAL_ERROR, 0);
        return;
    }
    const struct sstp_command response = {
        .id = SSTP_CONNECT_RESPONSE,
        .major_version = ep->config.major_version,
        .minor_version = ep->config.minor_version,
        .response_id = answer->response_id,
        .token = answer->token,
        .flags = (uint8_t)((ep->config.supports_multi_drop ? SSTP_CONNECT_FLAG_MULTI_DROP : 0) |
                           (ep->config.supports_single_hop ? SSTP_CONNECT_FLAG_SINGLE_HOP : 0)),
        .product_version = sstp_span_of_string(ep->config.product_version),
        .product_capabilities = sstp_span_of_string(ep->config.product_capabilities),
        .device_urls = devices,
        .wait_time = answer->retry_time};
    if (!sstp_ep_answer(ep, &response))
        return;
    if (answer->response_id != SSTP_CONNECT_RESPONSE_OK) {
        ep->state = SSTP_CONNECTION_ABORTING;
        SSTP_EP_NOTE_CONNECTION(ep);
        sstp_ep_close_connection(ep, refusal_reason(answer->response_id), answer->retry_time);
        return;
    }
    if (answer->is_crossed) {
        ep->state = SSTP_CONNECTION_ABORTING;
        SSTP_EP_NOTE_CONNECTION(ep);
        sstp_ep_close_connection(ep, SSTP_CONNECT_CLOSE_CROSSED_CONNECTIONS, 0);
        return;
    }
    ep->state = SSTP_CONNECTION_ESTABLISHED;
    SSTP_EP_NOTE_CONNECTION(ep);
    ep->connect_deadline_ms = SSTP_EP_NEVER;
    ep->version = common_version(ep, ep->peer_minor_version);
    sstp_ep_raise(ep,
                  &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_ESTABLISHED, .command = command});
}

void sstp_ep_on_connect(struct sstp_ep *ep, const struct sstp_command *command)
{
    if (ep->config.is_originator ||
        !sstp_connection_transition(ep->state, command->id, 0, &ep->state)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    SSTP_EP_NOTE_CONNECTION(ep);
    ep->peer_minor_version = command->minor_version;
    struct sstp_ep_connect_answer answer = {.response_id = check_connect(ep, command),
                                            .retry_time = ep->config.upgrade_retry_time};
    /* Another version's Connect may name its devices in another way. */
    if (answer.response_id == SSTP_CONNECT_RESPONSE_OK && !names_devices(command)) {
        sstp_ep_refuse_because(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR,
                               "the Connect names no device"); /* GRVSSTP 3.1.5 */
        return;
    }
    if (answer.response_id == SSTP_CONNECT_RESPONSE_OK)
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_CONNECT,
                                                  .command = command,
                                                  .connect_answer = &answer});
    ep->awaits_answer = answer.is_later;
    if (!answer.is_later)
        answer_connect(ep, &answer, command);
}

enum sstp_ep_err sstp_ep_answer_connect(struct sstp_ep *ep,
                                        const struct sstp_ep_connect_answer *answer)
{
    if (ep->state != SSTP_CONNECTION_CONNECTING || !ep->awaits_answer)
        return SSTP_EP_WRONG_STATE;
    ep->awaits_answer = false;
    answer_connect(ep, answer, NULL);
    return SSTP_EP_OK;
}

void sstp_ep_on_connect_response(struct sstp_ep *ep, const struct sstp_command *command)
{
    if (!ep->config.is_originator ||
        !sstp_connection_transition(ep->state, command->id, command->response_id, &ep->state)) {
        sstp_ep_refuse(ep, SSTP_CONNECT_CLOSE_PROTOCOL_ERROR);
        return;
    }
    SSTP_EP_NOTE_CONNECTION(ep);
    if (command->response_id != SSTP_CONNECT_RESPONSE_OK) {
        /* The ConnectClose that has to follow ends it, or the deadline. */
        sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_REFUSED,
                                                  .command = command,
                                                  .response_id = command->response_id,
                                                  .wait_time = command->wait_time});
        return;
    }
    ep->connect_deadline_ms = SSTP_EP_NEVER;
    ep->version = common_version(ep, command->minor_version);
    sstp_ep_raise(ep,
                  &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_ESTABLISHED, .command = command});
}

enum sstp_ep_err sstp_ep_connect_authenticate(struct sstp_ep *ep, struct sstp_span token)
{
    if (ep->state != SSTP_CONNECTION_ESTABLISHED || !ep->config.is_originator)
        return SSTP_EP_WRONG_STATE;
    return sstp_ep_queue(ep,
                         &(struct sstp_command){.id = SSTP_CONNECT_AUTHENTICATE, .token = token});
}

void sstp_ep_on_connect_authenticate(struct sstp_ep *ep, const struct sstp_command *command)
{
    sstp_ep_raise(ep, &(struct sstp_ep_event){.kind = SSTP_EP_EVENT_CONNECT_AUTHENTICATE,
                                              .command = command});
}

void sstp_ep_on_connect_close(struct sstp_ep *ep, const struct sstp_command *command)
{
    if (!sstp_ep_acknowledged(ep, command))
        return;
    sstp_ep_finish(ep, &(struct sstp_ep_event){.command = command,
                                               .end = ep->state == SSTP_CONNECTION_ABORTING
                                                          ? SSTP_EP_END_REFUSED
                                                          : SSTP_EP_END_PEER,
                                               .reason_id = command->reason_id,
                                               .wait_time = command->wait_time});
}
