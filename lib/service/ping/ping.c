#include "service/ping/ping.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/walk.h"
#include "service/env.h"
#include "service/gate.h"
#include "service/ping/ping_packet.h"
#include "service/ping/ping_socket.h"

struct ping {
    const struct service_env *env;
    const struct ping_events *events;
    void *ctx;
    struct ping_options options; /* its host is a copy */
    struct walk *walk;
    struct gate gate;
    struct ping_socket sock;
    char address[sizeof((struct net_address *)0)->text];
    struct ping_packet packet; /* the present request */
    bool waiting;              /* for its reply */
    double sent;
    ev_io io;
    ev_timer timer; /* the reply is late, or the next request is due */
    bool denied;    /* an address failed for want of a socket */
    char why[200];
    bool *gone; /* set when the object goes inside a call of reply() */
};

/* ---- ends ---- */

static void leave_address(struct ping *ping)
{
    ev_io_stop(ping->env->loop, &ping->io);
    ev_timer_stop(ping->env->loop, &ping->timer);
    if (ping->sock.fd >= 0) {
        close(ping->sock.fd);
        ping->sock.fd = -1;
    }
}

void ping_cancel(struct ping *ping)
{
    if (ping) {
        if (ping->gone) {
            *ping->gone = true;
        }
        leave_address(ping);
        walk_destroy(ping->walk);
        gate_end(&ping->gate);
        free((char *)ping->options.host);
        free(ping);
    }
}

static void fail(struct ping *ping, enum ping_failure failure, const char *text)
{
    const struct ping_events *events = ping->events;
    void *ctx = ping->ctx;
    char why[sizeof ping->why];
    snprintf(why, sizeof why, "%s", text);
    log_warning(ping->env->log, "ping: %s: %s", ping->options.host, why);
    ping_cancel(ping);
    events->failed(ctx, failure, why);
}

static void on_network(void *ctx)
{
    fail(ctx, PING_FAILED_NETWORK, "no network");
}

/* ---- requests ---- */

static void set_timer(struct ping *ping, double seconds)
{
    ev_timer_stop(ping->env->loop, &ping->timer);
    ev_timer_set(&ping->timer, seconds > 0 ? seconds : 0, 0.);
    ev_timer_start(ping->env->loop, &ping->timer);
}

/* False with errno set. One that the kernel does not take now is lost like others. */
static bool send_request(struct ping *ping)
{
    unsigned char bytes[PING_PACKET];
    ping->packet.sequence++;
    ping->waiting = true;
    ping->sent = clock_seconds();
    ping_packet_request(bytes, &ping->packet);
    set_timer(ping, ping->options.timeout_ms / 1000.0);
    return send(ping->sock.fd, bytes, sizeof bytes, MSG_NOSIGNAL) >= 0 || errno == EAGAIN ||
           errno == ENOBUFS;
}

/* The present request has its outcome. */
static void tell(struct ping *ping, bool ok, double ms, int ttl)
{
    struct ping_reply reply = {ping->address, ping->packet.sequence, ok, ms, ttl};
    bool gone = false;
    ping->waiting = false;
    if (ok) {
        log_write(ping->env->log, LEVEL_REQUEST, "ping: %s: reply %u after %.1f ms, TTL %d",
                  ping->address, reply.number, ms, ttl);
    } else {
        log_write(ping->env->log, LEVEL_REQUEST, "ping: %s: no reply %u", ping->address,
                  reply.number);
    }
    ping->gone = &gone;
    ping->events->reply(ping->ctx, &reply);
    if (gone) {
        return;
    }
    ping->gone = NULL;
    if (ping->packet.sequence >= ping->options.count) {
        const struct ping_events *events = ping->events;
        void *ctx = ping->ctx;
        ping_cancel(ping);
        events->done(ctx);
        return;
    }
    set_timer(ping, ping->sent + ping->options.interval_ms / 1000.0 - clock_seconds());
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct ping *ping = timer->data;
    if (ping->waiting) {
        tell(ping, false, 0, 0);
    } else {
        send_request(ping); /* one that has no way now gets no reply */
    }
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct ping *ping = io->data;
    unsigned char bytes[256];
    int ttl = 0;
    long got = ping_socket_receive(&ping->sock, ping->packet.six, bytes, sizeof bytes, &ttl);
    /* Errors tell of routers without a way: no reply is what the host is told. */
    if (got > 0 && ping->waiting && ping_packet_is_reply(bytes, (size_t)got, &ping->packet)) {
        tell(ping, true, (clock_seconds() - ping->sent) * 1000.0, ttl);
    }
}

/* ---- the way there ---- */

static void on_address(void *ctx, const struct net_address *address)
{
    struct ping *ping = ctx;
    ping->packet = (struct ping_packet){.six = address->socket.ss_family == AF_INET6};
    bool ok = ping_socket_open(&ping->sock, address);
    if (ok) {
        ping->packet.own_ident = ping->sock.raw;
        ok = getrandom(&ping->packet.ident, sizeof ping->packet.ident, 0) > 0 &&
             getrandom(&ping->packet.cookie, sizeof ping->packet.cookie, 0) > 0 &&
             send_request(ping);
    } else {
        ping->denied = ping->denied || errno == EACCES;
    }
    if (!ok) {
        snprintf(ping->why, sizeof ping->why, "%s", strerror(errno));
        leave_address(ping);
        walk_next(ping->walk);
        return;
    }
    memcpy(ping->address, address->text, sizeof ping->address);
    walk_stop(ping->walk);
    ev_io_set(&ping->io, ping->sock.fd, EV_READ);
    ev_io_start(ping->env->loop, &ping->io);
}

static void on_walk_failed(void *ctx, enum walk_failure failure, const char *why)
{
    struct ping *ping = ctx;
    if (failure != WALK_EXHAUSTED) {
        fail(ping, PING_FAILED_RESOLVE, why);
    } else if (ping->denied) {
        fail(ping, PING_FAILED_DENIED,
             "no ICMP socket is allowed: neither by net.ipv4.ping_group_range nor by CAP_NET_RAW");
    } else {
        fail(ping, PING_FAILED_CONNECT, ping->why);
    }
}

/* An address is used or not at once: late() never comes. */
static const struct walk_events walk_events = {
    .address = on_address,
    .failed = on_walk_failed,
};

struct ping *ping_start(const struct service_env *env, const struct ping_options *options,
                        const struct ping_events *events, void *ctx)
{
    struct ping *ping = mem_zeroed(sizeof *ping);
    ping->env = env;
    ping->events = events;
    ping->ctx = ctx;
    ping->options = *options;
    ping->options.host = mem_string(options->host);
    ping->sock.fd = -1;
    ev_io_init(&ping->io, on_io, -1, EV_READ);
    ev_timer_init(&ping->timer, on_timer, 0., 0.);
    ping->io.data = ping->timer.data = ping;
    ping->walk = walk_create(env->loop, env->resolver, &walk_events, ping);
    gate_init(&ping->gate, env, on_network, ping);
    gate_watch(&ping->gate);
    if (gate_usable(&ping->gate)) {
        walk_start(ping->walk, env->redirect, options->host, 7, /* echo; ICMP has no ports */
                   options->resolve_timeout_ms / 1000.0);
    }
    return ping;
}
