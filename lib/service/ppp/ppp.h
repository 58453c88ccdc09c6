/* The PPP peer of a module in its data state: what the host's PPP talks to. Built in, in user space
 * (RFC 1661, 1662, 1332; IP packets go to libslirp, which makes ordinary sockets of them), or a
 * program on a pseudo-terminal of its own. Knows nothing of AT commands; the bytes are those of the
 * line. */
#ifndef SERVICE_PPP_PPP_H
#define SERVICE_PPP_PPP_H

#include <stdbool.h>
#include <stddef.h>

struct ppp;
struct service_env;
struct settings_group;

/* The settings `[ppp]`. */
struct ppp_settings {
    const char *command; /* empty: built in. For `sh -c`; %a is the host's address, %l the modem's,
                          * %d a DNS server's, %% a %. */
    bool loopback; /* built in: the modem's address leads to services on the machine's own loopback
                    */
};
extern const struct settings_group ppp_settings_group;

enum ppp_end {
    PPP_ENDED_BY_HOST, /* it has sent LCP's Terminate-Request, which is acknowledged */
    PPP_ENDED_FAILED,  /* the two cannot agree, or the line sends back what it gets */
    PPP_ENDED_PROGRAM, /* the program has ended */
    PPP_ENDED_START,   /* the program could not be run */
    PPP_ENDED_NETWORK, /* the modem's network is not usable (any more) */
};

enum {
    PPP_QUEUE_MAX = 64 * 1024
}; /* bytes for the host that wait; above, IP packets are dropped */

/* They come from the loop, never from inside a call of this interface, and may call any function of
 * it, ppp_destroy() included. */
struct ppp_events {
    /* Bytes for the host; how many of them were taken. With fewer than len the rest waits until
     * ppp_resume(). */
    size_t (*output)(void *ctx, const char *bytes, size_t len);
    /* ppp_input() takes bytes again, after it took too few. */
    void (*ready)(void *ctx);
    /* It is over, once; why is for people, and in the log. What was to be said has been offered. */
    void (*ended)(void *ctx, enum ppp_end end, const char *why);
};

/* env, settings and events outlive the object; address (IPv4, a number: what the host gets) need
 * not. The modem's own address and that of its DNS forwarder are two others of the same 8. Never
 * NULL: a failure comes as ended(). The built-in peer begins to negotiate at once and waits as long
 * as it takes.
 */
struct ppp *ppp_create(const struct service_env *env, const struct ppp_settings *settings,
                       const char *address, const struct ppp_events *events, void *ctx);
/* At once, without an event: a program and its group get SIGTERM, and SIGHUP as its terminal
 * goes, 10 s later SIGKILL. NULL is fine. */
void ppp_destroy(struct ppp *ppp);

/* Bytes of the host; how many of them were taken: with fewer than len, ready() comes later. 0 after
 * the end. */
size_t ppp_input(struct ppp *ppp, const char *bytes, size_t len);
/* output() would take bytes again. */
void ppp_resume(struct ppp *ppp);

/* "host", "failed", "program", "start", "network". */
const char *ppp_end_text(enum ppp_end end);

#endif
