#include "port/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "port/port_backend.h"

enum {
    READ_BYTES = 4096, /* a PTY gives no more at once */
    POLL_READS = 16,   /* a host that never stops must not hold the loop */
};

/* Starts the watcher for what is waited for now. A descriptor that nobody waits for is not watched
 * at all: a deserted PTY would wake the loop without end. */
static void update_watcher(struct port *port)
{
    int wanted = 0;
    if (port->present && !port->paused) {
        wanted |= EV_READ;
    }
    if (port->present && port->blocked) {
        wanted |= EV_WRITE;
    }
    if (wanted == port->watched) {
        return;
    }
    port->watched = wanted;
    ev_io_stop(port->loop, &port->io);
    if (wanted) {
        ev_io_set(&port->io, port->fd, wanted);
        ev_io_start(port->loop, &port->io);
    }
}

/* Takes one piece of input. True if there may be more, and the port still stands. */
static bool read_piece(struct port *port)
{
    size_t room = port->events->input_room(port->ctx);
    if (port->closed) {
        return false;
    }
    port->paused = room == 0;
    update_watcher(port);
    if (port->paused) {
        return false;
    }
    char bytes[READ_BYTES];
    ssize_t got = read(port->fd, bytes, room < sizeof bytes ? room : sizeof bytes);
    if (got > 0) {
        port->events->input(port->ctx, bytes, (size_t)got);
        return !port->closed && port->present;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (got < 0 && errno != EIO) {
        log_error(port->log, "cannot read from the port: %s", strerror(errno));
    }
    port->ops->ended(port);
    return false;
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct port *port = io->data;
    port_enter(port);
    if (revents & EV_READ) {
        read_piece(port);
    }
    if ((revents & EV_WRITE) && !port->closed && port->blocked) {
        port->blocked = false;
        update_watcher(port);
        port->events->writable(port->ctx);
    }
    port_leave(port);
}

void port_init(struct port *port, const struct port_ops *ops, struct ev_loop *loop, int fd,
               const struct port_events *events, void *ctx, struct log *log)
{
    port->ops = ops;
    port->loop = loop;
    port->events = events;
    port->ctx = ctx;
    port->log = log;
    port->fd = fd;
    ev_io_init(&port->io, on_io, fd, 0);
    port->io.data = port;
}

void port_enter(struct port *port)
{
    port->calls++;
}

void port_leave(struct port *port)
{
    port->calls--;
    if (port->closed && port->calls == 0) {
        free(port);
    }
}

void port_set_present(struct port *port, bool present)
{
    port->present = present;
    port->paused = false;
    port->blocked = false;
    update_watcher(port);
    port->events->present(port->ctx, present);
}

void port_close(struct port *port)
{
    if (!port || port->closed) {
        return;
    }
    port_enter(port);
    port->closed = true;
    ev_io_stop(port->loop, &port->io);
    port->ops->close(port);
    close(port->fd);
    port_leave(port);
}

size_t port_write(struct port *port, const char *bytes, size_t len)
{
    if (!port->present || len == 0) {
        return len;
    }
    port->ops->before_write(port);
    size_t done = 0;
    while (done < len) {
        ssize_t put = write(port->fd, bytes + done, len - done);
        if (put > 0) {
            done += (size_t)put;
        } else if (put == 0 || errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            return len; /* reading will find the end, too, and report it */
        }
    }
    if (done < len && port->ops->deserted(port)) {
        /* No reader will ever make room again, but the owner must get rid of its output: input that
         * it has no room for until then may wait before the end of input. */
        return len;
    }
    port->blocked = done < len;
    update_watcher(port);
    return done;
}

void port_poll(struct port *port)
{
    port_enter(port);
    for (int i = 0; i < POLL_READS && port->present; i++) {
        if (!read_piece(port)) {
            break;
        }
    }
    port_leave(port);
}

void port_resume(struct port *port)
{
    if (port->paused) {
        port->paused = false;
        update_watcher(port);
    }
}

void port_discard_output(struct port *port)
{
    port->ops->discard_output(port);
}
