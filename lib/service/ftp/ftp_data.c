#include "service/ftp/ftp_data.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "service/socket/socket_link.h"

struct ftp_data {
    struct ev_loop *loop;
    const struct ftp_data_events *events;
    void *ctx;
    union ftp_address peer;
    int fd; /* that is not the link's yet: connecting or listening; -1: none */
    bool listening;
    ev_io io; /* of fd */
    struct socket_link link;
    bool ending;
    bool ended;
    ev_timer soon; /* never started: fed to end it from the loop */
};

/* ---- the link ---- */

static void close_link(struct ftp_data *data)
{
    struct buf unsent;
    int fd = socket_link_detach(&data->link, &unsent);
    buf_free(&unsent);
    if (fd >= 0) {
        close(fd);
    }
}

static void end(struct ftp_data *data, int error)
{
    close_link(data);
    if (!data->ended) {
        data->ended = true;
        data->events->ended(data->ctx, error);
    }
}

static size_t on_link_data(void *ctx, const char *bytes, size_t len)
{
    struct ftp_data *data = ctx;
    return data->events->data(data->ctx, bytes, len);
}

static void on_link_writable(void *ctx)
{
    struct ftp_data *data = ctx;
    data->events->writable(data->ctx);
}

static void on_link_sent(void *ctx)
{
    struct ftp_data *data = ctx;
    if (data->ending) {
        end(data, 0);
    }
}

static void on_link_ended(void *ctx, int error)
{
    end(ctx, error);
}

static void on_link_released(void *ctx)
{
    free(ctx);
}

static const struct socket_link_events link_events = {
    .data = on_link_data,
    .writable = on_link_writable,
    .sent = on_link_sent,
    .ended = on_link_ended,
    .released = on_link_released,
};

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    end(timer->data, 0);
}

/* ---- how it comes to be ---- */

static void close_own(struct ftp_data *data)
{
    ev_io_stop(data->loop, &data->io);
    if (data->fd >= 0) {
        close(data->fd);
        data->fd = -1;
    }
}

static void on_connected(struct ftp_data *data)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(data->fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) {
        close_own(data);
    } else {
        ev_io_stop(data->loop, &data->io);
        socket_link_attach(&data->link, data->fd, false);
        data->fd = -1;
    }
    data->events->open(data->ctx, error);
}

static void on_coming(struct ftp_data *data)
{
    union ftp_address from = {0};
    socklen_t len = sizeof from;
    int fd = accept4(data->fd, &from.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    if (!ftp_address_same_host(&from, &data->peer)) {
        close(fd); /* somebody who tries to be quicker than the server */
        return;
    }
    close_own(data);
    socket_link_attach(&data->link, fd, false);
    data->events->open(data->ctx, 0);
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct ftp_data *data = io->data;
    if (data->listening) {
        on_coming(data);
    } else {
        on_connected(data);
    }
}

static void watch(struct ftp_data *data, int events)
{
    ev_io_set(&data->io, data->fd, events);
    ev_io_start(data->loop, &data->io);
}

static bool open_socket(struct ftp_data *data, const union ftp_address *peer)
{
    data->peer = *peer;
    data->fd = socket(peer->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return data->fd >= 0;
}

bool ftp_data_connect(struct ftp_data *data, const union ftp_address *peer)
{
    if (!open_socket(data, peer) ||
        (connect(data->fd, &peer->any, ftp_address_len(peer)) != 0 && errno != EINPROGRESS)) {
        return false;
    }
    watch(data, EV_WRITE);
    return true;
}

/* The address by which this machine reaches the peer. */
static bool own_address(const union ftp_address *peer, union ftp_address *own)
{
    socklen_t len = sizeof *own;
    int fd = socket(peer->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, &peer->any, ftp_address_len(peer)) == 0 &&
              getsockname(fd, &own->any, &len) == 0;
    if (fd >= 0) {
        int error = errno;
        close(fd);
        errno = error;
    }
    own->v4.sin_port = 0; /* of both families in the same place */
    return ok;
}

bool ftp_data_listen(struct ftp_data *data, const union ftp_address *peer, union ftp_address *own)
{
    socklen_t len = sizeof *own;
    if (!own_address(peer, own) || !open_socket(data, peer) ||
        bind(data->fd, &own->any, ftp_address_len(own)) != 0 || listen(data->fd, 1) != 0 ||
        getsockname(data->fd, &own->any, &len) != 0) {
        return false;
    }
    data->listening = true;
    watch(data, EV_READ);
    return true;
}

/* ---- the rest ---- */

struct ftp_data *ftp_data_create(struct ev_loop *loop, const struct ftp_data_events *events,
                                 void *ctx)
{
    struct ftp_data *data = mem_zeroed(sizeof *data);
    data->loop = loop;
    data->events = events;
    data->ctx = ctx;
    data->fd = -1;
    ev_io_init(&data->io, on_io, -1, EV_READ);
    ev_timer_init(&data->soon, on_soon, 0., 0.);
    data->io.data = data->soon.data = data;
    socket_link_init(&data->link, loop, &link_events, data);
    return data;
}

void ftp_data_destroy(struct ftp_data *data)
{
    if (data) {
        data->ended = true;
        close_own(data);
        close_link(data);
        ev_clear_pending(data->loop, &data->soon);
        socket_link_orphan(&data->link); /* frees it */
    }
}

bool ftp_data_is_open(const struct ftp_data *data)
{
    return data->link.fd >= 0;
}

size_t ftp_data_send(struct ftp_data *data, const char *bytes, size_t len)
{
    return data->ending ? 0 : socket_link_send(&data->link, bytes, len);
}

size_t ftp_data_unsent(const struct ftp_data *data)
{
    return data->link.out_bytes;
}

void ftp_data_end(struct ftp_data *data)
{
    data->ending = true;
    if (!data->link.out_bytes && ftp_data_is_open(data)) {
        ev_feed_event(data->loop, &data->soon, EV_CUSTOM);
    }
}

void ftp_data_resume(struct ftp_data *data)
{
    socket_link_resume(&data->link);
}
