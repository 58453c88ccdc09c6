/* A serial device as port. Whether a host sits at its far end cannot be seen, so one counts as
 * present as long as the device is open. A device that is not there, or has gone, is tried again by
 * a timer: its folder (/dev/serial/by-id) may come and go with it, so there is nothing to watch. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "port/line.h"
#include "port/port_backend.h"

static const double first_retry = 0.25; /* seconds, then twice as long each time */
static const double last_retry = 2.;
static const double queue_time = 0.01; /* how often a queue that moves slowly is looked at */

enum { HIDDEN_BYTES = 512 }; /* what an adapter may hold of which TIOCOUTQ knows nothing */

struct serial {
    struct port port; /* first */
    char *path;
    ev_timer retry;       /* tries to open; when open, it reports that */
    double retry_time;    /* the next wait */
    bool waiting;         /* the log says so already */
    double byte_time;     /* at the speed that is set in the device */
    double written_until; /* when the last byte written will have left, at best */
    ev_timer drained;     /* the line may have left */
};

/* ---- opening ---- */

/* What a wait does not mend. */
static bool is_final(int error)
{
    return error == ENOTTY || error == EISDIR || error == EBUSY || error == ELOOP ||
           error == ENAMETOOLONG;
}

static const char *reason(int error)
{
    switch (error) {
    case EBUSY:
        return "another program uses it";
    case ENOTTY:
    case EISDIR:
        return "it is no serial device";
    default:
        return strerror(error);
    }
}

/* TIOCEXCL keeps out those who do not look for locks, but not root; the lock keeps out root. */
static bool lock(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            errno = EBUSY;
        }
        return false;
    }
    return ioctl(fd, TIOCEXCL) == 0;
}

static void check_speed(const struct serial *serial)
{
    int wanted = serial->port.line.baud;
    int got = line_speed(serial->port.fd);
    if (abs(got - wanted) > wanted / 50) {
        log_warning(serial->port.log, "%s runs at %d baud, %d is beyond it", serial->path, got,
                    wanted);
    }
}

static void line_is_set(struct serial *serial)
{
    serial->byte_time = line_byte_time(&serial->port.line);
    serial->written_until = 0.;
    check_speed(serial);
}

/* False with errno set. */
static bool open_device(struct serial *serial)
{
    int fd = open(serial->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    errno = 0;
    if (!isatty(fd) || !lock(fd) || !line_apply(fd, &serial->port.line)) {
        int error = errno;
        close(fd);
        errno = error;
        return false;
    }
    port_attach(&serial->port, fd);
    line_is_set(serial);
    log_info(serial->port.log, "%s is open, %d baud", serial->path, serial->port.line.baud);
    serial->waiting = false;
    serial->retry_time = first_retry;
    return true;
}

static void wait_for_device(struct serial *serial, int error)
{
    if (!serial->waiting) {
        log_warning(serial->port.log, "waiting for %s: %s", serial->path, reason(error));
        serial->waiting = true;
    }
    ev_timer_set(&serial->retry, serial->retry_time, 0.);
    ev_timer_start(serial->port.loop, &serial->retry);
    serial->retry_time *= 2.;
    if (serial->retry_time > last_retry) {
        serial->retry_time = last_retry;
    }
}

static void try_again(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct serial *serial = timer->data;
    struct port *port = &serial->port;
    if (port->fd < 0 && !open_device(serial)) {
        wait_for_device(serial, errno);
        return;
    }
    port_enter(port);
    port_set_present(port, true);
    port_leave(port);
}

/* Closing would wait for output that a host does not take, and the loop with it. */
static void leave_device(struct port *port)
{
    if (port->fd >= 0) {
        tcflush(port->fd, TCIOFLUSH);
        ioctl(port->fd, TIOCNXCL);
    }
}

static void serial_ended(struct port *port, int error)
{
    struct serial *serial = (struct serial *)port;
    ev_timer_stop(port->loop, &serial->drained);
    leave_device(port);
    port_detach(port);
    wait_for_device(serial, error ? error : ENODEV);
    port_set_present(port, false);
}

/* ---- output ---- */

static ssize_t serial_write(struct port *port, const char *bytes, size_t len)
{
    struct serial *serial = (struct serial *)port;
    ssize_t put = write(port->fd, bytes, len);
    if (put > 0) {
        double now = clock_seconds();
        double start = serial->written_until > now ? serial->written_until : now;
        double end = start + (double)put * serial->byte_time;
        double most = now + HIDDEN_BYTES * serial->byte_time;
        serial->written_until = end < most ? end : most;
    }
    return put;
}

static void serial_discard_output(struct port *port)
{
    tcflush(port->fd, TCOFLUSH);
}

/* Seconds until it is worth while to look again whether all output has left; 0: it has. */
static double until_drained(const struct serial *serial)
{
    int fd = serial->port.fd;
    int queued = 0;
    unsigned state = 0;
    if (ioctl(fd, TIOCOUTQ, &queued) == 0 && queued > 0) {
        double wait = queued * serial->byte_time;
        return wait > queue_time ? wait : queue_time;
    }
    if (ioctl(fd, TIOCSERGETLSR, &state) == 0) {
        return state & TIOCSER_TEMT ? 0. : serial->byte_time;
    }
    /* An adapter that does not tell: what the line needs for what was written. */
    double wait = serial->written_until - clock_seconds();
    return wait > 0. ? wait : 0.;
}

static void change_line(struct serial *serial)
{
    struct port *port = &serial->port;
    if (!line_apply(port->fd, &port->line)) {
        log_error(port->log, "cannot change the speed of %s: %s", serial->path, strerror(errno));
    } else {
        line_is_set(serial);
        log_info(port->log, "%s has %d baud from now on", serial->path, port->line.baud);
    }
    port_enter(port);
    port_release_output(port);
    port_leave(port);
}

static void wait_until_drained(struct serial *serial, double wait)
{
    ev_timer_stop(serial->port.loop, &serial->drained);
    ev_timer_set(&serial->drained, wait, 0.);
    ev_timer_start(serial->port.loop, &serial->drained);
}

static void on_drained(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct serial *serial = timer->data;
    double wait = until_drained(serial);
    if (wait > 0.) {
        wait_until_drained(serial, wait);
    } else {
        change_line(serial);
    }
}

static void serial_line_changed(struct port *port)
{
    struct serial *serial = (struct serial *)port;
    if (port->fd < 0) { /* it is set when the device is opened */
        return;
    }
    if (port->present) {
        port_hold_output(port);
        wait_until_drained(serial, 0.);
    } else { /* just opened: nothing has been written */
        change_line(serial);
    }
}

/* ---- life ---- */

static void serial_close(struct port *port)
{
    struct serial *serial = (struct serial *)port;
    ev_timer_stop(port->loop, &serial->retry);
    ev_timer_stop(port->loop, &serial->drained);
    leave_device(port);
    free(serial->path);
}

static const struct port_ops serial_ops = {
    .ended = serial_ended,
    .write = serial_write,
    .discard_output = serial_discard_output,
    .line_changed = serial_line_changed,
    .close = serial_close,
};

struct port *serial_open(const struct port_env *env, const struct port_settings *settings)
{
    struct serial *serial = mem_zeroed(sizeof *serial);
    port_init(&serial->port, &serial_ops, env, settings);
    serial->path = mem_string(settings->path);
    serial->retry_time = first_retry;
    ev_timer_init(&serial->retry, try_again, 0., 0.);
    ev_timer_init(&serial->drained, on_drained, 0., 0.);
    serial->retry.data = serial->drained.data = serial;
    if (open_device(serial)) {
        ev_feed_event(env->loop, &serial->retry, EV_CUSTOM); /* reported from the loop */
    } else if (is_final(errno)) {
        log_error(env->log, "cannot open %s: %s", serial->path, reason(errno));
        port_close(&serial->port);
        return NULL;
    } else {
        wait_for_device(serial, errno);
    }
    return &serial->port;
}
