/* What a test of the socket service works with: a loop, a log, a link whose events become lines of
 * text, and peers on loopback.
 *
 *     connected ADDRESS LOCAL_PORT     failed REASON     data BYTES     writable     sent
 *     closed HOW
 */
#ifndef TESTS_SERVICE_SOCKET_BENCH_H
#define TESTS_SERVICE_SOCKET_BENCH_H

#include <ev.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "service/socket/socket.h"
#include "tests/support/services.h"

struct bench {
    struct services services;
    struct buf lines; /* events that bench_expect() has not taken yet */
    struct socket *sock;
    struct socket_options options;
    size_t room;     /* what data() takes in all */
    bool note_data;  /* as lines; else the bytes are only counted */
    uint64_t got;    /* bytes that data() has taken */
    bool in_call;    /* inside a call of the interface: no event may come */
    const char *die; /* the event in which the link is destroyed */
    /* Instead of the noting of data, writable and sent. */
    size_t (*data)(struct bench *bench, const char *bytes, size_t len);
    void (*writable)(struct bench *bench);
    void *hook;
};

struct bench *bench_create(resolve_function function);
void bench_destroy(struct bench *bench);

/* As a test's setup and teardown. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Opens bench->options at a port. */
void bench_open(struct bench *bench, int port);
size_t bench_send(struct bench *bench, const char *text);
/* Waits for the next event and takes it: it must be this line, as far as the line goes. */
void bench_expect(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs the loop for some time; no event may come. */
void bench_quiet(struct bench *bench, double seconds);
void bench_until(struct bench *bench, bool (*done)(void *ctx), void *ctx);
bool bench_logged(struct bench *bench, const char *text);

/* A TCP listener or a UDP socket on 127.0.0.1 or ::1, blocking with a time-out; *port may be 0. */
int peer_listen(int family, int type, int *port);
/* Opens a TCP link to a fresh listener; the peer's side of it. Takes the line of that. */
int peer_linked(struct bench *bench);
/* Reads what must be text; at the end of the stream "". Runs the loop meanwhile. */
void peer_expect(struct bench *bench, int fd, const char *text);
/* Whether the other side has closed or reset; runs the loop until then. */
bool peer_ended(struct bench *bench, int fd);

#endif
