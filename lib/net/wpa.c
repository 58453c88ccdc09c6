#include "net/wpa.h"

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { DATAGRAM_MAX = 16 * 1024 }; /* its answers have at most 4 KiB */

struct wpa {
    struct ev_loop *loop;
    struct log *log;
    const struct wpa_events *events;
    void *ctx;
    int fd;
    ev_io io;
    ev_timer dead; /* gone() comes from the loop */
    bool asked;
    bool failed;
};

static void give_up(struct wpa *wpa, const char *why)
{
    wpa->failed = true;
    log_warning(wpa->log, "wpa_supplicant: %s", why);
    ev_io_stop(wpa->loop, &wpa->io);
    ev_timer_start(wpa->loop, &wpa->dead);
}

static void on_dead(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct wpa *wpa = timer->data;
    wpa->events->gone(wpa->ctx);
}

/* Hands out one datagram; the callee may have closed wpa. */
static void take(struct wpa *wpa, char *text)
{
    size_t len = strlen(text);
    if (len && text[len - 1] == '\n') {
        text[len - 1] = '\0';
    }
    if (text[0] == '<') {
        const char *close = strchr(text, '>');
        if (close) {
            wpa->events->told(wpa->ctx, close + 1);
        }
    } else if (wpa->asked) {
        wpa->asked = false;
        wpa->events->answer(wpa->ctx, text);
    }
}

/* One datagram a turn: its callee may close wpa. */
static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct wpa *wpa = io->data;
    char text[DATAGRAM_MAX + 1];
    ssize_t got = recv(wpa->fd, text, DATAGRAM_MAX, MSG_DONTWAIT);
    if (got >= 0) {
        text[got] = '\0';
        take(wpa, text);
    } else if (errno != EAGAIN && errno != EINTR) {
        give_up(wpa, strerror(errno));
    }
}

static bool connect_to(int fd, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, path, len);
    /* An address of the family alone: the kernel chooses an abstract name. */
    return bind(fd, (const struct sockaddr *)&address, sizeof address.sun_family) == 0 &&
           connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

struct wpa *wpa_open(struct ev_loop *loop, struct log *log, const char *folder,
                     const char *interface, const struct wpa_events *events, void *ctx)
{
    char *path = mem_printf("%s/%s", folder, interface);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || !connect_to(fd, path)) {
        log_warning(log, "no wpa_supplicant at %s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        free(path);
        return NULL;
    }
    free(path);
    struct wpa *wpa = mem_zeroed(sizeof *wpa);
    wpa->loop = loop;
    wpa->log = log;
    wpa->events = events;
    wpa->ctx = ctx;
    wpa->fd = fd;
    ev_io_init(&wpa->io, on_readable, fd, EV_READ);
    wpa->io.data = wpa;
    ev_io_start(loop, &wpa->io);
    ev_timer_init(&wpa->dead, on_dead, 0., 0.);
    wpa->dead.data = wpa;
    return wpa;
}

void wpa_close(struct wpa *wpa)
{
    if (wpa) {
        ev_io_stop(wpa->loop, &wpa->io);
        ev_timer_stop(wpa->loop, &wpa->dead);
        close(wpa->fd);
        free(wpa);
    }
}

void wpa_say(struct wpa *wpa, const char *command)
{
    if (!wpa->failed && send(wpa->fd, command, strlen(command), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        give_up(wpa, strerror(errno));
    }
}

void wpa_ask(struct wpa *wpa, const char *command)
{
    wpa->asked = true;
    wpa_say(wpa, command);
}
