/* A pseudo-terminal as port.
 *
 * Whether a host is there is the kernel's to say: once the client side was opened, the daemon's
 * side polls POLLHUP exactly while nobody has it open, and reads EIO after the last byte of the
 * last host. So no client side is held open here. POLLHUP would wake the loop for ever, so while
 * nobody is there the descriptor is not watched; inotify tells when to look again. Counting its
 * opens and closes would not do, since it joins equal ones (see watch.h): the count only helps to
 * notice a host that closed and another that opened before anybody looked. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "port/line.h"
#include "port/link.h"
#include "port/pacing.h"
#include "port/port_backend.h"
#include "port/watch.h"

#ifndef EXTPROC
#define EXTPROC 0200000
#endif

struct pty {
    struct port port; /* first */
    struct port_watch *watch;
    struct watched *watched;
    ev_timer look;        /* never started: fed to have a look at who is there, from the loop */
    unsigned hosts;       /* opens less closes, as far as inotify told them all */
    bool emptied;         /* hosts has been 0 since a host was reported present */
    struct termios fresh; /* what each host finds */
    char name[64];
    char *link; /* NULL: none is published */
};

static int open_host_side(const struct pty *pty)
{
    return ioctl(pty->port.fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* POLLHUP: nobody has the host side open. POLLIN: bytes are there (left behind, perhaps). */
static int state_of(const struct port *port)
{
    struct pollfd entry = {.fd = port->fd, .events = POLLIN};
    poll(&entry, 1, 0);
    return entry.revents;
}

static bool pty_deserted(const struct port *port)
{
    return state_of(port) & POLLHUP;
}

/* A host that turns echo on would have the daemon's own output sent back as input. EXTPROC keeps
 * the kernel from that, unless the host clears it with the rest. */
static void keep_extproc(struct port *port)
{
    struct termios now;
    if (tcgetattr(port->fd, &now) == 0 && !(now.c_lflag & EXTPROC)) {
        now.c_lflag |= EXTPROC;
        tcsetattr(port->fd, TCSANOW, &now);
    }
}

static ssize_t pty_write(struct port *port, const char *bytes, size_t len)
{
    return write(port->fd, bytes, len);
}

static int pty_host_speed(const struct port *port)
{
    return line_speed(port->fd);
}

/* Nothing but a host's eye (and port.pace) sees it, until the host sets a speed of its own. */
static void pty_line_changed(struct port *port)
{
    line_set_speed(port->fd, port->line.baud);
}

static void pty_discard_output(struct port *port)
{
    /* TCFLSH on the daemon's side leaves 4 KiB, hence this short-lived host side. A host that comes
     * or goes in the meantime is found by the look afterwards. */
    struct pty *pty = (struct pty *)port;
    watch_mute(pty->watch, pty->watched, true);
    int fd = open_host_side(pty);
    if (fd >= 0) {
        tcflush(fd, TCIFLUSH);
        close(fd);
    }
    watch_mute(pty->watch, pty->watched, false);
    ev_feed_event(port->loop, &pty->look, EV_CUSTOM);
}

static void pty_ended(struct port *port, int error)
{
    struct pty *pty = (struct pty *)port;
    if (error && error != EIO) {
        log_error(port->log, "cannot read from the port: %s", strerror(error));
    }
    pty->hosts = 0;
    pty->emptied = false;
    tcsetattr(port->fd, TCSANOW, &pty->fresh);
    line_set_speed(port->fd, port->line.baud);
    pty_discard_output(port);
    port_set_present(port, false);
}

static void arrive(struct pty *pty)
{
    if (pty->hosts == 0) {
        pty->hosts = 1;
    }
    pty->emptied = false;
    port_set_present(&pty->port, true);
}

/* A host closed and another opened in between two looks. What lies in the buffer may be of both: it
 * is given to the new one, whose commands must not be lost. */
static void change_hands(struct pty *pty)
{
    pty_discard_output(&pty->port);
    port_set_present(&pty->port, false);
    if (!pty->port.closed) {
        arrive(pty);
    }
}

/* The state at a moment for which all events are counted, if hosts leave time for one. */
static int settled_state(struct pty *pty)
{
    int state = state_of(&pty->port);
    for (int i = 0; i < 3 && watch_drain(pty->watch); i++) {
        state = state_of(&pty->port);
    }
    /* Fed again by the above. A host that opens and closes without end must not hold the loop: what
     * comes from now on waits for its turn. */
    ev_clear_pending(pty->port.loop, &pty->look);
    return state;
}

static void look(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct pty *pty = timer->data;
    int state = settled_state(pty);
    port_enter(&pty->port);
    if (!pty->port.present) {
        /* A host may have written and gone already: it is reported all the same. */
        if (!(state & POLLHUP) || (state & POLLIN)) {
            arrive(pty);
        }
    } else if (state & POLLHUP) {
        /* The reader reports it when it comes to the end of input. */
        pty->hosts = 0;
        pty->emptied = true;
    } else if (pty->hosts == 0) {
        /* Somebody is there: opens were joined to one. */
        pty->hosts = 1;
        pty->emptied = false;
    } else if (pty->emptied) {
        change_hands(pty);
    }
    port_leave(&pty->port);
}

/* Between the last look and the read a host may have gone and another come. Were its command
 * answered before that is known, the answer would be thrown away with what the host before it left
 * unread. */
static void pty_before_input(struct port *port)
{
    struct pty *pty = (struct pty *)port;
    watch_drain(pty->watch);
    if (pty->emptied && !pty_deserted(port)) {
        change_hands(pty);
    }
}

static void on_watch(void *ctx, enum watch_event event)
{
    struct pty *pty = ctx;
    if (event == WATCH_OPENED) {
        pty->hosts++;
    } else if (event == WATCH_CLOSED && pty->hosts > 0) {
        pty->hosts--;
        pty->emptied = pty->emptied || pty->hosts == 0;
    }
    ev_feed_event(pty->port.loop, &pty->look, EV_CUSTOM);
}

static void pty_close(struct port *port)
{
    struct pty *pty = (struct pty *)port;
    ev_clear_pending(port->loop, &pty->look);
    watch_remove(pty->watch, pty->watched);
    if (pty->link) {
        link_remove(pty->link, pty->name);
        free(pty->link);
    }
}

static const struct port_ops pty_ops = {
    .ended = pty_ended,
    .before_output = keep_extproc,
    .write = pty_write,
    .deserted = pty_deserted,
    .before_input = pty_before_input,
    .discard_output = pty_discard_output,
    .host_speed = pty_host_speed,
    .line_changed = pty_line_changed,
    .close = pty_close,
};

static int open_master(char *name, size_t name_size, struct log *log)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        log_error(log, "cannot open a pseudo-terminal: %s", strerror(errno));
        return -1;
    }
    if (grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, name_size) != 0) {
        log_error(log, "cannot set up a pseudo-terminal: %s", strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

/* Raw before anybody knows its name: a cooked terminal would echo. */
static bool prepare_line(struct pty *pty)
{
    int fd = pty->port.fd;
    if (tcgetattr(fd, &pty->fresh) != 0) {
        return false;
    }
    cfmakeraw(&pty->fresh);
    pty->fresh.c_cflag |= CLOCAL | CREAD;
    pty->fresh.c_lflag |= EXTPROC;
    if (tcsetattr(fd, TCSANOW, &pty->fresh) != 0 || !line_set_speed(fd, pty->port.line.baud)) {
        return false;
    }
    /* Opened once and closed again, it also begins to tell POLLHUP. */
    int host_side = open_host_side(pty);
    if (host_side < 0) {
        return false;
    }
    bool ok = fchmod(host_side, 0660) == 0;
    close(host_side);
    return ok;
}

static bool set_up(struct pty *pty, const char *link)
{
    struct log *log = pty->port.log;
    if (!prepare_line(pty)) {
        log_error(log, "cannot set up %s: %s", pty->name, strerror(errno));
        return false;
    }
    pty->watched = watch_add(pty->watch, pty->name, on_watch, pty);
    if (!pty->watched) {
        log_error(log, "cannot watch %s by inotify: %s", pty->name, strerror(errno));
        return false;
    }
    if (link && link[0]) {
        if (!link_publish(link, pty->name, log)) {
            return false;
        }
        pty->link = mem_string(link);
    }
    log_info(log, "pseudo-terminal %s%s%s", pty->name, pty->link ? ", link " : "",
             pty->link ? pty->link : "");
    return true;
}

struct port *pty_open(const struct port_env *env, const struct port_settings *settings,
                      const char *link)
{
    char name[64];
    int fd = open_master(name, sizeof name, env->log);
    if (fd < 0) {
        return NULL;
    }
    struct pty *pty = mem_zeroed(sizeof *pty);
    memcpy(pty->name, name, sizeof name);
    port_init(&pty->port, &pty_ops, env, settings);
    port_attach(&pty->port, fd);
    pty->watch = env->watch;
    ev_timer_init(&pty->look, look, 0., 0.);
    ev_set_priority(&pty->look, EV_MAXPRI); /* as the watch: before input */
    pty->look.data = pty;
    if (!set_up(pty, link)) {
        port_close(&pty->port);
        return NULL;
    }
    if (settings->pace) {
        pty->port.pacing = pacing_create(&pty->port);
    }
    /* Somebody who knew the number may have opened it before it was watched. */
    ev_feed_event(env->loop, &pty->look, EV_CUSTOM);
    return &pty->port;
}
