/* HTTP and HTTPS client on libcurl's multi interface, non-blocking: one object a modem, with its
 * kept connections; transfers side by side. Knows nothing of AT commands.
 *
 * No callback ever comes from inside a call of this interface: they come from the loop. Each may
 * call any function of this interface, http_destroy() included.
 */
#ifndef SERVICE_HTTP_HTTP_H
#define SERVICE_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/tls.h"

struct http;
struct http_transfer;
struct service_env;
struct settings_group;

/* The settings `[http]`: the server in place of what a dialect would derive, and what TLS trusts.
 */
struct http_settings {
    const char *uri; /* http[s]://HOST[:PORT][/PATH], no query; empty: not set */
    const char *ca_file;
    bool insecure;
};
extern const struct settings_group http_settings_group;

/* Once in the life of a process, before and after everything else here. */
void http_library_init(void);
void http_library_cleanup(void);

/* Whether text is an absolute http:// or https:// URL that can be asked for: up to 64 KiB, no
 * blanks, no control characters, a host (ASCII, no percent-encoding), a good port, no user part. A
 * fragment is taken and never sent. */
bool http_url_valid(const char *text, size_t len);

/* The same URL with another scheme, and with another port unless port is 0; one without `http://`
 * or `https://` gets the scheme. The caller frees. NULL: what comes of it is not
 * http_url_valid(). */
char *http_url_with(const char *text, bool secure, int port);

/* env outlives it. Costs nothing before its first transfer. Never NULL. */
struct http *http_create(const struct service_env *env);
/* Transfers under way end without a callback, kept connections are closed. NULL is fine. */
void http_destroy(struct http *http);

/* ---- transfers ---- */

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_HEAD, HTTP_PATCH };

/* How a streamed body goes on. */
enum http_go { HTTP_GO_ON, HTTP_STOP };

/* What is known when the head of the final response is in. */
struct http_head {
    int status;
    int64_t length;     /* Content-Length, or -1 */
    int64_t range_from; /* first byte of Content-Range (206), or -1 */
    int64_t range_size; /* whole size that Content-Range names, or -1 */
};

/* Everything is copied.
 *
 * Of its own a request has Host, User-Agent ("atmodemd/VERSION"), Accept (any), Content-Length
 * where there is a body, and with keep_alive false Connection: close; headers replace them, but for
 * Content-Length and Transfer-Encoding, which are left out.
 *
 * A redirect that is followed makes GET of POST (301, 302) or of all but HEAD (303), with no body
 * and no Content-* headers; to another scheme, host or port it goes without Authorization,
 * Proxy-Authorization, Cookie, password and Host. */
struct http_request {
    enum http_method method;
    const char *url;            /* http_url_valid(); network.redirect is applied inside */
    const char *const *headers; /* "Name: value", NULL at the end; may be NULL; a line that is none
                                 * ends in HTTP_FAILED_SETUP */
    const void *body; /* sent with POST, PUT, PATCH (also if empty) and, if len > 0, GET, DELETE */
    size_t len;
    bool http1;                  /* HTTP/1.1, also where HTTP/2 is offered */
    bool keep_alive;             /* false: a connection of its own, closed behind it */
    unsigned redirects;          /* how many are followed; 0: a 3xx is the response */
    unsigned timeout_ms;         /* for the whole transfer; 0: none */
    unsigned connect_timeout_ms; /* for name, TCP and TLS of each hop; 0: only timeout_ms */
    unsigned stall_timeout_ms;   /* then, without any byte of a body or line of a head, either way;
                                  * 0: only timeout_ms */
    size_t body_max;             /* a longer response body ends the transfer (HTTP_TOO_LARGE) */
    int64_t range_from;          /* `Range: bytes=N-`; -1: no such header */
    struct service_tls tls;
    /* A streamed body, where on_body is given: its pieces come as they arrive, none is kept,
     * body_max does not count. on_head may be NULL; it comes once before the first piece, also if
     * none comes, not for a redirect that is followed. HTTP_STOP ends the transfer with
     * HTTP_STOPPED. ctx is that of http_send(). From inside these two only http_cancel() of another
     * transfer may be called. */
    enum http_go (*on_head)(void *ctx, const struct http_head *head);
    enum http_go (*on_body)(void *ctx, const char *bytes, size_t len);
};

enum http_outcome {
    HTTP_DONE,           /* a whole response, whatever its status */
    HTTP_FAILED_SETUP,   /* bad URL, header, CA file, client certificate or key */
    HTTP_FAILED_RESOLVE, /* the name has no address */
    HTTP_FAILED_CONNECT, /* nobody takes the connection, or the module has no network */
    HTTP_FAILED_TLS,     /* handshake or verification */
    HTTP_FAILED_SEND,    /* the connection broke before the response began */
    HTTP_BROKEN, /* no HTTP, a head above 64 KiB, or the connection broke within the response */
    HTTP_TIMEOUT,
    HTTP_TOO_LARGE,
    HTTP_REDIRECTS, /* too many, or to what is no http(s) URL */
    HTTP_STOPPED,
};

/* Valid during the callback. */
struct http_response {
    enum http_outcome outcome;
    int status;       /* 0 without a response */
    const char *line; /* the status line of the final response as it came (that of HTTP/2 ends
                       * behind the number), "" without one */
    const char *head; /* header lines of the final response, without status line and trailers, CR LF
                       * between, NUL behind; up to 64 KiB */
    size_t head_len;
    const char *bytes; /* the body, NUL behind it; empty if it was streamed. Unless HTTP_DONE, what
                        * came of it */
    size_t len;
    const char *why; /* outcome in words, for logs; never NULL */
};

/* The value of a header without blanks around, or false. *value points into the response. */
bool http_header(const struct http_response *response, const char *name, const char **value,
                 size_t *len);

typedef void (*http_done)(void *ctx, const struct http_response *response);

/* Begins a transfer; done comes exactly once. Never NULL. The transfer is over when done is called:
 * do not cancel it any more. */
struct http_transfer *http_send(struct http *http, const struct http_request *request,
                                http_done done, void *ctx);
/* done will not be called. NULL is fine. */
void http_cancel(struct http_transfer *transfer);

/* No request that comes later uses a connection that is there now: those that are idle are closed
 * at once, or, beside transfers under way, when the last of these ends. (Two minutes without a
 * transfer have the same effect.) */
void http_close_idle(struct http *http);

/* Transfers without an outcome yet. */
size_t http_outstanding(const struct http *http);

#endif
