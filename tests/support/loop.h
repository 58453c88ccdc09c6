/* Runs a loop until something has happened, with a deadline that only a failure meets. */
#ifndef TESTS_SUPPORT_LOOP_H
#define TESTS_SUPPORT_LOOP_H

#include <ev.h>
#include <stdbool.h>

static inline void loop_deadline(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    *(bool *)timer->data = true;
    ev_break(loop, EVBREAK_ALL);
}

/* True as soon as done(ctx) is true (asked before each wait); false after seconds. */
static inline bool loop_until_within(struct ev_loop *loop, bool (*done)(void *ctx), void *ctx,
                                     double seconds)
{
    bool late = false;
    ev_timer timer;
    ev_timer_init(&timer, loop_deadline, seconds, 0.);
    timer.data = &late;
    ev_now_update(loop);
    ev_timer_start(loop, &timer);
    bool ok = done(ctx);
    while (!ok && !late) {
        ev_run(loop, EVRUN_NOWAIT); /* what is pending may be all that it takes */
        ok = done(ctx);
        if (!ok) {
            ev_run(loop, EVRUN_ONCE);
            ok = done(ctx);
        }
    }
    ev_timer_stop(loop, &timer);
    return ok;
}

static inline bool loop_until(struct ev_loop *loop, bool (*done)(void *ctx), void *ctx)
{
    return loop_until_within(loop, done, ctx, 20.);
}

static inline bool loop_never(void *ctx)
{
    (void)ctx;
    return false;
}

/* Lets the loop run for some time and returns how often it woke up: a loop in which nothing happens
 * wakes for the end only. */
static inline unsigned loop_wakes(struct ev_loop *loop, double seconds)
{
    unsigned before = ev_iteration(loop);
    loop_until_within(loop, loop_never, NULL, seconds);
    return ev_iteration(loop) - before;
}

#endif
