/* CoAP client (RFC 7252, block-wise transfers RFC 7959, DTLS) on libcoap 3, non-blocking: one
 * server, many requests under way at once. Knows nothing of AT commands. (libcoap owns the prefix
 * coap_; ours is coap_client_.)
 *
 * No callback ever comes from inside a call of this interface: they come from the loop. Each may
 * call any function of this interface, coap_client_destroy() included.
 */
#ifndef SERVICE_COAP_COAP_CLIENT_H
#define SERVICE_COAP_COAP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/tls.h"

struct coap_client;
struct service_env;
struct settings_group;

/* The settings `[coap]`: the server in place of what a dialect would derive, and what DTLS trusts
 * and shows. */
struct coap_client_settings {
    const char *uri;          /* coap[s]://HOST[:PORT][/PATH]; empty: not set */
    struct service_tls tls;   /* coaps:// with certificates */
    const char *psk_identity; /* coaps:// with a pre-shared key, where psk_key is set */
    const char *psk_key;      /* used as text, byte for byte; secret */
};
extern const struct settings_group coap_client_settings_group;

enum { /* bytes, as far as libcoap and OpenSSL go */
       COAP_CLIENT_PSK_IDENTITY_MAX = 255,
       COAP_CLIENT_PSK_KEY_MAX = 256,
};

/* Once in the life of a process, before and after everything else here. */
void coap_client_library_init(void);
void coap_client_library_cleanup(void);

/* ---- addresses ---- */

/* Parts of a coap:// or coaps:// URI (RFC 7252 section 6). */
struct coap_client_uri {
    char host[256]; /* no brackets around an IPv6 number */
    int port;       /* 5683, with coaps 5684, unless the URI names one */
    bool secure;    /* coaps */
    char path[256]; /* "" or "/..." without a "/" at its end; no query */
};

/* False: it is none (other scheme, no host, bad port, too long, user part, query, fragment). */
bool coap_client_uri_parse(const char *text, struct coap_client_uri *uri);

/* Whether a path with query, as a host gives it, can be sent: "/a/b?c=d", percent-encoding decoded,
 * at most 1,000 bytes, no segment or argument above 255, none of the segments "." or "..", no "#",
 * no bad percent-encoding, no NUL (RFC 7252 sections 5.10.1 and 6.4). The first "/" may be missing.
 */
bool coap_client_path_valid(const char *path, size_t len);

/* ---- a server ---- */

enum coap_client_security {
    COAP_CLIENT_PLAIN,       /* UDP */
    COAP_CLIENT_CERTIFICATE, /* DTLS 1.2, X.509 */
    COAP_CLIENT_PSK,         /* DTLS 1.2, pre-shared key */
};

/* Copied by coap_client_create(). */
struct coap_client_options {
    const char *host; /* as a certificate would name it; network.redirect is applied inside */
    int port;
    enum coap_client_security security;
    struct service_tls tls;   /* of COAP_CLIENT_CERTIFICATE */
    const char *psk_identity; /* of COAP_CLIENT_PSK */
    const void *psk_key;
    size_t psk_key_len;
};

/* Costs no descriptor and no look-up before its first request; what it holds then is given back a
 * minute after the last one, with DTLS five minutes. Never NULL. env outlives it. */
struct coap_client *coap_client_create(const struct service_env *env,
                                       const struct coap_client_options *options);
/* Requests under way end without a callback. NULL is fine. */
void coap_client_destroy(struct coap_client *client);

/* ---- requests ---- */

enum coap_client_method { /* the numbers of RFC 7252 12.1.1 */
                          COAP_CLIENT_GET = 1,
                          COAP_CLIENT_POST = 2,
                          COAP_CLIENT_PUT = 3,
                          COAP_CLIENT_DELETE = 4,
};

struct coap_client_option {
    unsigned number;
    const void *bytes;
    size_t len;
};

/* Everything is copied. */
struct coap_client_request {
    enum coap_client_method method;
    bool confirmable;   /* CON, else NON */
    const char *path;   /* must be coap_client_path_valid() */
    const void *bytes;  /* payload; block-wise where one datagram cannot hold it */
    size_t len;         /* 0: none; at most COAP_CLIENT_BODY_MAX */
    int content_format; /* -1: no such option */
    int accept;         /* -1: no such option */
    const struct coap_client_option *options; /* further ones, for instance of a vendor, 1..65535 */
    size_t option_count;
    unsigned timeout_ms; /* from now to the last block of the response */
};

enum {
    COAP_CLIENT_BODY_MAX = 64 * 1024, /* bytes of a payload, either way */
    COAP_CLIENT_REQUESTS_MAX = 64,    /* under way at once on one client */
};

enum coap_client_outcome {
    COAP_CLIENT_RESPONSE,    /* of any code; also separate ones */
    COAP_CLIENT_TIMEOUT,     /* no (whole) response in time; neither an empty ACK is one, nor what
                              * is no CoAP, nor what has an unknown critical option */
    COAP_CLIENT_RESET,       /* RST. To a NON it goes unseen: that is a time-out */
    COAP_CLIENT_UNREACHABLE, /* ICMP says so (unseen, too, while there are only NONs on UDP), or the
                              * name has no address, or no network, or a DTLS session was closed */
    COAP_CLIENT_INSECURE,    /* DTLS: no handshake, also none in time, or the peer is not trusted;
                              * bad files or keys */
    COAP_CLIENT_BROKEN,      /* a response that cannot be put together, or is too large; a request
                              * whose options fill a datagram */
};

/* Valid during the callback. */
struct coap_client_response {
    enum coap_client_outcome outcome;
    int code;          /* class * 100 + detail: 205 for 2.05; 0 without a response */
    const char *bytes; /* NUL behind them */
    size_t len;
    const struct coap_client_option *options; /* of the response, but not Block1 and Block2; of one
                                               * in blocks those of its first block */
    size_t option_count;
    const char *why; /* outcome in words, for logs; never NULL */
};

typedef void (*coap_client_done)(void *ctx, uint16_t token,
                                 const struct coap_client_response *response);

/* Sends a request. The number that comes back, 1..65535, is the token on the wire (two bytes, big
 * endian, not to be guessed); no two under way are equal. done comes exactly once, within
 * timeout_ms; a response after that is dropped, nothing is sent for it any more. 0: too many are
 * under way, or it is too large; nothing was sent.
 *
 * A CON is sent up to six times, at 0, 1, 3, 7, 15 and 31 times a pace of 1 to 1.5 s (sooner where
 * the time is short), until its ACK or response. Of a body in blocks each block has a token of its
 * own, only the first has the one that is told. */
uint16_t coap_client_send(struct coap_client *client, const struct coap_client_request *request,
                          coap_client_done done, void *ctx);

/* Sends an empty CON (RFC 7252 4.3): any answer of the server, RST or response, is
 * COAP_CLIENT_RESET or COAP_CLIENT_RESPONSE. As coap_client_send(), without a token on the wire;
 * the number only names it. */
uint16_t coap_client_ping(struct coap_client *client, unsigned timeout_ms, coap_client_done done,
                          void *ctx);

/* Requests and pings without an outcome yet. */
size_t coap_client_outstanding(const struct coap_client *client);

#endif
