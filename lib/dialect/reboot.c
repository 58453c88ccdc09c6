#include "dialect/reboot.h"

#include "at/at.h"
#include "base/clock.h"
#include "base/log.h"
#include "dialect/dialect.h"
#include "service/env.h"

/* How often a reboot that waits looks whether everything is sent. */
enum { POLL_MS = 20 };

static void arm(struct reboot *reboot, unsigned ms)
{
    struct ev_loop *loop = reboot->env->services->loop;
    ev_timer_stop(loop, &reboot->timer);
    ev_timer_set(&reboot->timer, ms / 1000., 0.);
    ev_timer_start(loop, &reboot->timer);
}

static void go(struct reboot *reboot)
{
    log_info(reboot->env->log, "reboot");
    reboot->state = REBOOT_DEAD;
    at_deafen(reboot->env->at);
    at_cut(reboot->env->at); /* a reboot that no command has asked for may find one under way */
    at_restart(reboot->env->at);
    reboot->plan.cycle(reboot->ctx);
    arm(reboot, reboot->plan.dead_ms);
}

static bool all_sent(const struct reboot *reboot)
{
    return at_drained(reboot->env->at) &&
           (!reboot->plan.all_sent || reboot->plan.all_sent(reboot->ctx));
}

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct reboot *reboot = timer->data;
    if (reboot->state == REBOOT_DEAD) {
        reboot->state = REBOOT_NONE;
        at_undeafen(reboot->env->at);
        if (reboot->plan.alive) {
            reboot->plan.alive(reboot->ctx);
        }
    } else if (all_sent(reboot) || clock_ms() >= reboot->latest) {
        go(reboot);
    } else {
        arm(reboot, POLL_MS);
    }
}

void reboot_init(struct reboot *reboot, const struct dialect_env *env,
                 const struct reboot_plan *plan, void *ctx)
{
    *reboot = (struct reboot){.env = env, .plan = *plan, .ctx = ctx};
    ev_timer_init(&reboot->timer, tick, 0., 0.);
    reboot->timer.data = reboot;
}

void reboot_end(struct reboot *reboot)
{
    ev_timer_stop(reboot->env->services->loop, &reboot->timer);
}

void reboot_begin(struct reboot *reboot, unsigned wait_ms)
{
    reboot->state = REBOOT_WAITS;
    reboot->latest = clock_ms() + wait_ms;
    at_deafen(reboot->env->at);
    arm(reboot, 0);
}
