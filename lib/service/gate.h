/* Tells a service that the modem's network is not usable (any more): from the loop, not from inside
 * the command that turned it off. Private to lib/service. */
#ifndef SERVICE_GATE_H
#define SERVICE_GATE_H

#include <ev.h>
#include <stdbool.h>

#include "net/network.h"

struct service_env;

struct gate {
    const struct service_env *env;
    bool open;                 /* told of what happens */
    void (*closed)(void *ctx); /* may free what the gate is in */
    void *ctx;
    struct network_listener listener;
    ev_timer soon; /* never started: fed to tell it */
};

void gate_init(struct gate *gate, const struct service_env *env, void (*closed)(void *ctx),
               void *ctx);
void gate_end(struct gate *gate);

/* From now on closed() comes, once, when the network is not usable; soon if it is not now. */
void gate_watch(struct gate *gate);
/* Not any more. */
void gate_ignore(struct gate *gate);

/* Whether the network is usable now. */
bool gate_usable(const struct gate *gate);

#endif
