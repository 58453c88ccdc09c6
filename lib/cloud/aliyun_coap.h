/* Alibaba Cloud IoT Platform over CoAP: how a device authenticates, and what it does to a payload.
 * Only texts and bytes; whoever owns a CoAP client sends them.
 *
 * The cloud has two modes. In the symmetric one (UDP) the answer to /auth gives a number from which
 * both sides derive an AES key; every request then carries the token and an encrypted number that
 * only ever grows. In the DTLS one the answer gives a token and nothing is encrypted here.
 */
#ifndef CLOUD_ALIYUN_COAP_H
#define CLOUD_ALIYUN_COAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/aliyun.h"

struct buf;

enum {
    ALIYUN_COAP_PORT = 5682,
    ALIYUN_COAP_DTLS_PORT = 5684,
    /* CoAP options */
    ALIYUN_COAP_OPTION_TOKEN = 2088,
    ALIYUN_COAP_OPTION_SEQ = 2089,        /* critical: of the symmetric mode only */
    ALIYUN_COAP_OPTION_MESSAGE_ID = 2090, /* in answers: the cloud's name for the message */
    /* both of /auth and of reports */
    ALIYUN_COAP_FORMAT = 50, /* JSON (RFC 7252 12.3); also for encrypted payloads */
};

enum aliyun_coap_mode { ALIYUN_COAP_SYMMETRIC, ALIYUN_COAP_DTLS };

/* The server's name for a product. The caller frees it. */
char *aliyun_coap_host(const struct cloud_settings *cloud, const char *product_key);

/* The payload of POST /auth: client id `<pk>&<dn>`, in the symmetric mode signed with HMAC-SHA1 and
 * seq (any number to start with), in the DTLS mode signed with the default, HMAC-MD5, without seq.
 * The caller frees it. NULL: the TLS library lacks the digest. */
char *aliyun_coap_auth(const struct aliyun_device *device, enum aliyun_coap_mode mode,
                       uint32_t seq);

/* What a good answer to /auth gave. All zero: no session. */
struct aliyun_coap_session {
    enum aliyun_coap_mode mode;
    char token[256]; /* printable ASCII */
    unsigned char key[16];
    uint64_t seq; /* the last one used; the first is seqOffset + 1 */
};

/* Reads the payload of a 2.05 answer to /auth. False: it is no good, *why (never NULL then) says
 * what about it, and session is as before. */
bool aliyun_coap_session_open(struct aliyun_coap_session *session, enum aliyun_coap_mode mode,
                              const char *device_secret, const char *bytes, size_t len,
                              const char **why);
/* Overwrites it with zeros. */
void aliyun_coap_session_wipe(struct aliyun_coap_session *session);

/* Makes a request of the session: what goes out as payload and as option 2089 is added to the two
 * buffers. In the DTLS mode that is the payload itself, and nothing for the option. Each request
 * needs a call of its own, also one that is repeated, as no number may come twice. False: too long
 * for AES (above 1 GiB), or it failed. */
bool aliyun_coap_seal(struct aliyun_coap_session *session, const void *bytes, size_t len,
                      struct buf *payload, struct buf *seq);

/* Adds the plain text of an answer's payload to plain. An empty payload is an empty text. False: it
 * was not encrypted with this session's key; nothing was added. */
bool aliyun_coap_unseal(const struct aliyun_coap_session *session, const void *bytes, size_t len,
                        struct buf *plain);

/* ---- DTLS with a pre-shared key ---- */

/* Two descriptions exist, and no captured session that would say which one the CoAP servers take:
 * the form that the vendor's SDK uses for its MQTT-over-PSK servers, and the text of the CoAP
 * document. The first is the default here because it is known to work somewhere. */
enum aliyun_coap_psk_form { ALIYUN_COAP_PSK_SDK, ALIYUN_COAP_PSK_DOCUMENT };

struct aliyun_coap_psk {
    char *identity;
    char key[ALIYUN_SIGNATURE_SIZE]; /* its ASCII characters are the key */
};

/* HMAC-SHA256. timestamp NULL: ALIYUN_TIMESTAMP. False: the TLS library lacks the digest. */
bool aliyun_coap_psk(const struct aliyun_device *device, enum aliyun_coap_psk_form form,
                     const char *timestamp, struct aliyun_coap_psk *psk);
void aliyun_coap_psk_free(struct aliyun_coap_psk *psk);

#endif
