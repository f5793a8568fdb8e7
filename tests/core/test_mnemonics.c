/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "mnemonics.h"

struct code {
    uint8_t value;
    const char *name;
};

/* Copied by hand from the tables of GRVSSTP 2.2, each ended by a row without a
 * name. */
static const struct code connect_responses[] = {{0x00, "Ok"},
                                                {0x01, "WrongDevice"},
                                                {0x02, "TryLater"},
                                                {0x03, "WillUpgrade"},
                                                {0x04, "WontUpgrade"},
                                                {0x05, "NewVersionRequired"},
                                                {0x06, "AuthenticationFailed"},
                                                {0x09, "ConnectRejected"},
                                                {0, NULL}};
static const struct code connect_close_reasons[] = {{0x00, "NoReason"},
                                                    {0x01, "Resting"},
                                                    {0x02, "Idle"},
                                                    {0x03, "ProtocolError"},
                                                    {0x04, "DeviceAuthenticationFailed"},
                                                    {0x05, "UserAuthenticationFailed"},
                                                    {0x06, "StaleConnectAuthenticate"},
                                                    {0x07, "StaleAttachAuthenticate"},
                                                    {0x08, "ResponseTimeout"},
                                                    {0x09, "Rejected"},
                                                    {0x0a, "DecryptionFailed"},
                                                    {0x0c, "CrossedConnections"},
                                                    {0x0d, "InternalError"},
                                                    {0x0e, "Upgrade"},
                                                    {0x0f, "TooManyUnknownSessionCmds"},
                                                    {0x10, "NewVersionRequired"},
                                                    {0, NULL}};
static const struct code open_responses[] = {{0x00, "Ok"},
                                             {0x04, "NoResource"},
                                             {0x05, "Unknown"},
                                             {0x08, "NoFanoutEntries"},
                                             {0x09, "StartSending"},
                                             {0x0a, "StopSending"},
                                             {0x0b, "OkStopSending"},
                                             {0x0c, "FanoutNotSupported"},
                                             {0, NULL}};
static const struct code session_statuses[] = {
    {0x01, "DNSLookupFailed"},      {0x02, "HostNotReachable"}, {0x03, "ConnectionClosed"},
    {0x04, "QuotaWouldBeExceeded"}, {0x05, "LockedOut"},        {0, NULL}};
static const struct code close_reasons[] = {{0x00, "NoReason"},
                                            {0x02, "Idle"},
                                            {0x03, "ProtocolError"},
                                            {0x04, "DeviceAuthenticationFailed"},
                                            {0x05, "UserAuthenticationFailed"},
                                            {0x07, "StaleAttachAuthenticate"},
                                            {0x0b, "QuotaWouldBeExceeded"},
                                            {0x0d, "InternalError"},
                                            {0x15, "EmptySession"},
                                            {0, NULL}};
static const struct code attach_responses[] = {{0x00, "Ok"},
                                               {0x01, "AttachRejected"},
                                               {0x02, "AccountUnknown"},
                                               {0x03, "AwaitingRegister"},
                                               {0, NULL}};

static const struct list {
    const char *test_path;
    enum sstp_field field;
    sstp_mnemonic *name;
    const struct code *codes;
} lists[] = {
    {"/mnemonics/connect-response", SSTP_FIELD_CONNECT_RESPONSE_ID, sstp_connect_response_name,
     connect_responses},
    {"/mnemonics/connect-close-reason", SSTP_FIELD_CONNECT_CLOSE_REASON_ID,
     sstp_connect_close_reason_name, connect_close_reasons},
    {"/mnemonics/open-response", SSTP_FIELD_OPEN_RESPONSE_ID, sstp_open_response_name,
     open_responses},
    {"/mnemonics/session-status", SSTP_FIELD_STATUS_ID, sstp_session_status_name, session_statuses},
    {"/mnemonics/close-reason", SSTP_FIELD_CLOSE_REASON_ID, sstp_close_reason_name, close_reasons},
    {"/mnemonics/attach-response", SSTP_FIELD_ATTACH_RESPONSE_ID, sstp_attach_response_name,
     attach_responses},
};

/* Every value of the byte, listed or not. */
static void test_list(const void *data)
{
    const struct list *list = data;
    for (unsigned value = 0; value < 256; value++) {
        const char *expected = NULL;
        for (const struct code *code = list->codes; code->name != NULL; code++)
            if (code->value == value)
                expected = code->name;
        g_assert_cmpstr(list->name((uint8_t)value), ==, expected);
    }
}

/* Each field has its own codes, and no other has any. */
static void test_fields(void)
{
    for (int field = 0; field < SSTP_FIELD_COUNT; field++) {
        sstp_mnemonic *expected = NULL;
        for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
            if (lists[i].field == (enum sstp_field)field)
                expected = lists[i].name;
        g_assert_true(sstp_mnemonic_of((enum sstp_field)field) == expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_test_add_data_func(lists[i].test_path, &lists[i], test_list);
    g_test_add_func("/mnemonics/fields", test_fields);
    return g_test_run();
}
