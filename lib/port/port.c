#include "port/port.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "port/line.h"
#include "port/pacing.h"
#include "port/port_backend.h"

enum {
    READ_BYTES = 4096,     /* a PTY gives no more at once */
    POLL_READS = 16,       /* a host that never stops must not hold the loop */
    FULL = READ_BYTES - 1, /* as much as a PTY gives while it has more */
    FULL_READS = 4,        /* in a row, before the other modems have their turn */
};

/* Starts the watcher for what is waited for now. A descriptor that nobody waits for is not watched
 * at all: a deserted PTY would wake the loop without end. */
static void update_watcher(struct port *port)
{
    int wanted = 0;
    if (port->present && !port->paused && !port->input_held) {
        wanted |= EV_READ;
    }
    if (port->present && port->blocked && !port->output_held) {
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

/* How much may be read now. */
static size_t ask_room(struct port *port)
{
    size_t room = port->events->input_room(port->ctx);
    if (port->closed) {
        return 0;
    }
    port->paused = room == 0;
    if (port->pacing) {
        room = pacing_input(port->pacing, room);
    }
    update_watcher(port);
    return room;
}

/* Takes one piece of input and says how long it was. 0: there is no more, or the port is closed. */
static size_t read_piece(struct port *port)
{
    char bytes[READ_BYTES];
    size_t room = ask_room(port);
    if (room == 0) {
        return 0;
    }
    ssize_t got = read(port->fd, bytes, room < sizeof bytes ? room : sizeof bytes);
    if (got > 0) {
        if (port->pacing) {
            pacing_was_read(port->pacing, (size_t)got);
        }
        if (port->ops->before_input) {
            port->ops->before_input(port);
        }
        if (!port->closed) {
            port->events->input(port->ctx, bytes, (size_t)got);
        }
        return !port->closed && port->present ? (size_t)got : 0;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        port->ops->ended(port, got < 0 ? errno : 0);
    }
    return 0;
}

static void now_writable(struct port *port)
{
    port->blocked = false;
    update_watcher(port);
    port->events->writable(port->ctx);
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct port *port = io->data;
    port_enter(port);
    if (revents & EV_READ) {
        for (int i = 0; i < FULL_READS && read_piece(port) >= FULL; i++) {
        }
    }
    if ((revents & EV_WRITE) && !port->closed && port->blocked && !port->output_held) {
        now_writable(port);
    }
    port_leave(port);
}

void port_init(struct port *port, const struct port_ops *ops, const struct port_env *env,
               const struct port_settings *settings)
{
    port->ops = ops;
    port->loop = env->loop;
    port->events = env->events;
    port->ctx = env->ctx;
    port->log = env->log;
    line_from_settings(&port->line, settings);
    port->fd = -1;
    ev_io_init(&port->io, on_io, -1, 0);
    port->io.data = port;
}

void port_attach(struct port *port, int fd)
{
    port->fd = fd;
}

void port_detach(struct port *port)
{
    port->watched = 0;
    ev_io_stop(port->loop, &port->io);
    if (port->fd >= 0) {
        close(port->fd);
        port->fd = -1;
    }
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
    port->input_held = false;
    port->output_held = false;
    if (port->pacing) {
        pacing_reset(port->pacing);
    }
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
    pacing_destroy(port->pacing);
    port->pacing = NULL;
    port->ops->close(port);
    port_detach(port);
    port_leave(port);
}

/* As many bytes as the kernel takes; all of them if the line is dead. */
static size_t write_some(struct port *port, const char *bytes, size_t len)
{
    size_t done = 0;
    if (port->ops->before_output) {
        port->ops->before_output(port);
    }
    while (done < len) {
        ssize_t put = port->ops->write(port, bytes + done, len - done);
        if (put > 0) {
            done += (size_t)put;
        } else if (put == 0 || errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            return len; /* reading will find the end, too, and report it */
        }
    }
    if (done < len && port->ops->deserted && port->ops->deserted(port)) {
        /* No reader will ever make room again, but the owner must get rid of its output: input that
         * it has no room for until then may wait before the end of input. */
        return len;
    }
    return done;
}

size_t port_write(struct port *port, const char *bytes, size_t len)
{
    if (!port->present || len == 0) {
        return len;
    }
    size_t done = 0;
    if (!port->output_held) {
        size_t allowed = port->pacing ? pacing_output(port->pacing, len) : len;
        done = write_some(port, bytes, allowed);
        if (port->pacing) {
            pacing_was_written(port->pacing, done, allowed, len);
        }
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

void port_hold_input(struct port *port, bool hold)
{
    port->input_held = hold;
    update_watcher(port);
}

void port_hold_output(struct port *port)
{
    port->output_held = true;
    update_watcher(port);
}

void port_release_output(struct port *port)
{
    port->output_held = false;
    if (port->blocked) {
        now_writable(port);
    }
}

void port_discard_output(struct port *port)
{
    if (port->fd >= 0 && port->ops->discard_output) {
        port->ops->discard_output(port);
    }
}

void port_set_line(struct port *port, const struct port_line *line)
{
    port->line = *line;
    if (port->ops->line_changed) {
        port->ops->line_changed(port);
    }
}

const struct port_line *port_line(const struct port *port)
{
    return &port->line;
}
