#include "net/walk.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/redirect.h"

struct walk {
    struct ev_loop *loop;
    struct resolver *resolver;
    const struct walk_events *events;
    void *ctx;
    int port; /* after network.redirect */
    struct lookup *lookup;
    struct net_address *addresses;
    size_t count;
    size_t next; /* the address to try after the present one */
    ev_timer timer;
    double deadline; /* of all of it */
};

static void set_timer(struct walk *walk, double after)
{
    ev_timer_stop(walk->loop, &walk->timer);
    ev_timer_set(&walk->timer, after > 0 ? after : 0, 0);
    ev_timer_start(walk->loop, &walk->timer);
}

static void fail(struct walk *walk, enum walk_failure failure, const char *why)
{
    walk_stop(walk);
    walk->events->failed(walk->ctx, failure, why);
}

void walk_next(struct walk *walk)
{
    double left = walk->deadline - clock_seconds();
    size_t untried = walk->count - walk->next;
    if (!untried) {
        fail(walk, WALK_EXHAUSTED, "");
    } else if (left <= 0) {
        fail(walk, WALK_LATE, "no time is left for the other addresses");
    } else {
        set_timer(walk, left / (double)untried);
        walk->next++;
        walk->events->address(walk->ctx, walk_address(walk));
    }
}

static void on_resolved(void *ctx, const struct net_address *addresses, size_t count,
                        const char *error)
{
    struct walk *walk = ctx;
    walk->lookup = NULL;
    if (!count) {
        char why[200];
        snprintf(why, sizeof why, "the name has no address: %s", error);
        fail(walk, WALK_UNRESOLVED, why);
        return;
    }
    walk->addresses = mem_resize(NULL, count * sizeof *addresses);
    memcpy(walk->addresses, addresses, count * sizeof *addresses);
    walk->count = count;
    walk_next(walk);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct walk *walk = timer->data;
    if (walk->lookup) {
        fail(walk, WALK_LATE, "no answer from the name server in time");
    } else {
        walk->events->late(walk->ctx);
    }
}

struct walk *walk_create(struct ev_loop *loop, struct resolver *resolver,
                         const struct walk_events *events, void *ctx)
{
    struct walk *walk = mem_zeroed(sizeof *walk);
    walk->loop = loop;
    walk->resolver = resolver;
    walk->events = events;
    walk->ctx = ctx;
    ev_timer_init(&walk->timer, on_timer, 0, 0);
    walk->timer.data = walk;
    return walk;
}

void walk_destroy(struct walk *walk)
{
    if (walk) {
        walk_stop(walk);
        free(walk);
    }
}

void walk_start(struct walk *walk, const struct redirect *redirect, const char *host, int port,
                double seconds)
{
    walk_stop(walk);
    walk->port = port;
    const char *target = redirect_apply(redirect, host, &walk->port);
    walk->deadline = clock_seconds() + seconds;
    set_timer(walk, seconds);
    walk->lookup = resolve(walk->resolver, target, walk->port, on_resolved, walk);
}

void walk_stop(struct walk *walk)
{
    ev_timer_stop(walk->loop, &walk->timer);
    resolve_cancel(walk->lookup);
    walk->lookup = NULL;
    free(walk->addresses);
    walk->addresses = NULL;
    walk->count = walk->next = 0;
}

int walk_port(const struct walk *walk)
{
    return walk->port;
}

const struct net_address *walk_address(const struct walk *walk)
{
    return &walk->addresses[walk->next - 1];
}

bool walk_more(const struct walk *walk)
{
    return walk->next < walk->count;
}
