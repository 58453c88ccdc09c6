#include "daemon/control.h"

#include <errno.h>
#include <ev.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/control_client.h"
#include "daemon/control_watch.h"
#include "daemon/fleet.h"
#include "daemon/places.h"

enum { CLIENTS_MAX = 64 };

static const double retry_time = 1.; /* when there is no descriptor for a client */

struct fleet *control_fleet(const struct control *control)
{
    return control->fleet;
}

bool control_reload(const struct control *control, char **error)
{
    return control->reload(control->reload_ctx, error);
}

/* ---- clients ---- */

void control_client_gone(struct control_client *client)
{
    struct control *control = client->control;
    struct control_client **link = &control->clients;
    while (*link != client) {
        link = &(*link)->next;
    }
    *link = client->next;
    control->count--;
    control_turns_forget(control, client);
    control_client_free(client);
    control_refresh(control);
}

/* The file's mode says who may connect; this says it again, whatever became of the file. */
static bool may_connect(const struct control *control, int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    return control->grouped || peer.uid == 0 || peer.uid == geteuid();
}

/* The client waits in the socket's queue, which would wake the loop for ever. */
static void accept_failed(struct control *control, int error)
{
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        log_warning(control->log, "control: cannot accept a client: %s", strerror(error));
        ev_io_stop(control->loop, &control->incoming);
        ev_timer_set(&control->retry, retry_time, 0.);
        ev_timer_start(control->loop, &control->retry);
    }
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct control *control = timer->data;
    ev_io_start(loop, &control->incoming);
}

static void take_client(struct ev_loop *loop, ev_io *io, int events)
{
    (void)events;
    struct control *control = io->data;
    int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        accept_failed(control, errno);
        return;
    }
    if (!may_connect(control, fd)) {
        log_warning(control->log, "control: another user is turned away");
        close(fd);
        return;
    }
    if (control->count == CLIENTS_MAX) {
        log_warning(control->log, "control: more than %d clients: one is turned away", CLIENTS_MAX);
        close(fd);
        return;
    }
    struct control_client *client = control_client_create(control, loop, fd);
    client->next = control->clients;
    control->clients = client;
    control->count++;
}

/* ---- the socket ---- */

/* Who may connect is the file's mode: the owner, root, and with a group its members. */
static bool set_access(const char *path, const char *group, struct log *log)
{
    if (!*group) {
        return chmod(path, 0600) == 0;
    }
    const struct group *found = getgrnam(group);
    if (!found) {
        log_error(log, "daemon.control_group: there is no group %s", group);
        return false;
    }
    if (chown(path, (uid_t)-1, found->gr_gid) != 0 || chmod(path, 0660) != 0) {
        log_error(log, "%s: cannot be given to group %s: %s", path, group, strerror(errno));
        return false;
    }
    return true;
}

static bool open_socket(struct control *control, const char *group)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(control->path);
    if (len >= sizeof address.sun_path) {
        log_error(control->log, "%s: longer than the %zu bytes of a socket's path", control->path,
                  sizeof address.sun_path - 1);
        return false;
    }
    memcpy(address.sun_path, control->path, len);
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(control->path); /* the lock is ours: it is left over */
    mode_t before = umask(0177);
    bool bound =
        control->fd >= 0 && bind(control->fd, (struct sockaddr *)&address, sizeof address) == 0;
    int error = errno;
    umask(before);
    if (!bound || listen(control->fd, 16) != 0) {
        log_error(control->log, "%s: cannot listen: %s", control->path,
                  strerror(bound ? errno : error));
        return false;
    }
    return set_access(control->path, group, control->log);
}

struct control *control_create(const struct control_options *options, struct log *log)
{
    struct control *control = mem_zeroed(sizeof *control);
    control->loop = options->loop;
    control->fleet = options->fleet;
    control->reload = options->reload;
    control->reload_ctx = options->reload_ctx;
    control->log = log;
    control->grouped = *options->group != '\0';
    control->fd = -1;
    control->path = mem_printf("%s/control", options->places->runtime);
    if (!open_socket(control, options->group)) {
        control_destroy(control);
        return NULL;
    }
    ev_io_init(&control->incoming, take_client, control->fd, EV_READ);
    ev_timer_init(&control->retry, on_retry, 0., 0.);
    control->incoming.data = control->retry.data = control;
    control->listening = true;
    ev_io_start(control->loop, &control->incoming);
    return control;
}

void control_destroy(struct control *control)
{
    if (!control) {
        return;
    }
    while (control->clients) {
        control_client_gone(control->clients);
    }
    if (control->listening) {
        ev_io_stop(control->loop, &control->incoming);
        ev_timer_stop(control->loop, &control->retry);
        unlink(control->path);
    }
    if (control->fd >= 0) {
        close(control->fd);
    }
    free(control->path);
    free(control);
}
