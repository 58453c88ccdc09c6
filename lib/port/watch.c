#include "port/watch.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "port/port.h"

#define WATCHED_EVENTS (IN_OPEN | IN_CLOSE)
#define MUTED_EVENTS   IN_DELETE_SELF /* a mask must not be empty */

struct watched {
    struct watched *next;
    int descriptor;
    char *path;
    watch_function function;
    void *ctx;
};

struct port_watch {
    struct ev_loop *loop;
    struct log *log;
    int fd;
    ev_io io;
    struct watched *list;
};

static void tell_all(struct port_watch *watch, enum watch_event event)
{
    for (struct watched *w = watch->list; w; w = w->next) {
        w->function(w->ctx, event);
    }
}

static void tell(struct port_watch *watch, const struct inotify_event *event)
{
    if (event->mask & IN_Q_OVERFLOW) {
        log_warning(watch->log, "inotify dropped events: looking at all ports");
        tell_all(watch, WATCH_LOST);
        return;
    }
    /* The last events of a watch that is removed may still come: then nothing is found. */
    for (struct watched *w = watch->list; w; w = w->next) {
        if (w->descriptor != event->wd) {
            continue;
        }
        if (event->mask & IN_OPEN) {
            w->function(w->ctx, WATCH_OPENED);
        } else if (event->mask & IN_CLOSE) {
            w->function(w->ctx, WATCH_CLOSED);
        }
        return;
    }
}

bool watch_drain(struct port_watch *watch)
{
    _Alignas(struct inotify_event) char bytes[8192];
    ssize_t got = read(watch->fd, bytes, sizeof bytes);
    for (ssize_t at = 0; at < got;) {
        const struct inotify_event *event = (const void *)(bytes + at);
        tell(watch, event);
        at += (ssize_t)(sizeof *event + event->len);
    }
    return got > 0;
}

static void on_events(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    watch_drain(io->data);
}

struct port_watch *port_watch_create(struct ev_loop *loop, struct log *log)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) {
        log_error(log, "cannot watch ports by inotify: %s", strerror(errno));
        return NULL;
    }
    struct port_watch *watch = mem_zeroed(sizeof *watch);
    watch->loop = loop;
    watch->log = log;
    watch->fd = fd;
    ev_io_init(&watch->io, on_events, fd, EV_READ);
    watch->io.data = watch;
    /* Before the ports' input: whose it is must be known first. */
    ev_set_priority(&watch->io, EV_MAXPRI);
    ev_io_start(loop, &watch->io);
    return watch;
}

void port_watch_destroy(struct port_watch *watch)
{
    if (watch) {
        ev_io_stop(watch->loop, &watch->io);
        close(watch->fd);
        free(watch);
    }
}

struct watched *watch_add(struct port_watch *watch, const char *path, watch_function function,
                          void *ctx)
{
    int descriptor = inotify_add_watch(watch->fd, path, WATCHED_EVENTS);
    if (descriptor < 0) {
        return NULL;
    }
    struct watched *watched = mem_zeroed(sizeof *watched);
    watched->descriptor = descriptor;
    watched->path = mem_string(path);
    watched->function = function;
    watched->ctx = ctx;
    watched->next = watch->list;
    watch->list = watched;
    return watched;
}

void watch_mute(struct port_watch *watch, struct watched *watched, bool muted)
{
    uint32_t mask = muted ? MUTED_EVENTS : WATCHED_EVENTS;
    if (inotify_add_watch(watch->fd, watched->path, mask) < 0) {
        log_error(watch->log, "cannot watch %s any more: %s", watched->path, strerror(errno));
    }
}

void watch_remove(struct port_watch *watch, struct watched *watched)
{
    if (!watched) {
        return;
    }
    inotify_rm_watch(watch->fd, watched->descriptor);
    struct watched **place = &watch->list;
    while (*place != watched) {
        place = &(*place)->next;
    }
    *place = watched->next;
    free(watched->path);
    free(watched);
}
