/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * security: the messages inside AuthenticationTokens and RegistrationTokens.
 *
 * THIS IS A PRIVATE PROFILE.  Of MS-GRVSSTPS only the layouts of SecConnect and
 * SecConnectResponse, and MARC4, are known.  Everything else here is made up by
 * analogy: the input of the HMACs, every message number but 1 and 2, and every
 * other layout.  Our client and our relay work together; nothing here is meant
 * to, or does, interoperate with anybody else's, and no traffic of it is
 * evidence of what Groove did.  It also protects nothing: secret keys travel in
 * clear when they are registered, where Groove encrypted them to the relay.
 *
 * The profile:
 *   SecConnect, SecAttach                  header, IV, HMAC, encrypted nonce
 *   SecConnectResponse, SecAttachResponse  header, IV, HMAC, the peer's nonce in
 *                                          clear, own nonce encrypted
 *   Sec...Authenticate                     header, HMAC, the relay's nonce in clear
 *   Sec...Needed, Sec...Failed             header alone
 *   SecDeviceAccountRegister               header, HMAC (device key), device key,
 *                                          account message
 *   SecAccountRegister                     header, HMAC (account key), account key,
 *                                          user pre-authentication token
 *   SecDeviceAccountRegisterResponse       header, HMAC (device key) over the header
 *   SecIdentityRegister                    header, account URL, identity URLs
 * Each part is a u16 length and that many bytes.  The HMAC is HMAC-SHA1 over
 * header, IV and clear nonces in the order of their fields; in registrations,
 * over the header and the parts after the HMAC.
 *
 * Pure functions: keys and random numbers are handed in.
 */
#ifndef RELAYSIM_SECURITY_SECURITY_H
#define RELAYSIM_SECURITY_SECURITY_H

#include "core/wire.h"

#define SSTP_SEC_KEY_LEN 24u /* and IVs and nonces: 192 bits */
#define SSTP_SEC_HMAC_LEN 20u
#define SSTP_SEC_TOKEN_MAX 2000u /* of what the carrying command leaves room for */
#define SSTP_SEC_REGISTER_MAX 8000u

/* MessageIDs.  1 and 2 are proven, the others follow the order of the sections
 * as far as that goes, and are otherwise ours. */
enum sstp_sec_message {
    SSTP_SEC_CONNECT = 1,
    SSTP_SEC_CONNECT_RESPONSE = 2,
    SSTP_SEC_CONNECT_RESPONSE_DEVICE_REGISTRATION_NEEDED = 3,
    SSTP_SEC_CONNECT_RESPONSE_AUTHENTICATION_FAILED = 4,
    SSTP_SEC_CONNECT_AUTHENTICATE = 5,
    SSTP_SEC_ATTACH = 6,
    SSTP_SEC_ATTACH_RESPONSE = 7,
    SSTP_SEC_ATTACH_RESPONSE_ACCOUNT_REGISTRATION_NEEDED = 8,
    SSTP_SEC_ATTACH_RESPONSE_NEW_DEVICE_REGISTRATION_NEEDED = 9,
    SSTP_SEC_ATTACH_RESPONSE_AUTHENTICATION_FAILED = 10,
    SSTP_SEC_ATTACH_AUTHENTICATE = 11,
    SSTP_SEC_DEVICE_ACCOUNT_REGISTER = 12,
    SSTP_SEC_DEVICE_ACCOUNT_REGISTER_RESPONSE = 13,
    SSTP_SEC_ACCOUNT_REGISTER = 14,
    SSTP_SEC_ACCOUNT_ON_NEW_DEVICE_REGISTER = 15,
    SSTP_SEC_IDENTITY_REGISTER = 16
};

/* A key, IV or nonce. */
struct sstp_sec_secret {
    uint8_t bytes[SSTP_SEC_KEY_LEN];
};

/* Where IVs and nonces come from. */
struct sstp_sec_random {
    void (*fill)(void *cookie, void *bytes, size_t len);
    void *cookie;
};

/* XORs `len` bytes with the MARC4 keystream of key and IV (MS-GRVSSTPS 3.1.1.4);
 * its own inverse.  `out` may be `in`. */
void sstp_sec_marc4(const struct sstp_sec_secret *key, const struct sstp_sec_secret *iv, size_t len,
                    uint8_t *out, const uint8_t *in);

/* A key out of a secret and a name, the same one every time. */
struct sstp_sec_secret sstp_sec_derive_key(const char *secret, const char *url);

/* The MessageID of a token, or 0 where it has no header, or one of another
 * major version. */
uint8_t sstp_sec_message_id(struct sstp_span token);

/* Every _write function returns the token's length, or 0 when it does not fit
 * into `size` bytes; every _read function returns whether the token is what it
 * claims to be. */

/* Sec...Needed and Sec...Failed. */
size_t sstp_sec_bare_write(enum sstp_sec_message id, void *token, size_t size);

/* SecConnect and SecAttach: *nonce is the challenge that the answer has to hold. */
size_t sstp_sec_challenge_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                const struct sstp_sec_random *random, struct sstp_sec_secret *nonce,
                                void *token, size_t size);
bool sstp_sec_challenge_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                             struct sstp_span token, struct sstp_sec_secret *nonce);

/* SecConnectResponse and SecAttachResponse: `peer_nonce` answers, *nonce challenges. */
size_t sstp_sec_response_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                               const struct sstp_sec_random *random,
                               const struct sstp_sec_secret *peer_nonce,
                               struct sstp_sec_secret *nonce, void *token, size_t size);
bool sstp_sec_response_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                            struct sstp_span token, const struct sstp_sec_secret *own_nonce,
                            struct sstp_sec_secret *nonce);

/* SecConnectAuthenticate and SecAttachAuthenticate. */
size_t sstp_sec_authenticate_write(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                   const struct sstp_sec_secret *peer_nonce, void *token,
                                   size_t size);
bool sstp_sec_authenticate_read(enum sstp_sec_message id, const struct sstp_sec_secret *key,
                                struct sstp_span token, const struct sstp_sec_secret *own_nonce);

/* SecDeviceAccountRegister with SecAccountRegister, or, for an account that the
 * relay knows, SecAccountOnNewDeviceRegister inside. */
struct sstp_sec_registration {
    struct sstp_sec_secret device_key, account_key;
    bool is_new_device; /* of a known account */
};
size_t sstp_sec_register_write(const struct sstp_sec_registration *registration, void *token,
                               size_t size);
bool sstp_sec_register_read(struct sstp_span token, struct sstp_sec_registration *registration);

/* SecDeviceAccountRegisterResponse. */
size_t sstp_sec_register_response_write(const struct sstp_sec_secret *device_key, void *token,
                                        size_t size);
bool sstp_sec_register_response_read(const struct sstp_sec_secret *device_key,
                                     struct sstp_span token);

/* How many of the identities, from the first, fit into one SecIdentityRegister. */
size_t sstp_sec_identities_num_fitting(const char *account_url, const char *const *identity_urls,
                                       size_t num_identities, size_t size);

/* SecIdentityRegister: the account's URL, then its identities' one after another. */
size_t sstp_sec_identities_write(const char *account_url, const char *const *identity_urls,
                                 size_t num_identities, void *token, size_t size);

/* Calls `identity` for each one once the whole token has been found good. */
bool sstp_sec_identities_read(struct sstp_span token, struct sstp_span *account_url,
                              void (*identity)(void *cookie, struct sstp_span url), void *cookie);

#endif
