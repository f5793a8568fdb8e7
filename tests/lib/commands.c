/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#define COMPARE_NUMBER(member)                                                                     \
    if (a->member != b->member)                                                                    \
        return #member;
#define COMPARE_SPAN(member)                                                                       \
    if (!sstp_span_is_equal(a->member, b->member))                                                 \
        return #member;
#define COMPARE_LIST(member)                                                                       \
    COMPARE_NUMBER(member.count)                                                                   \
    COMPARE_SPAN(member.bytes)

const char *commands_difference(const struct sstp_command *a, const struct sstp_command *b)
{
    COMPARE_NUMBER(id)
    COMPARE_NUMBER(form)
    COMPARE_NUMBER(ephemeral_reserved_len)
    COMPARE_NUMBER(session_id)
    COMPARE_NUMBER(message_count)
    COMPARE_NUMBER(major_version)
    COMPARE_NUMBER(minor_version)
    COMPARE_NUMBER(response_id)
    COMPARE_NUMBER(reason_id)
    COMPARE_NUMBER(status_id)
    COMPARE_NUMBER(flags)
    COMPARE_NUMBER(reserved8)
    COMPARE_NUMBER(reserved16)
    COMPARE_NUMBER(wait_time)
    COMPARE_SPAN(target_device_url)
    COMPARE_LIST(device_urls)
    COMPARE_SPAN(token)
    COMPARE_SPAN(product_version)
    COMPARE_SPAN(product_capabilities)
    COMPARE_SPAN(resource_url)
    COMPARE_SPAN(identity_url)
    COMPARE_SPAN(device_url)
    COMPARE_SPAN(account_url)
    COMPARE_LIST(fanout_entries)
    COMPARE_LIST(fanout_indexes)
    COMPARE_SPAN(user_ref)
    COMPARE_NUMBER(ttl)
    COMPARE_NUMBER(ephemeral_reserved1)
    COMPARE_NUMBER(ephemeral_reserved2)
    COMPARE_NUMBER(byte_stream_size)
    COMPARE_NUMBER(session_size)
    COMPARE_NUMBER(message_size)
    COMPARE_NUMBER(num_fragments)
    COMPARE_NUMBER(this_fragment)
    COMPARE_SPAN(fragment_id)
    COMPARE_NUMBER(fragment_offset)
    COMPARE_SPAN(data)
    return NULL;
}
