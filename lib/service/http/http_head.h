/* Private to the HTTP service: the head of a response, put together from libcurl's lines. */
#ifndef SERVICE_HTTP_HTTP_HEAD_H
#define SERVICE_HTTP_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { HTTP_HEAD_MAX = 64 * 1024 };

/* All zero: nothing came yet. */
struct http_head_lines {
    struct buf line; /* status line of the present head, as it came */
    struct buf text; /* its header lines, CR LF between */
    size_t seen;     /* bytes of all heads and trailers up to now */
    bool complete;   /* of the final response; what still comes is a trailer */
};

enum http_head_step {
    HTTP_HEAD_MORE,
    HTTP_HEAD_COMPLETE, /* the final one, now */
    HTTP_HEAD_TOO_LONG,
};

/* Takes one line as libcurl gives it. status is that of the head it belongs to. */
enum http_head_step http_head_take(struct http_head_lines *head, const char *line, size_t len,
                                   int status);
void http_head_free(struct http_head_lines *head);

/* As http_header(), for lines with CR LF between. */
bool http_head_find(const char *lines, size_t lines_len, const char *name, const char **value,
                    size_t *len);
/* A header's value as fresh memory, or NULL. */
char *http_head_copy(struct http_head_lines *head, const char *name);
/* Content-Length, or -1: none, chunked, or no number. */
int64_t http_head_length(struct http_head_lines *head);
/* The first byte and the whole size that Content-Range names (RFC 9110 section 14.4), -1 for what
 * it does not. */
void http_head_range(struct http_head_lines *head, int64_t *from, int64_t *size);

#endif
