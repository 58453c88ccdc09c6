/* Where a TCP listener listens. Private to lib/port. */
#ifndef PORT_TCP_ADDRESS_H
#define PORT_TCP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { TCP_ADDRESS_TEXT = 80 };

struct tcp_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

/* What stands behind "tcp:": HOST:PORT, [IPV6]:PORT, :PORT or PORT. The host is a numeric address
 * or localhost; none means loopback. False with the reason in why. */
bool tcp_address_parse(const char *text, struct tcp_address *address, char *why, size_t why_size);

/* "127.0.0.1:5000", "[::1]:5000". */
void tcp_address_print(const struct tcp_address *address, char text[TCP_ADDRESS_TEXT]);

#endif
