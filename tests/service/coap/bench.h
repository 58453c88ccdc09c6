/* What a test of the CoAP service works with: a loop, a resolver, a log that is kept, and a client
 * whose outcomes become lines of text in the order in which they come:
 *
 *     N response CODE LENGTH BODY(up to 40 bytes)      N timeout | reset | unreachable | ...
 *
 * N counts the requests of a bench from 1.
 */
#ifndef TESTS_SERVICE_COAP_BENCH_H
#define TESTS_SERVICE_COAP_BENCH_H

#include <ev.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "net/network.h"
#include "net/resolve.h"
#include "service/coap/coap_client.h"
#include "service/env.h"
#include "tests/service/coap/peer.h"

enum { BENCH_REQUESTS = 4096 };

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct buf log_lines;
    struct buf lines; /* outcomes that bench_expect() has not taken yet */
    struct coap_client *client;
    struct coap_client_options options; /* for the first request */
    struct buf body;                    /* of the last response */
    struct buf response_options;        /* of the last response, "NUMBER=HEX " each */
    char why[300];                      /* of the last outcome */
    struct peer *peer;                  /* NULL: none */
    unsigned sent;
    uint16_t tokens[BENCH_REQUESTS]; /* by N */
    bool in_call;                    /* inside a call of the interface: no outcome may come */
    /* Called after an outcome was noted; may destroy bench->client (and must set it to NULL). */
    void (*hook)(struct bench *bench, const char *line);
};

/* As a cmocka group's setup and teardown. */
int bench_group_setup(void **state);
int bench_group_teardown(void **state);

struct bench *bench_create(resolve_function function);
void bench_destroy(struct bench *bench);

/* As a test's setup and teardown. */
int bench_setup(void **state);
int bench_teardown(void **state);
/* With a peer at which the client's requests arrive. */
int bench_setup_peer(void **state);

/* The next request makes a new client with bench->options. */
void bench_forget(struct bench *bench);

/* Each gives N. The client is made where there is none. */
unsigned bench_send(struct bench *bench, const struct coap_client_request *request);
unsigned bench_get(struct bench *bench, const char *path, unsigned timeout_ms);
/* POST /n, NON, one byte. */
unsigned bench_non(struct bench *bench, unsigned timeout_ms);
unsigned bench_ping(struct bench *bench, unsigned timeout_ms);

/* Waits for the next outcome and takes it: it must be this line. */
void bench_expect(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Waits for the next outcome, whatever it is. The caller frees. */
char *bench_take(struct bench *bench);
/* Runs the loop for some time; no outcome may come. */
void bench_quiet(struct bench *bench, double seconds);
/* Runs the loop until ready(ctx) is true; a failure after a generous time. */
void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx);

/* Waits until the peer has had so many datagrams. */
void bench_received(struct bench *bench, unsigned datagrams);

/* Whether the log has this text. */
bool bench_logged(struct bench *bench, const char *text);

double bench_now(void);

#endif
