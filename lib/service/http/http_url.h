/* Private to the HTTP service: what is in a URL, on libcurl's URL functions. */
#ifndef SERVICE_HTTP_HTTP_URL_H
#define SERVICE_HTTP_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty one. */
struct http_url {
    char *text; /* without fragment */
    char *host; /* an IPv6 number without brackets */
    int port;
    bool secure;
};

/* Takes text apart into *url, which must be empty; http_url_free() then. False: it is not
 * http_url_valid(), and *url stays empty. */
bool http_url_parse(struct http_url *url, const char *text, size_t len);
void http_url_free(struct http_url *url);

/* The absolute URL that a Location header of base leads to (RFC 9110 section 10.2.2); the caller
 * frees. NULL: it is none; it still may be any scheme. */
char *http_url_join(const struct http_url *base, const char *location);

/* Whether both are the same server: scheme, host and port. */
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);

/* How much of a URL may be logged: all before the query, where tokens stand. */
int http_url_shown(const char *text);

#endif
