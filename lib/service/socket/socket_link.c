#include "service/socket/socket_link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/socket/socket.h"

enum {
    STREAM_READ = 32 * 1024,
    DATAGRAM_READ = 64 * 1024,
    READS_PER_ROUND = 8, /* others want their turn */
};

static void update_watcher(struct socket_link *link)
{
    int wanted = link->paused || link->at_end ? 0 : EV_READ;
    if (buf_len(&link->out) && !link->broken) {
        wanted |= EV_WRITE;
    }
    if (link->fd < 0) {
        wanted = 0;
    }
    if (wanted == link->watched) {
        return;
    }
    link->watched = wanted;
    ev_io_stop(link->loop, &link->io);
    if (wanted) {
        ev_io_set(&link->io, link->fd, wanted);
        ev_io_start(link->loop, &link->io);
    }
}

/* An error that is about a datagram that was sent, and nothing about the next one. */
static bool passes(const struct socket_link *link)
{
    return errno == EINTR || (link->datagrams && errno != EAGAIN && errno != EBADF);
}

/* ---- towards the peer ---- */

/* True if the whole of it is gone, or counts as that; a stream may take a part. */
static size_t send_now(struct socket_link *link, const char *bytes, size_t len)
{
    ssize_t put;
    do {
        put = send(link->fd, bytes, len, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put >= 0) {
        return (size_t)put;
    }
    if (link->datagrams) { /* a refusal of an earlier one, or it cannot pass: lost, as they may be
                            */
        return errno == EAGAIN || errno == ENOBUFS ? 0 : len;
    }
    link->broken = errno != EAGAIN;
    return 0;
}

static void queue(struct socket_link *link, const char *bytes, size_t len)
{
    if (link->datagrams) {
        buf_add(&link->out, &len, sizeof len);
    }
    buf_add(&link->out, bytes, len);
    link->out_bytes += len;
}

size_t socket_link_send(struct socket_link *link, const char *bytes, size_t len)
{
    if (link->fd < 0 || (link->datagrams && len > SOCKET_DATAGRAM_MAX)) {
        return 0;
    }
    if (link->broken) { /* the end will be told: what is sent until then goes nowhere */
        return len;
    }
    size_t done = buf_len(&link->out) ? 0 : send_now(link, bytes, len);
    size_t room = SOCKET_QUEUE_MAX > link->out_bytes ? SOCKET_QUEUE_MAX - link->out_bytes : 0;
    size_t left = len - done;
    if (left > room) {
        link->starved = true;
        left = link->datagrams ? 0 : room;
    }
    if (left) {
        queue(link, bytes + done, left);
    }
    if (link->broken) {
        buf_free(&link->out);
        link->out_bytes = 0;
    }
    update_watcher(link);
    return done + left;
}

/* False if the kernel takes no more. */
static bool send_one(struct socket_link *link)
{
    const char *bytes = buf_bytes(&link->out);
    size_t len = buf_len(&link->out);
    size_t head = 0;
    if (link->datagrams) {
        head = sizeof len;
        memcpy(&len, bytes, sizeof len);
    }
    size_t done = send_now(link, bytes + head, len);
    if (done < len && link->datagrams) {
        return false;
    }
    buf_take(&link->out, head + done);
    link->out_bytes -= done;
    return done == len;
}

static void send_queue(struct socket_link *link)
{
    while (buf_len(&link->out) && send_one(link)) {
    }
    if (link->broken) {
        buf_free(&link->out);
        link->out_bytes = 0;
    }
    update_watcher(link);
    unsigned long chain = link->chain;
    if (!buf_len(&link->out) && !link->broken) {
        link->events->sent(link->ctx);
    }
    if (chain == link->chain && link->starved && link->out_bytes <= SOCKET_QUEUE_MAX / 2) {
        link->starved = false;
        link->events->writable(link->ctx);
    }
}

/* ---- from the peer ---- */

/* False if the callee takes no more, or the descriptor is another one now. */
static bool deliver(struct socket_link *link)
{
    unsigned long chain = link->chain;
    while (buf_len(&link->in)) {
        size_t len = buf_len(&link->in);
        size_t taken = link->events->data(link->ctx, buf_bytes(&link->in), len);
        if (chain != link->chain) {
            return false;
        }
        buf_take(&link->in, taken < len ? taken : len);
        if (taken < len) {
            link->paused = true;
            update_watcher(link);
            return false;
        }
    }
    return true;
}

static void end(struct socket_link *link, int error)
{
    link->at_end = true;
    update_watcher(link);
    link->events->ended(link->ctx, error);
}

/* True if there may be more. */
static bool read_one(struct socket_link *link)
{
    size_t size = link->datagrams ? DATAGRAM_READ : STREAM_READ;
    ssize_t got = recv(link->fd, buf_room(&link->in, size), size, 0);
    if (got > 0) {
        buf_added(&link->in, (size_t)got);
        return deliver(link) && (link->datagrams || (size_t)got == size);
    }
    if (got == 0 && !link->datagrams) {
        end(link, link->broken ? EPIPE : 0);
        return false;
    }
    if (got < 0 && !passes(link) && errno != EAGAIN) {
        end(link, errno);
        return false;
    }
    return got == 0 || errno != EAGAIN;
}

static void read_some(struct socket_link *link)
{
    bool more = deliver(link); /* what waited comes first */
    for (int i = 0; more && i < READS_PER_ROUND; i++) {
        more = read_one(link);
    }
}

static void leave(struct socket_link *link)
{
    link->busy = false;
    if (link->orphaned) {
        link->events->released(link->ctx);
    }
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct socket_link *link = io->data;
    unsigned long chain = link->chain;
    link->busy = true;
    if (revents & EV_WRITE) {
        send_queue(link);
    }
    if (chain == link->chain && (revents & EV_READ) && !link->paused) {
        read_some(link);
    }
    leave(link);
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct socket_link *link = timer->data;
    link->busy = true;
    if (!link->paused && deliver(link)) {
        update_watcher(link);
    }
    leave(link);
}

void socket_link_resume(struct socket_link *link)
{
    if (link->paused) {
        link->paused = false;
        ev_feed_event(link->loop, &link->soon, EV_CUSTOM);
    }
}

/* ---- life ---- */

void socket_link_init(struct socket_link *link, struct ev_loop *loop,
                      const struct socket_link_events *events, void *ctx)
{
    *link = (struct socket_link){.loop = loop, .events = events, .ctx = ctx, .fd = -1};
    ev_io_init(&link->io, on_io, -1, 0);
    ev_timer_init(&link->soon, on_soon, 0., 0.);
    link->io.data = link->soon.data = link;
}

void socket_link_attach(struct socket_link *link, int fd, bool datagrams)
{
    link->fd = fd;
    link->datagrams = datagrams;
    update_watcher(link);
}

int socket_link_detach(struct socket_link *link, struct buf *out)
{
    int fd = link->fd;
    ev_io_stop(link->loop, &link->io);
    ev_clear_pending(link->loop, &link->soon);
    *out = link->out;
    buf_free(&link->in);
    link->fd = -1;
    link->watched = 0;
    link->out = (struct buf){0};
    link->out_bytes = 0;
    link->paused = link->starved = link->at_end = link->broken = false;
    link->chain++;
    return fd;
}

void socket_link_orphan(struct socket_link *link)
{
    link->orphaned = true;
    if (!link->busy) {
        link->events->released(link->ctx);
    }
}
