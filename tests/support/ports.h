/* Ports on 127.0.0.1 for test peers, and the descriptors of this process. */
#ifndef TESTS_SUPPORT_PORTS_H
#define TESTS_SUPPORT_PORTS_H

#include <stdbool.h>

/* A port at which nobody listens, TCP or UDP. Not one that the kernel gives to outgoing
 * connections: one of those could take a peer's port while it restarts. */
int ports_free(void);

/* Whether somebody listens at a TCP port. (Trying to connect until it works would end in a
 * connection of a socket to itself.) */
bool ports_listening(int port);

/* Whether somebody has bound a UDP port. */
bool ports_bound(int port);

/* Open descriptors of this process. */
int ports_descriptors(void);

#endif
