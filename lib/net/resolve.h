/* Host names to addresses without blocking the loop: one detached thread with a small stack for
 * each look-up, so that eight dead names do not starve the ninth. Numbers need no thread. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

struct ev_loop;
struct lookup;
struct resolver;

struct net_address {
    struct sockaddr_storage socket;
    socklen_t len;
    char text[64]; /* the number, as libraries want it: "127.0.0.1", "::1" */
};

/* What asks the system: as getaddrinfo(3). Tests give their own. Called in threads. */
typedef int (*resolve_function)(const char *host, const char *service, const struct addrinfo *hints,
                                struct addrinfo **result);

/* function NULL: getaddrinfo. */
struct resolver *resolver_create(struct ev_loop *loop, resolve_function function);
/* Look-ups under way are abandoned: their threads end by themselves, none is waited for. */
void resolver_destroy(struct resolver *resolver);

/* count 0: failed, and error says why in words. The addresses are the callee's to read only during
 * the call. The look-up is over: do not cancel it any more. */
typedef void (*resolve_done)(void *ctx, const struct net_address *addresses, size_t count,
                             const char *error);

/* Looks up host for port (1..65535); at most 16 addresses, in the system's order, no duplicates.
 * done always comes from the loop, never from inside this call. IPv6 numbers may stand in brackets.
 */
struct lookup *resolve(struct resolver *resolver, const char *host, int port, resolve_done done,
                       void *ctx);

/* done will not be called. NULL is fine. */
void resolve_cancel(struct lookup *lookup);

#endif
