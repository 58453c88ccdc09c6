#include "tests/support/services.h"

#include "tests/support/logged.h"

void services_open(struct services *services, resolve_function function)
{
    static const struct network_settings settings = {.rssi = -70, .ip = "10.0.0.2"};
    *services = (struct services){
        .loop = ev_loop_new(EVFLAG_AUTO),
        .network = network_create(&settings, true),
    };
    services->env = (struct service_env){
        .loop = services->loop,
        .resolver = resolver_create(services->loop, function),
        .network = services->network,
        .log = logged_create(&services->log_lines),
    };
    log_set_level(services->env.log, LEVEL_BYTES);
}

void services_close(struct services *services)
{
    network_destroy(services->network);
    resolver_destroy(services->env.resolver);
    log_destroy(services->env.log);
    ev_loop_destroy(services->loop);
    buf_free(&services->log_lines);
}
