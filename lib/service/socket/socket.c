/* A link's life: opened over the addresses of a name, open, and its end. */
#include "service/socket/socket.h"
#include "service/counters.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/walk.h"
#include "service/env.h"
#include "service/gate.h"
#include "service/socket/socket_linger.h"
#include "service/socket/socket_link.h"

#define RETRY_S 0.25 /* while an old connection occupies the local port */

enum stage { IDLE, DIAL, OPEN };

struct socket {
    struct socket_link link;
    const struct service_env *env;
    const struct socket_events *events;
    void *ctx;
    enum stage stage;
    struct socket_options options; /* its host is a copy */
    struct walk *walk;
    struct socket_lingers lingers;
    struct gate gate;
    int fd;         /* DIAL: being connected, or -1 */
    ev_io io;       /* for its outcome */
    ev_timer retry; /* the same address again */

    /* The failure that it would be, up to now. */
    enum socket_failure failure;
    char why[240];
};

static bool is_tcp(const struct socket *sock)
{
    return sock->options.kind == SOCKET_TCP;
}

/* ---- ends ---- */

static void give_up_address(struct socket *sock)
{
    ev_io_stop(sock->env->loop, &sock->io);
    ev_timer_stop(sock->env->loop, &sock->retry);
    if (sock->fd >= 0) {
        close(sock->fd);
        sock->fd = -1;
    }
}

/* To IDLE from whatever there is. A link that is over properly is still flushed. */
static void clear(struct socket *sock, bool flush)
{
    give_up_address(sock);
    walk_stop(sock->walk);
    gate_ignore(&sock->gate);
    struct buf out;
    int fd = socket_link_detach(&sock->link, &out);
    if (fd >= 0 && flush) {
        socket_linger_begin(&sock->lingers, fd, !is_tcp(sock), &out);
    } else if (fd >= 0) {
        close(fd);
    }
    buf_free(&out);
    sock->stage = IDLE;
}

static void fail(struct socket *sock)
{
    char why[sizeof sock->why];
    memcpy(why, sock->why, sizeof why);
    clear(sock, false);
    log_warning(sock->env->log, "socket: no link to %s:%d: %s", sock->options.host,
                sock->options.port, why);
    SERVICE_COUNT(sock->env, socket_failed);
    if (sock->events->failed) {
        sock->events->failed(sock->ctx, sock->failure, why);
    }
}

static void end(struct socket *sock, enum socket_end how, const char *why)
{
    clear(sock, how == SOCKET_ENDED_BY_PEER);
    log_write(sock->env->log, LEVEL_STATE, "socket: the link to %s:%d has ended: %s",
              sock->options.host, sock->options.port, why);
    SERVICE_COUNT(sock->env, socket_ended);
    if (sock->events->closed) {
        sock->events->closed(sock->ctx, how);
    }
}

static int weight(enum socket_failure failure)
{
    return failure == SOCKET_FAILED_CONNECT ? 0 : failure == SOCKET_FAILED_TIMEOUT ? 1 : 2;
}

/* Of the failures of several addresses the one that got furthest is told. */
static void note_failure(struct socket *sock, enum socket_failure failure, const char *why)
{
    if (!*sock->why || weight(failure) >= weight(sock->failure)) {
        sock->failure = failure;
        snprintf(sock->why, sizeof sock->why, "%s", why);
    }
}

static void address_failed(struct socket *sock, enum socket_failure failure, const char *why)
{
    if (walk_more(sock->walk)) { /* the last one goes into the message about all of them */
        log_write(sock->env->log, LEVEL_STATE, "socket: %s (%s): %s", sock->options.host,
                  walk_address(sock->walk)->text, why);
    }
    note_failure(sock, failure, why);
    give_up_address(sock);
    walk_next(sock->walk);
}

/* ---- one address ---- */

static int local_port(int fd)
{
    struct sockaddr_in6 address = {0}; /* sockaddr_in has its port at the same place */
    socklen_t len = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &len);
    return ntohs(address.sin6_port);
}

/* A connection to a port that nobody has may meet itself, if it was given that very port. */
static bool met_itself(int fd)
{
    struct sockaddr_storage here = {0};
    struct sockaddr_storage there = {0};
    socklen_t here_len = sizeof here;
    socklen_t there_len = sizeof there;
    return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 &&
           getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 && here_len == there_len &&
           memcmp(&here, &there, here_len) == 0;
}

/* SO_REUSEADDR lets TCP have a port that old connections still occupy. With UDP it would take
 * datagrams away from another. */
static bool bind_local(const struct socket *sock, int fd, int family)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)sock->options.local_port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)sock->options.local_port)};
    int on = 1;
    if (is_tcp(sock)) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        return bind(fd, (struct sockaddr *)&v6, sizeof v6) == 0;
    }
    return bind(fd, (struct sockaddr *)&v4, sizeof v4) == 0;
}

static void connected(struct socket *sock)
{
    char text[sizeof walk_address(sock->walk)->text];
    memcpy(text, walk_address(sock->walk)->text, sizeof text);
    int fd = sock->fd;
    int port = local_port(fd);
    sock->fd = -1;
    clear(sock, false);
    sock->stage = OPEN;
    gate_watch(&sock->gate);
    socket_link_attach(&sock->link, fd, !is_tcp(sock));
    log_write(sock->env->log, LEVEL_STATE, "socket: linked to %s:%d (%s), local port %d",
              sock->options.host, sock->options.port, text, port);
    SERVICE_COUNT(sock->env, socket_connected);
    if (sock->events->connected) {
        sock->events->connected(sock->ctx, text, port);
    }
}

static void outcome(struct socket *sock, int error)
{
    if (error == 0 && is_tcp(sock) && met_itself(sock->fd)) {
        error = ECONNREFUSED;
    }
    if (error == 0) {
        connected(sock);
    } else if (error == EINPROGRESS) {
        ev_io_set(&sock->io, sock->fd, EV_WRITE);
        ev_io_start(sock->env->loop, &sock->io);
    } else if (error == EADDRNOTAVAIL && sock->options.local_port) {
        give_up_address(sock);
        note_failure(sock, SOCKET_FAILED_LOCAL_PORT, "an old connection has the local port");
        ev_timer_set(&sock->retry, RETRY_S, 0.);
        ev_timer_start(sock->env->loop, &sock->retry);
    } else {
        enum socket_failure failure =
            error == ETIMEDOUT ? SOCKET_FAILED_TIMEOUT : SOCKET_FAILED_CONNECT;
        address_failed(sock, failure, strerror(error));
    }
}

static void on_address(void *ctx, const struct net_address *address)
{
    struct socket *sock = ctx;
    int type = is_tcp(sock) ? SOCK_STREAM : SOCK_DGRAM;
    int on = 1;
    sock->fd = socket(address->socket.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock->fd < 0) {
        address_failed(sock, SOCKET_FAILED_CONNECT, strerror(errno));
        return;
    }
    if (sock->options.local_port && !bind_local(sock, sock->fd, address->socket.ss_family)) {
        address_failed(sock, SOCKET_FAILED_LOCAL_PORT, strerror(errno));
        return;
    }
    if (is_tcp(sock)) { /* whoever sends small pieces wants them there now */
        setsockopt(sock->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    log_write(sock->env->log, LEVEL_STATE, "socket: connecting to %s:%d (%s)", sock->options.host,
              walk_port(sock->walk), address->text);
    int rc = connect(sock->fd, (const struct sockaddr *)&address->socket, address->len);
    outcome(sock, rc == 0 ? 0 : errno);
}

static void on_connect(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct socket *sock = io->data;
    int error = 0;
    socklen_t len = sizeof error;
    ev_io_stop(loop, io);
    getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    outcome(sock, error);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct socket *sock = timer->data;
    on_address(sock, walk_address(sock->walk));
}

static void on_late(void *ctx)
{
    struct socket *sock = ctx;
    address_failed(sock, SOCKET_FAILED_TIMEOUT, "no answer in time");
}

static void on_walk_failed(void *ctx, enum walk_failure failure, const char *why)
{
    struct socket *sock = ctx;
    if (failure == WALK_UNRESOLVED) {
        note_failure(sock, SOCKET_FAILED_RESOLVE, why);
    } else if (failure == WALK_LATE) {
        note_failure(sock, SOCKET_FAILED_TIMEOUT, why);
    }
    fail(sock);
}

static const struct walk_events walk_events = {
    .address = on_address,
    .late = on_late,
    .failed = on_walk_failed,
};

/* ---- the open link ---- */

static size_t on_data(void *ctx, const char *bytes, size_t len)
{
    struct socket *sock = ctx;
    return sock->events->data(sock->ctx, bytes, len);
}

static void on_writable(void *ctx)
{
    struct socket *sock = ctx;
    if (sock->events->writable) {
        sock->events->writable(sock->ctx);
    }
}

static void on_sent(void *ctx)
{
    struct socket *sock = ctx;
    if (sock->events->sent) {
        sock->events->sent(sock->ctx);
    }
}

static void on_ended(void *ctx, int error)
{
    end(ctx, error ? SOCKET_ENDED_RESET : SOCKET_ENDED_BY_PEER,
        error ? strerror(error) : "closed by the peer");
}

static void on_released(void *ctx)
{
    struct socket *sock = ctx;
    free(sock);
}

static const struct socket_link_events link_events = {
    .data = on_data,
    .writable = on_writable,
    .sent = on_sent,
    .ended = on_ended,
    .released = on_released,
};

/* ---- the network ---- */

static void on_network(void *ctx)
{
    struct socket *sock = ctx;
    if (sock->stage == OPEN) {
        end(sock, SOCKET_ENDED_NETWORK, "no network");
    } else {
        *sock->why = '\0';
        note_failure(sock, SOCKET_FAILED_NETWORK, "no network");
        fail(sock);
    }
}

/* ---- life ---- */

struct socket *socket_create(const struct service_env *env, const struct socket_events *events,
                             void *ctx)
{
    struct socket *sock = mem_zeroed(sizeof *sock);
    sock->env = env;
    sock->events = events;
    sock->ctx = ctx;
    sock->fd = -1;
    sock->lingers.loop = env->loop;
    sock->walk = walk_create(env->loop, env->resolver, &walk_events, sock);
    socket_link_init(&sock->link, env->loop, &link_events, sock);
    ev_io_init(&sock->io, on_connect, -1, EV_WRITE);
    ev_timer_init(&sock->retry, on_retry, 0., 0.);
    sock->io.data = sock->retry.data = sock;
    gate_init(&sock->gate, env, on_network, sock);
    return sock;
}

void socket_destroy(struct socket *sock)
{
    if (!sock) {
        return;
    }
    clear(sock, true);
    socket_linger_end(&sock->lingers);
    walk_destroy(sock->walk);
    gate_end(&sock->gate);
    free((char *)sock->options.host);
    socket_link_orphan(&sock->link);
}

bool socket_open(struct socket *sock, const struct socket_options *options)
{
    if (sock->stage != IDLE) {
        return false;
    }
    char *host = mem_string(options->host);
    free((char *)sock->options.host);
    sock->options = *options;
    sock->options.host = host;
    sock->stage = DIAL;
    *sock->why = '\0';
    gate_watch(&sock->gate);
    if (gate_usable(&sock->gate)) {
        walk_start(sock->walk, sock->env->redirect, host, options->port,
                   options->connect_timeout_ms / 1000.0);
    }
    return true;
}

void socket_close(struct socket *sock)
{
    clear(sock, true);
}

bool socket_connected(const struct socket *sock)
{
    return sock->stage == OPEN;
}

size_t socket_send(struct socket *sock, const char *bytes, size_t len)
{
    return socket_link_send(&sock->link, bytes, len);
}

bool socket_broken(const struct socket *sock)
{
    return sock->link.broken;
}

size_t socket_unsent(const struct socket *sock)
{
    return sock->link.out_bytes;
}

void socket_resume(struct socket *sock)
{
    socket_link_resume(&sock->link);
}
