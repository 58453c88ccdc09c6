/* Private to the socket service: connections that their owner has closed, and that still have
 * something to send or to be told the end. */
#ifndef SERVICE_SOCKET_SOCKET_LINGER_H
#define SERVICE_SOCKET_SOCKET_LINGER_H

#include <stdbool.h>

struct buf;
struct ev_loop;
struct socket_linger;

/* A list of them; all of it is closed by socket_linger_end(). */
struct socket_lingers {
    struct ev_loop *loop;
    struct socket_linger *first;
};

/* Takes fd and what out holds (as in struct socket_link); out is empty then. */
void socket_linger_begin(struct socket_lingers *lingers, int fd, bool datagrams, struct buf *out);
void socket_linger_end(struct socket_lingers *lingers);

#endif
