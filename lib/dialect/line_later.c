#include "dialect/line_later.h"

#include "at/at.h"
#include "dialect/dialect.h"
#include "service/env.h"

static void tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    static const double poll_s = .01;
    (void)events;
    struct line_later *later = timer->data;
    if (at_drained(later->env->at)) {
        port_set_line(later->env->port, &later->line);
        return;
    }
    ev_timer_set(timer, poll_s, 0.);
    ev_timer_start(loop, timer);
}

void line_later_init(struct line_later *later, const struct dialect_env *env)
{
    later->env = env;
    ev_timer_init(&later->timer, tick, 0., 0.);
    later->timer.data = later;
}

void line_later_end(struct line_later *later)
{
    ev_timer_stop(later->env->services->loop, &later->timer);
}

void line_later_set(struct line_later *later, const struct port_line *line)
{
    struct ev_loop *loop = later->env->services->loop;
    later->line = *line;
    ev_timer_stop(loop, &later->timer);
    ev_timer_set(&later->timer, 0., 0.);
    ev_timer_start(loop, &later->timer);
}

void line_later_set_baud(struct line_later *later, int baud)
{
    struct port_line line = *port_line(later->env->port);
    line.baud = baud;
    line_later_set(later, &line);
}
