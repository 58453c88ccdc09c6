/* Private to the HTTP service: a curl multi handle on a libev loop, with the connections that it
 * keeps. */
#ifndef SERVICE_HTTP_HTTP_MULTI_H
#define SERVICE_HTTP_HTTP_MULTI_H

#include <curl/curl.h>
#include <stdbool.h>

struct ev_loop;
struct http_multi;

/* Both come from the loop only. */
struct http_multi_events {
    /* easy is through and still added: note code, and no more. */
    void (*ended)(CURL *easy, CURLcode code);
    /* libcurl has returned: everything may be called, http_multi_retire() included. */
    void (*settled)(void *ctx);
};

/* Two descriptors. Never NULL. events outlive it. */
struct http_multi *http_multi_create(struct ev_loop *loop, const struct http_multi_events *events,
                                     void *ctx);
/* Frees it and closes its connections: now, or when its last transfer is removed. NULL is fine. */
void http_multi_retire(struct http_multi *multi);

/* A handle with nothing set, for http_multi_add(). Never NULL. */
CURL *http_multi_easy(struct http_multi *multi);
/* at_once: the request leaves from inside this call where it can, and callbacks of easy may come.
 */
void http_multi_add(struct http_multi *multi, CURL *easy, bool at_once);
/* It is not the caller's any more. Not while http_multi_busy(). */
void http_multi_remove(struct http_multi *multi, CURL *easy);

/* Whether this is inside libcurl (in a callback of it), where nothing may be removed. */
bool http_multi_busy(const struct http_multi *multi);

#endif
