/* Private to the ping service: a socket for ICMP echo, of whichever kind the system allows. */
#ifndef SERVICE_PING_PING_SOCKET_H
#define SERVICE_PING_PING_SOCKET_H

#include <stdbool.h>

#include "net/resolve.h"

struct ping_socket {
    int fd;
    bool raw; /* else unprivileged: ping(4) */
};

/* Connected, non-blocking, and telling TTL or hop limit. False with errno set; EACCES: the system
 * allows none. */
bool ping_socket_open(struct ping_socket *sock, const struct net_address *address);

/* As recv(2), without an IP header; *ttl 0: not told. */
long ping_socket_receive(const struct ping_socket *sock, bool six, unsigned char *bytes,
                         size_t size, int *ttl);

#endif
