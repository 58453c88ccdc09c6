#include "service/ping/ping_socket.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/ping/ping_packet.h"

static void want_ttl(int fd, bool six)
{
    int on = 1;
    if (six) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
    } else {
        setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
    }
}

/* A raw socket gets all ICMP of the machine. */
static void want_replies_only(int fd, bool six)
{
    if (six) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
    }
}

bool ping_socket_open(struct ping_socket *sock, const struct net_address *address)
{
    int family = address->socket.ss_family;
    bool six = family == AF_INET6;
    int protocol = six ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP;
    int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    sock->raw = false;
    sock->fd = socket(family, SOCK_DGRAM | flags, protocol);
    if (sock->fd < 0) {
        sock->raw = true;
        sock->fd = socket(family, SOCK_RAW | flags, protocol);
    }
    if (sock->fd < 0) {
        errno = errno == EPERM ? EACCES : errno;
        return false;
    }
    want_ttl(sock->fd, six);
    if (sock->raw) {
        want_replies_only(sock->fd, six);
    }
    /* A raw socket would take the port for a protocol. */
    struct sockaddr_storage peer = address->socket;
    if (six) {
        ((struct sockaddr_in6 *)&peer)->sin6_port = 0;
    } else {
        ((struct sockaddr_in *)&peer)->sin_port = 0;
    }
    if (connect(sock->fd, (struct sockaddr *)&peer, address->len) != 0) {
        int error = errno == EACCES ? ENETUNREACH : errno;
        close(sock->fd);
        sock->fd = -1;
        errno = error;
        return false;
    }
    return true;
}

static int told_ttl(struct msghdr *message)
{
    int ttl = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        bool four = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL;
        bool six = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT;
        if (four || six) {
            memcpy(&ttl, CMSG_DATA(c), sizeof ttl);
        }
    }
    return ttl;
}

long ping_socket_receive(const struct ping_socket *sock, bool six, unsigned char *bytes,
                         size_t size, int *ttl)
{
    _Alignas(struct cmsghdr) char control[128];
    struct iovec piece = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof control,
    };
    ssize_t got = recvmsg(sock->fd, &message, 0);
    if (got < 0) {
        return -1;
    }
    *ttl = told_ttl(&message);
    size_t len = (size_t)got;
    size_t header = sock->raw && !six ? ping_packet_header(bytes, len) : 0;
    memmove(bytes, bytes + header, len - header);
    return (long)(len - header);
}
