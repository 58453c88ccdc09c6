/* Two sockets: one is told that something has changed, and nothing of what it says is used; then
 * another, which lives only so long, asks how everything is. So an overflow, a lost notice or one
 * that is not understood does no harm. The kernel makes each part of a dump when it is read, so
 * reading one never waits. */
#include "net/netlink.h"

#include <errno.h>
#include <ev.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { DATAGRAM_MAX = 32 * 1024, TRIES = 3 };

/* An interface that comes up brings a row of notices: asked once, behind them. */
#define SETTLE_S 0.05

struct netlink {
    struct ev_loop *loop;
    struct log *log;
    char *interface;
    netlink_changed changed;
    void *ctx;
    int fd; /* -1: nothing tells of changes */
    ev_io io;
    ev_timer settle;
    struct netlink_view view;
    bool failed; /* it is logged once */
};

static int open_socket(unsigned groups)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- asking ---- */

/* 0: it does not come from the kernel. */
static ssize_t receive(int fd, void *bytes, size_t size)
{
    struct sockaddr_nl from = {0};
    socklen_t len = sizeof from;
    ssize_t got;
    do {
        got = recvfrom(fd, bytes, size, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &len);
    } while (got < 0 && errno == EINTR);
    if (got > (ssize_t)size) {
        errno = EMSGSIZE;
        return -1;
    }
    return got > 0 && from.nl_pid != 0 ? 0 : got;
}

static enum netlink_end dump(int fd, uint16_t kind, struct netlink_table *table, void *room)
{
    struct {
        struct nlmsghdr header;
        struct rtgenmsg body;
    } request = {
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.body),
                   .nlmsg_type = kind,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = kind},
        .body = {.rtgen_family = AF_UNSPEC},
    };
    if (send(fd, &request, request.header.nlmsg_len, 0) < 0) {
        return NETLINK_FAILED;
    }
    for (;;) {
        ssize_t got = receive(fd, room, DATAGRAM_MAX);
        if (got < 0) {
            return NETLINK_FAILED;
        }
        enum netlink_end end = netlink_table_take(table, room, (size_t)got, kind);
        if (end != NETLINK_MORE) {
            return end;
        }
    }
}

static enum netlink_end dump_all(struct netlink_table *table)
{
    static const uint16_t kinds[] = {RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE};
    int fd = open_socket(0);
    if (fd < 0) {
        return NETLINK_FAILED;
    }
    void *room = mem_zeroed(DATAGRAM_MAX);
    enum netlink_end end = NETLINK_DONE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && end == NETLINK_DONE; i++) {
        end = dump(fd, kinds[i], table, room);
    }
    int error = errno;
    free(room);
    close(fd);
    errno = error;
    return end;
}

/* False: the view stays as it is, for lack of knowledge. */
static bool look(struct netlink *netlink)
{
    enum netlink_end end = NETLINK_AGAIN;
    for (int i = 0; i < TRIES && end == NETLINK_AGAIN; i++) {
        struct netlink_table table = {0};
        errno = 0;
        end = dump_all(&table);
        if (end == NETLINK_DONE) {
            netlink->view = netlink_table_view(&table, netlink->interface, &netlink->view);
        }
        netlink_table_free(&table);
    }
    if (end == NETLINK_FAILED && !netlink->failed) {
        log_error(netlink->log, "the kernel does not tell how the network is: %s",
                  errno ? strerror(errno) : "netlink error");
    }
    netlink->failed = end == NETLINK_FAILED;
    return end == NETLINK_DONE;
}

/* ---- being told ---- */

static void on_settled(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct netlink *netlink = timer->data;
    if (look(netlink)) {
        netlink->changed(netlink->ctx);
    } else if (!netlink->failed) { /* the tables do not stand still: later */
        ev_timer_set(timer, SETTLE_S, 0.);
        ev_timer_start(loop, timer);
    }
}

static void on_notice(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct netlink *netlink = io->data;
    char byte;
    ssize_t got;
    do {
        got = recv(netlink->fd, &byte, sizeof byte, MSG_DONTWAIT);
    } while (got >= 0 || errno == EINTR);
    if (errno != EAGAIN && errno != ENOBUFS) {
        log_error(netlink->log, "the kernel does not tell of changes of the network any more: %s",
                  strerror(errno));
        ev_io_stop(loop, io);
    }
    if (!ev_is_active(&netlink->settle)) {
        ev_timer_set(&netlink->settle, SETTLE_S, 0.);
        ev_timer_start(loop, &netlink->settle);
    }
}

struct netlink *netlink_create(struct ev_loop *loop, struct log *log, const char *interface,
                               netlink_changed changed, void *ctx)
{
    struct netlink *netlink = mem_zeroed(sizeof *netlink);
    netlink->loop = loop;
    netlink->log = log;
    netlink->interface = mem_string(interface);
    netlink->changed = changed;
    netlink->ctx = ctx;
    ev_timer_init(&netlink->settle, on_settled, 0., 0.);
    netlink->settle.data = netlink;
    ev_io_init(&netlink->io, on_notice, -1, EV_READ);
    netlink->io.data = netlink;

    /* First the notices, then the question: what changes in between is told. */
    netlink->fd = open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                              RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
    if (netlink->fd < 0) {
        log_error(log, "the kernel will not tell of changes of the network: %s", strerror(errno));
    } else {
        ev_io_set(&netlink->io, netlink->fd, EV_READ);
        ev_io_start(loop, &netlink->io);
    }
    look(netlink);
    if (*interface && !*netlink->view.interface) {
        log_warning(log, "there is no interface %s yet", interface);
    }
    return netlink;
}

void netlink_destroy(struct netlink *netlink)
{
    if (!netlink) {
        return;
    }
    ev_timer_stop(netlink->loop, &netlink->settle);
    if (netlink->fd >= 0) {
        ev_io_stop(netlink->loop, &netlink->io);
        close(netlink->fd);
    }
    free(netlink->interface);
    free(netlink);
}

const struct netlink_view *netlink_view(const struct netlink *netlink)
{
    return &netlink->view;
}
