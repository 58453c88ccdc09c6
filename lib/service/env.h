/* What every service object needs of its modem. */
#ifndef SERVICE_ENV_H
#define SERVICE_ENV_H

struct ev_loop;
struct log;
struct redirect;
struct resolver;

/* All of it outlives the services. */
struct service_env {
    struct ev_loop *loop;
    struct resolver *resolver;
    const struct redirect *redirect; /* may be NULL */
    struct log *log;
};

#endif
