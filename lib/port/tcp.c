/* A TCP listener as port, for emulators and containers: one client at a time.
 *
 * A client that ends its sending side may still want its answers (printf 'AT\r' | nc -N ...), and
 * nothing tells it from one that has closed the connection. So it stays for a short while without
 * input, but makes room at once for the next client. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "port/pacing.h"
#include "port/port_backend.h"
#include "port/tcp_address.h"

static const double answer_time = 1.; /* for a client that sends no more */
static const double retry_time = 1.;  /* when there is no descriptor for a client */

enum { QUIET_SECONDS = 30, PROBE_SECONDS = 10, PROBES = 3 };

struct tcp {
    struct port port; /* first */
    int listener;
    ev_io accept;
    ev_timer retry; /* accepts again */
    ev_timer leave; /* the client's time is over */
    bool ending;    /* the client sends no more */
};

static void listen_on(struct tcp *tcp)
{
    ev_timer_stop(tcp->port.loop, &tcp->retry);
    ev_io_start(tcp->port.loop, &tcp->accept);
}

static void drop_client(struct tcp *tcp)
{
    ev_timer_stop(tcp->port.loop, &tcp->leave);
    tcp->ending = false;
    port_detach(&tcp->port);
    listen_on(tcp);
    port_set_present(&tcp->port, false);
}

static void tcp_ended(struct port *port, int error)
{
    struct tcp *tcp = (struct tcp *)port;
    if (error) {
        log_write(port->log, LEVEL_STATE, "the TCP client is lost: %s", strerror(error));
        drop_client(tcp);
    } else if (!tcp->ending) {
        tcp->ending = true;
        port_hold_input(port, true);
        ev_timer_set(&tcp->leave, answer_time, 0.);
        ev_timer_start(port->loop, &tcp->leave);
        listen_on(tcp);
    }
}

static void time_to_leave(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct tcp *tcp = timer->data;
    struct port *port = &tcp->port;
    if (port->blocked && tcp->ending) {
        /* It is still reading its answers, if slowly. */
        ev_timer_set(timer, answer_time, 0.);
        ev_timer_start(loop, timer);
        return;
    }
    port_enter(port);
    drop_client(tcp);
    port_leave(port);
}

static ssize_t tcp_write(struct port *port, const char *bytes, size_t len)
{
    return send(port->fd, bytes, len, MSG_NOSIGNAL);
}

/* ---- clients ---- */

/* Small answers leave at once. A client whose machine has gone without a word makes room after a
 * minute. */
static void set_options(int fd)
{
    static const int yes = 1;
    static const int quiet = QUIET_SECONDS;
    static const int interval = PROBE_SECONDS;
    static const int probes = PROBES;
    static const unsigned timeout = (QUIET_SECONDS + PROBES * PROBE_SECONDS) * 1000;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &quiet, sizeof quiet);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

/* The client has closed its side, but not all that it sent before has been read. */
static bool is_leaving(const struct tcp *tcp)
{
    struct pollfd entry = {.fd = tcp->port.fd, .events = POLLRDHUP};
    return poll(&entry, 1, 0) == 1;
}

static void welcome(struct tcp *tcp, int fd, const char *name)
{
    if (tcp->ending) {
        drop_client(tcp);
        if (tcp->port.closed) {
            close(fd);
            return;
        }
    }
    if (tcp->port.present) {
        log_info(tcp->port.log, "refused %s: another TCP client is connected", name);
        close(fd);
        return;
    }
    log_write(tcp->port.log, LEVEL_STATE, "TCP client %s", name);
    set_options(fd);
    port_attach(&tcp->port, fd);
    port_set_present(&tcp->port, true);
}

static void accept_failed(struct tcp *tcp, int error)
{
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
        log_warning(tcp->port.log, "cannot accept a TCP client: %s", strerror(error));
        ev_io_stop(tcp->port.loop, &tcp->accept);
        ev_timer_set(&tcp->retry, retry_time, 0.);
        ev_timer_start(tcp->port.loop, &tcp->retry);
    }
}

static void on_client(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct tcp *tcp = io->data;
    if (tcp->port.present && !tcp->ending && is_leaving(tcp)) {
        ev_io_stop(loop, io); /* the next one waits until the input of this one is read */
        return;
    }
    struct tcp_address peer = {.len = sizeof peer.storage};
    int fd = accept4(tcp->listener, (struct sockaddr *)&peer.storage, &peer.len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        accept_failed(tcp, errno);
        return;
    }
    char name[TCP_ADDRESS_TEXT];
    tcp_address_print(&peer, name);
    port_enter(&tcp->port);
    welcome(tcp, fd, name);
    port_leave(&tcp->port);
}

static void on_retry(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    listen_on(timer->data);
}

/* ---- life ---- */

static void tcp_close(struct port *port)
{
    struct tcp *tcp = (struct tcp *)port;
    ev_io_stop(port->loop, &tcp->accept);
    ev_timer_stop(port->loop, &tcp->retry);
    ev_timer_stop(port->loop, &tcp->leave);
    close(tcp->listener);
}

static const struct port_ops tcp_ops = {
    .ended = tcp_ended,
    .write = tcp_write,
    .close = tcp_close,
};

static int open_listener(const char *text, struct log *log)
{
    struct tcp_address address;
    char name[TCP_ADDRESS_TEXT];
    char why[200];
    if (!tcp_address_parse(text, &address, why, sizeof why)) {
        log_error(log, "%s", why);
        return -1;
    }
    tcp_address_print(&address, name);
    static const int yes = 1;
    int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(fd, (const struct sockaddr *)&address.storage, address.len) == 0 &&
        listen(fd, 8) == 0) {
        getsockname(fd, (struct sockaddr *)&address.storage, &address.len);
        tcp_address_print(&address, name);
        log_info(log, "listening on %s", name);
        return fd;
    }
    log_error(log, "cannot listen on %s: %s", name, strerror(errno));
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

struct port *tcp_open(const struct port_env *env, const struct port_settings *settings)
{
    int listener = open_listener(settings->path + sizeof "tcp:" - 1, env->log);
    if (listener < 0) {
        return NULL;
    }
    struct tcp *tcp = mem_zeroed(sizeof *tcp);
    port_init(&tcp->port, &tcp_ops, env, settings);
    tcp->listener = listener;
    ev_timer_init(&tcp->retry, on_retry, 0., 0.);
    ev_timer_init(&tcp->leave, time_to_leave, 0., 0.);
    ev_io_init(&tcp->accept, on_client, listener, EV_READ);
    tcp->accept.data = tcp->retry.data = tcp->leave.data = tcp;
    if (settings->pace) {
        tcp->port.pacing = pacing_create(&tcp->port);
    }
    listen_on(tcp);
    return &tcp->port;
}
