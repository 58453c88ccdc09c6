/* What a test of the HTTP service works with: a loop, a log that is kept, an HTTP object, a server,
 * and calls, each with what came of it. */
#ifndef TESTS_SERVICE_HTTP_BENCH_H
#define TESTS_SERVICE_HTTP_BENCH_H

#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "net/network.h"
#include "service/env.h"
#include "service/http/http.h"

struct server;

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct buf log_lines;
    struct http *http;
    struct http_request request; /* for the next call */
    struct server *server;
};

/* One transfer and what came of it. All zero is a fresh one. */
struct call {
    struct bench *bench;
    struct http_transfer *transfer;
    unsigned over; /* how often done came */
    double seconds;
    enum http_outcome outcome;
    int status;
    char *line;
    char *head;
    char *bytes;
    size_t len;
    char *why;
    char *type; /* Content-Type, or NULL */
    /* Of a streamed one. */
    unsigned heads;
    struct http_head seen;
    struct buf streamed;
    size_t streamed_len;
    bool throw_away;
    size_t stop_after; /* 0: never */
    bool stop_at_head;
    /* Called at the end, in done, and for each piece. */
    void (*hook)(struct call *call);
    void (*piece_hook)(struct call *call);
    void *hook_ctx;
};

/* As a cmocka group's setup and teardown. */
int bench_group_setup(void **state);
int bench_group_teardown(void **state);
/* As a test's setup and teardown. */
int bench_setup(void **state);
int bench_teardown(void **state);

struct bench *bench_create(void);
void bench_destroy(struct bench *bench);

/* The URL of the next calls, at the bench's server. */
void bench_path(struct bench *bench, const char *path);
/* Streams what the next calls get into call->streamed. */
void bench_stream(struct bench *bench);

/* Begins bench->request. */
void bench_send(struct bench *bench, struct call *call);
void bench_wait(struct bench *bench, struct call *call);
/* Both, in a fresh call. */
void bench_call(struct bench *bench, struct call *call);
void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx);
bool bench_is_over(void *call);

/* What came of it must be this; body NULL: any. */
void call_expect(const struct call *call, enum http_outcome outcome, int status, const char *body);
/* The same of a whole call, whose memory is given back. */
void bench_expect(struct bench *bench, enum http_outcome outcome, int status, const char *body);
void call_free(struct call *call);

/* Whether the log has this text. */
bool bench_logged(struct bench *bench, const char *text);
double bench_now(void);
const char *outcome_name(enum http_outcome outcome);

#endif
