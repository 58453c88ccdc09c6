/* One SNTP query (RFC 4330, RFC 5905 14): what time a server has. The clock of this machine is only
 * read, never set. */
#ifndef SERVICE_SNTP_SNTP_H
#define SERVICE_SNTP_SNTP_H

#include <stdbool.h>
#include <stdint.h>

struct service_env;
struct sntp;

enum { SNTP_PORT = 123 };

enum sntp_failure {
    SNTP_FAILED_NETWORK, /* the modem's network is not usable, or went */
    SNTP_FAILED_RESOLVE, /* the name has no address */
    SNTP_FAILED_CONNECT, /* no way to the server, or nobody listens there */
    SNTP_FAILED_TIMEOUT, /* no answer, or none that is one to this query */
    SNTP_FAILED_SERVER,  /* it says that it has no time (leap 3, stratum 0 or above 15), or to go
                            away (a kiss code, RFC 5905 7.4) */
};

struct sntp_result {
    bool ok;
    /* ok: what to add to CLOCK_REALTIME for the server's time, and how long the way there and back
     * took; microseconds. */
    int64_t offset_us;
    int64_t delay_us;
    int stratum;
    const char *address; /* the server's, in numbers */
    /* not ok */
    enum sntp_failure failure;
    const char *why; /* for people; it is in the log, too */
};

/* The query is over and its object gone. result is the callee's to read during the call. */
typedef void (*sntp_done)(void *ctx, const struct sntp_result *result);

/* Asks host at port (1..65535), each of its addresses in turn, and each again while there is no
 * answer. done always comes from the loop, once, within timeout_ms, unless the query is cancelled.
 * env outlives the query. */
struct sntp *sntp_query(const struct service_env *env, const char *host, int port,
                        unsigned timeout_ms, sntp_done done, void *ctx);
/* done will not be called. NULL is fine. */
void sntp_cancel(struct sntp *sntp);

#endif
