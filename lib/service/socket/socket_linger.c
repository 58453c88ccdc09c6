#include "service/socket/socket_linger.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    SEND_S = 10, /* for what waits to be sent */
    END_S = 2,   /* then for the peer's own end: a close() before it would reset the connection */
};

struct socket_linger {
    struct socket_linger *next;
    struct socket_lingers *list;
    int fd;
    bool datagrams;
    bool ended; /* the peer has been told */
    struct buf out;
    ev_io io;
    ev_timer timer;
};

static void finish(struct socket_linger *linger)
{
    struct socket_lingers *list = linger->list;
    struct socket_linger **place = &list->first;
    while (*place != linger) {
        place = &(*place)->next;
    }
    *place = linger->next;
    ev_io_stop(list->loop, &linger->io);
    ev_timer_stop(list->loop, &linger->timer);
    close(linger->fd);
    buf_free(&linger->out);
    free(linger);
}

static void watch(struct socket_linger *linger, int events, double seconds)
{
    struct ev_loop *loop = linger->list->loop;
    ev_io_stop(loop, &linger->io);
    ev_io_set(&linger->io, linger->fd, events);
    ev_io_start(loop, &linger->io);
    ev_timer_stop(loop, &linger->timer);
    ev_timer_set(&linger->timer, seconds, 0.);
    ev_timer_start(loop, &linger->timer);
}

/* False if the connection is dead. */
static bool send_some(struct socket_linger *linger)
{
    while (buf_len(&linger->out)) {
        size_t len = buf_len(&linger->out);
        size_t head = 0;
        if (linger->datagrams) {
            head = sizeof len;
            memcpy(&len, buf_bytes(&linger->out), sizeof len);
        }
        ssize_t put = send(linger->fd, buf_bytes(&linger->out) + head, len, MSG_NOSIGNAL);
        if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        }
        if (put < 0 && !linger->datagrams) {
            return false;
        }
        buf_take(&linger->out, head + (linger->datagrams ? len : (size_t)put));
    }
    return true;
}

/* True once nothing more comes. */
static bool drained(struct socket_linger *linger)
{
    char bytes[16 * 1024];
    ssize_t got = recv(linger->fd, bytes, sizeof bytes, 0);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/* What can be done now; false: all is done. */
static bool go_on(struct socket_linger *linger)
{
    if (!linger->ended) {
        if (!send_some(linger)) {
            return false;
        }
        if (buf_len(&linger->out)) {
            return true;
        }
        if (linger->datagrams) {
            return false;
        }
        linger->ended = true;
        shutdown(linger->fd, SHUT_WR);
        watch(linger, EV_READ, END_S);
    }
    return !drained(linger);
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    if (!go_on(io->data)) {
        finish(io->data);
    }
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    finish(timer->data);
}

void socket_linger_begin(struct socket_lingers *lingers, int fd, bool datagrams, struct buf *out)
{
    struct socket_linger *linger = mem_zeroed(sizeof *linger);
    linger->list = lingers;
    linger->fd = fd;
    linger->datagrams = datagrams;
    linger->out = *out;
    *out = (struct buf){0};
    linger->next = lingers->first;
    lingers->first = linger;
    ev_io_init(&linger->io, on_io, fd, EV_WRITE);
    ev_timer_init(&linger->timer, on_timer, 0., 0.);
    linger->io.data = linger->timer.data = linger;
    watch(linger, EV_WRITE, SEND_S);
    if (!go_on(linger)) {
        finish(linger);
    }
}

void socket_linger_end(struct socket_lingers *lingers)
{
    for (struct socket_linger *next, *linger = lingers->first; linger; linger = next) {
        next = linger->next;
        finish(linger);
    }
}
