#include "service/sntp/sntp.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/walk.h"
#include "service/env.h"
#include "service/gate.h"
#include "service/sntp/sntp_packet.h"

#define AGAIN_S 1. /* before a query without an answer is repeated; then twice as long */

struct sntp {
    const struct service_env *env;
    sntp_done done;
    void *ctx;
    char *host;
    struct walk *walk;
    struct gate gate;
    int fd; /* connected to the present address, or -1 */
    ev_io io;
    ev_timer again;
    double wait; /* before it is repeated the next time */
    uint64_t cookie;
    int64_t asked_ns; /* on the clock that never jumps */

    /* The failure that it would be, up to now. */
    enum sntp_failure failure;
    char why[240];
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- ends ---- */

static void leave_address(struct sntp *sntp)
{
    ev_io_stop(sntp->env->loop, &sntp->io);
    ev_timer_stop(sntp->env->loop, &sntp->again);
    if (sntp->fd >= 0) {
        close(sntp->fd);
        sntp->fd = -1;
    }
}

void sntp_cancel(struct sntp *sntp)
{
    if (sntp) {
        leave_address(sntp);
        walk_destroy(sntp->walk);
        gate_end(&sntp->gate);
        free(sntp->host);
        free(sntp);
    }
}

/* The object is gone before its owner hears of it. */
static void finish(struct sntp *sntp, const struct sntp_result *result)
{
    sntp_done done = sntp->done;
    void *ctx = sntp->ctx;
    sntp_cancel(sntp);
    done(ctx, result);
}

static void fail(struct sntp *sntp, enum sntp_failure failure, const char *text)
{
    char why[sizeof sntp->why];
    snprintf(why, sizeof why, "%s", text);
    log_warning(sntp->env->log, "sntp: no time from %s: %s", sntp->host, why);
    finish(sntp, &(struct sntp_result){.failure = failure, .why = why});
}

/* Of the failures of several addresses the one that got furthest is told. */
static void address_failed(struct sntp *sntp, enum sntp_failure failure, const char *why)
{
    if (!*sntp->why || failure >= sntp->failure) {
        sntp->failure = failure;
        snprintf(sntp->why, sizeof sntp->why, "%s", why);
    }
    leave_address(sntp);
    walk_next(sntp->walk);
}

static void on_network(void *ctx)
{
    fail(ctx, SNTP_FAILED_NETWORK, "no network");
}

/* ---- one address ---- */

/* False if there is no way. */
static bool ask(struct sntp *sntp)
{
    unsigned char packet[SNTP_PACKET];
    ssize_t got = getrandom(&sntp->cookie, sizeof sntp->cookie, 0);
    sntp_packet_request(packet, got == sizeof sntp->cookie ? sntp->cookie : 0);
    sntp->asked_ns = clock_ns(CLOCK_MONOTONIC);
    ssize_t put = send(sntp->fd, packet, sizeof packet, MSG_NOSIGNAL);
    ev_timer_set(&sntp->again, sntp->wait, 0.);
    ev_timer_start(sntp->env->loop, &sntp->again);
    sntp->wait *= 2;
    return put == sizeof packet || errno == EAGAIN;
}

static void on_again(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct sntp *sntp = timer->data;
    if (!ask(sntp)) {
        address_failed(sntp, SNTP_FAILED_CONNECT, strerror(errno));
    }
}

static void on_address(void *ctx, const struct net_address *address)
{
    struct sntp *sntp = ctx;
    int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    log_write(sntp->env->log, LEVEL_STATE, "sntp: asking %s (%s)", sntp->host, address->text);
    sntp->wait = AGAIN_S;
    sntp->fd = socket(address->socket.ss_family, type, 0);
    if (sntp->fd < 0 ||
        connect(sntp->fd, (const struct sockaddr *)&address->socket, address->len) != 0) {
        address_failed(sntp, SNTP_FAILED_CONNECT, strerror(errno));
        return;
    }
    ev_io_set(&sntp->io, sntp->fd, EV_READ);
    ev_io_start(sntp->env->loop, &sntp->io);
    if (!ask(sntp)) {
        address_failed(sntp, SNTP_FAILED_CONNECT, strerror(errno));
    }
}

/* RFC 5905 8. This side's clock may have jumped since the query: only that of the answer is read.
 */
static void succeed(struct sntp *sntp, const struct sntp_answer *answer)
{
    int64_t came = clock_ns(CLOCK_REALTIME);
    int64_t asked = came - (clock_ns(CLOCK_MONOTONIC) - sntp->asked_ns);
    int64_t offset = (answer->received_ns - asked + (answer->sent_ns - came)) / 2;
    int64_t delay = came - asked - (answer->sent_ns - answer->received_ns);
    char address[sizeof walk_address(sntp->walk)->text];
    memcpy(address, walk_address(sntp->walk)->text, sizeof address);
    log_write(sntp->env->log, LEVEL_REQUEST, "sntp: %s (%s): stratum %d, offset %lld us",
              sntp->host, address, answer->stratum, (long long)offset / 1000);
    finish(sntp, &(struct sntp_result){
                     .ok = true,
                     .offset_us = offset / 1000,
                     .delay_us = delay / 1000,
                     .stratum = answer->stratum,
                     .address = address,
                 });
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct sntp *sntp = io->data;
    unsigned char packet[512]; /* an authenticator may follow */
    struct sntp_answer answer;
    ssize_t got = recv(sntp->fd, packet, sizeof packet, 0);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            address_failed(sntp, SNTP_FAILED_CONNECT, strerror(errno));
        }
        return;
    }
    enum sntp_verdict verdict = sntp_packet_answer(packet, (size_t)got, sntp->cookie, &answer);
    if (verdict == SNTP_GOOD) {
        succeed(sntp, &answer);
    } else if (verdict == SNTP_NO_TIME) {
        char why[80];
        snprintf(why, sizeof why, "the server has no time for us%s%s", *answer.kiss ? ": " : "",
                 answer.kiss);
        address_failed(sntp, SNTP_FAILED_SERVER, why);
    }
}

static void on_late(void *ctx)
{
    address_failed(ctx, SNTP_FAILED_TIMEOUT, "no answer in time");
}

static void on_walk_failed(void *ctx, enum walk_failure failure, const char *why)
{
    struct sntp *sntp = ctx;
    if (failure == WALK_UNRESOLVED) {
        fail(sntp, SNTP_FAILED_RESOLVE, why);
    } else if (failure == WALK_LATE && !*sntp->why) {
        fail(sntp, SNTP_FAILED_TIMEOUT, why);
    } else {
        fail(sntp, sntp->failure, sntp->why);
    }
}

static const struct walk_events walk_events = {
    .address = on_address,
    .late = on_late,
    .failed = on_walk_failed,
};

struct sntp *sntp_query(const struct service_env *env, const char *host, int port,
                        unsigned timeout_ms, sntp_done done, void *ctx)
{
    struct sntp *sntp = mem_zeroed(sizeof *sntp);
    sntp->env = env;
    sntp->done = done;
    sntp->ctx = ctx;
    sntp->host = mem_string(host);
    sntp->fd = -1;
    ev_io_init(&sntp->io, on_io, -1, EV_READ);
    ev_timer_init(&sntp->again, on_again, 0., 0.);
    sntp->io.data = sntp->again.data = sntp;
    sntp->walk = walk_create(env->loop, env->resolver, &walk_events, sntp);
    gate_init(&sntp->gate, env, on_network, sntp);
    gate_watch(&sntp->gate);
    if (gate_usable(&sntp->gate)) {
        walk_start(sntp->walk, env->redirect, host, port, timeout_ms / 1000.0);
    }
    return sntp;
}
