#include "dialect/intake.h"

#include "at/at.h"
#include "dialect/dialect.h"
#include "service/env.h"

enum { WAITING_MAX = 64 * 1024 }; /* bytes of reports above which nothing is taken */
static const double resume_s = .02;

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct intake *intake = timer->data;
    intake->resume(intake->ctx);
}

void intake_init(struct intake *intake, const struct dialect_env *env, void (*resume)(void *ctx),
                 void *ctx)
{
    *intake = (struct intake){.env = env, .resume = resume, .ctx = ctx};
    ev_timer_init(&intake->timer, tick, 0., 0.);
    intake->timer.data = intake;
}

void intake_end(struct intake *intake)
{
    ev_timer_stop(intake->env->services->loop, &intake->timer);
}

size_t intake_take(struct intake *intake, const char *bytes, size_t len, size_t piece,
                   void (*report)(void *source, const char *bytes, size_t len), void *source)
{
    size_t taken = 0;
    while (taken < len && at_urcs_waiting(intake->env->at) < WAITING_MAX) {
        size_t left = len - taken;
        size_t now = left < piece ? left : piece;
        report(source, bytes + taken, now);
        taken += now;
    }
    if (taken < len && !ev_is_active(&intake->timer)) {
        ev_timer_set(&intake->timer, resume_s, 0.);
        ev_timer_start(intake->env->services->loop, &intake->timer);
    }
    return taken;
}
