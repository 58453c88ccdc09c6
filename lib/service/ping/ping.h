/* Echo requests (RFC 792, RFC 4443) to a host, one after the other. */
#ifndef SERVICE_PING_PING_H
#define SERVICE_PING_PING_H

#include <stdbool.h>

struct ping;
struct service_env;

struct ping_options {
    const char *host;            /* a name or a number, [IPv6] in brackets or not */
    unsigned count;              /* 1..65535 */
    unsigned interval_ms;        /* from one request to the next, at least */
    unsigned timeout_ms;         /* for each reply */
    unsigned resolve_timeout_ms; /* for the name */
};

enum ping_failure {
    PING_FAILED_NETWORK, /* the modem's network is not usable, or went */
    PING_FAILED_RESOLVE, /* the name has no address, or not in time */
    PING_FAILED_DENIED,  /* the system allows this process no ICMP socket, neither an unprivileged
                            one (net.ipv4.ping_group_range) nor a raw one (CAP_NET_RAW) */
    PING_FAILED_CONNECT, /* no way to any address */
};

struct ping_reply {
    const char *address; /* in numbers */
    unsigned number;     /* of the request: 1.. */
    bool ok;             /* false: none came in time, nothing below counts */
    double ms;           /* there and back */
    int ttl;             /* or hop limit; 0: not known */
};

/* Each comes from the loop, and may call ping_cancel() or begin another; behind done() and failed()
 * the object is gone already. */
struct ping_events {
    /* A request was answered, or not. */
    void (*reply)(void *ctx, const struct ping_reply *reply);
    /* All were sent and have had their reply(). */
    void (*done)(void *ctx);
    void (*failed)(void *ctx, enum ping_failure failure, const char *why);
};

/* env and events outlive it, options need not. */
struct ping *ping_start(const struct service_env *env, const struct ping_options *options,
                        const struct ping_events *events, void *ctx);
/* No event comes any more. NULL is fine. */
void ping_cancel(struct ping *ping);

#endif
