/* What a service under test works with: a loop, a resolver, a network that is usable, and a log
 * that is kept. */
#ifndef TESTS_SUPPORT_SERVICES_H
#define TESTS_SUPPORT_SERVICES_H

#include <ev.h>

#include "base/buf.h"
#include "net/network.h"
#include "net/resolve.h"
#include "service/env.h"

struct services {
    struct ev_loop *loop;
    struct network *network;
    struct service_env env; /* of the two, without a redirect */
    struct buf log_lines;   /* "LEVEL: TEXT\n", down to LEVEL_BYTES */
};

/* function: NULL, or what asks the system for addresses. */
void services_open(struct services *services, resolve_function function);
void services_close(struct services *services);

#endif
