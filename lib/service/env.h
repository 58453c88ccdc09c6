/* What every service object needs of its modem. */
#ifndef SERVICE_ENV_H
#define SERVICE_ENV_H

struct ev_loop;
struct log;
struct network;
struct redirect;
struct service_counters;
struct resolver;

/* All of it outlives the services. */
struct service_env {
    struct ev_loop *loop;
    struct resolver *resolver;
    const struct redirect *redirect; /* may be NULL */
    /* Services obey it: while it is not usable nothing connects, and what was connected is lost.
     * NULL: always usable. */
    struct network *network;
    struct service_counters *counters; /* or NULL (tests) */
    struct log *log;
};

#endif
