/* Private to the HTTP service: one transfer, from http_send() to done. */
#ifndef SERVICE_HTTP_HTTP_TRANSFER_H
#define SERVICE_HTTP_HTTP_TRANSFER_H

#include <curl/curl.h>
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "service/http/http.h"
#include "service/http/http_head.h"
#include "service/http/http_url.h"

struct http_multi;

enum http_stage {
    HTTP_UNFIT,      /* cannot begin: the timer ends it */
    HTTP_CONNECTING, /* name, TCP, TLS */
    HTTP_CONNECTED,  /* the request goes out, the response comes in */
    HTTP_ENDED,      /* has an outcome, which http_settle() takes up */
    HTTP_DOOMED,     /* cancelled inside a callback of libcurl: http_settle() frees it */
};

struct http_transfer {
    const struct service_env *env;
    struct http *http; /* of http_settle() */
    struct http_transfer *next;
    struct http_transfer *previous;
    enum http_stage stage;

    /* What is sent next; a redirect that is followed changes it. */
    enum http_method method;
    struct http_url url;
    struct curl_slist *given;   /* the caller's headers */
    struct curl_slist *headers; /* as sent */
    char *body;
    size_t len;
    unsigned followed; /* redirects */

    struct http_request request; /* url, headers and body are above */
    http_done done;
    void *ctx;

    CURL *easy;
    struct http_multi *multi; /* that easy is added to, or NULL */
    struct curl_slist *detour;
    char error[CURL_ERROR_SIZE];

    ev_timer timer;
    int64_t begun;   /* clock_ms() */
    int64_t dialled; /* when this hop began */
    int64_t touched; /* when the last byte went or came */
    curl_off_t moved;

    struct http_head_lines head;
    int status;
    char *location; /* of the redirect that is followed next */
    size_t skipped; /* bytes of its body */
    struct buf bytes;
    size_t received; /* bytes of the body, also of a streamed one */

    bool noted; /* outcome and why are known */
    enum http_outcome outcome;
    char why[CURL_ERROR_SIZE + 64];
};

/* A copy of the request, with nothing begun. The caller links it. */
struct http_transfer *http_transfer_create(const struct service_env *env, struct http *http,
                                           const struct http_request *request, http_done done,
                                           void *ctx);
/* Also takes it off its multi handle, which must not be busy. */
void http_transfer_free(struct http_transfer *transfer);

/* Begins the present hop on multi, or, where the transfer is HTTP_UNFIT, sees to it that the loop
 * ends it. */
void http_transfer_begin(struct http_transfer *transfer, struct http_multi *multi);
/* libcurl is through with the present hop. */
void http_transfer_end(struct http_transfer *transfer, CURLcode code);
void http_transfer_remove(struct http_transfer *transfer);

/* The first outcome noted is the one that counts. */
void http_transfer_note(struct http_transfer *transfer, enum http_outcome outcome,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));

const char *http_method_name(enum http_method method);

/* http.c: takes up what has ended. May free the transfer and all else. */
void http_settle(struct http *http);
/* http.c, for tests: how long connections are kept that nobody uses. */
void http_keep_for(struct http *http, double seconds);

#endif
