#include "service/gate.h"

#include "service/env.h"

bool gate_usable(const struct gate *gate)
{
    return !gate->env->network || network_usable(gate->env->network);
}

static void changed(void *ctx)
{
    struct gate *gate = ctx;
    if (gate->open && !gate_usable(gate)) {
        ev_feed_event(gate->env->loop, &gate->soon, EV_CUSTOM);
    }
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct gate *gate = timer->data;
    gate->open = false;
    gate->closed(gate->ctx);
}

void gate_init(struct gate *gate, const struct service_env *env, void (*closed)(void *ctx),
               void *ctx)
{
    *gate = (struct gate){.env = env, .closed = closed, .ctx = ctx};
    gate->listener = (struct network_listener){.changed = changed, .ctx = gate};
    ev_timer_init(&gate->soon, on_soon, 0., 0.);
    gate->soon.data = gate;
    if (env->network) {
        network_listen(env->network, &gate->listener);
    }
}

void gate_end(struct gate *gate)
{
    gate_ignore(gate);
    if (gate->env->network) {
        network_unlisten(gate->env->network, &gate->listener);
    }
}

void gate_watch(struct gate *gate)
{
    gate->open = true;
    changed(gate);
}

void gate_ignore(struct gate *gate)
{
    gate->open = false;
    ev_clear_pending(gate->env->loop, &gate->soon);
}
