/* A client's link to a peer: TCP or UDP, by host name, non-blocking on libev, with back pressure
 * both ways. It obeys the modem's network (service/env.h). */
#ifndef SERVICE_SOCKET_SOCKET_H
#define SERVICE_SOCKET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

struct service_env;
struct socket;

enum socket_kind { SOCKET_TCP, SOCKET_UDP };

struct socket_options {
    enum socket_kind kind;
    const char *host;            /* a name or a number, [IPv6] in brackets or not */
    int port;                    /* 1..65535 */
    int local_port;              /* 0: any */
    unsigned connect_timeout_ms; /* for the look-up and all addresses of the name */
};

enum socket_failure {
    SOCKET_FAILED_NETWORK,    /* the modem's network is not usable */
    SOCKET_FAILED_RESOLVE,    /* the name has no address */
    SOCKET_FAILED_CONNECT,    /* no address takes the connection */
    SOCKET_FAILED_TIMEOUT,    /* no answer in time */
    SOCKET_FAILED_LOCAL_PORT, /* somebody else has the local port */
};

enum socket_end {
    SOCKET_ENDED_BY_PEER, /* it has sent all it had, and that was delivered; what waits to be sent
                             to it is still sent, but nothing more can be */
    SOCKET_ENDED_RESET,   /* the link broke */
    SOCKET_ENDED_NETWORK, /* the modem's network went */
};

enum {
    SOCKET_QUEUE_MAX = 64 * 1024, /* bytes that wait to be sent */
    SOCKET_DATAGRAM_MAX = 65507,  /* UDP over IPv4 */
};

/* They come from the loop, never from inside a call of this interface, and may call any function of
 * it, socket_destroy() included. Members may be NULL, data() excepted. */
struct socket_events {
    /* It is open: TCP is connected, UDP has an address to send to. */
    void (*connected)(void *ctx, const char *address, int local_port);
    /* socket_open() has failed; why is for people, and in the log. */
    void (*failed)(void *ctx, enum socket_failure failure, const char *why);
    /* Bytes of a TCP stream, or a datagram that is not empty; how many of them were taken. With
     * fewer than len reading pauses (and TCP holds the peer up) until socket_resume(); then the
     * rest is offered again. */
    size_t (*data)(void *ctx, const char *bytes, size_t len);
    /* socket_send() takes bytes again, after it took too few. */
    void (*writable)(void *ctx);
    /* All that waited to be sent is with the kernel. */
    void (*sent)(void *ctx);
    /* An open link is over; what waited to be sent is lost if it broke. */
    void (*closed)(void *ctx, enum socket_end end);
};

/* env and events outlive the object. */
struct socket *socket_create(const struct service_env *env, const struct socket_events *events,
                             void *ctx);
/* Closes at once, also what socket_close() has left to be sent. NULL is fine. */
void socket_destroy(struct socket *sock);

/* Begins to open a link; the outcome is connected() or failed(). False while one is open or being
 * opened. options need not outlive the call. A local port that an old connection of the same pair
 * still occupies (TIME_WAIT) is waited for as long as the connect time-out lasts. */
bool socket_open(struct socket *sock, const struct socket_options *options);

/* Ends it without an event, also while it is being opened. What waits to be sent is still sent, for
 * at most 10 s, then the peer is told the end. It may be opened anew at once. */
void socket_close(struct socket *sock);

/* Whether it is open. */
bool socket_connected(const struct socket *sock);

/* Whether an open link broke while sending, and closed() has not told it yet: what is sent until
 * then goes nowhere. */
bool socket_broken(const struct socket *sock);

/* How many bytes were taken; with fewer than len, writable() comes later. A datagram is taken whole
 * or not at all; one above SOCKET_DATAGRAM_MAX never is. 0 while it is not open. */
size_t socket_send(struct socket *sock, const char *bytes, size_t len);

/* Bytes that wait to be sent. */
size_t socket_unsent(const struct socket *sock);

/* data() would take bytes again. */
void socket_resume(struct socket *sock);

#endif
