#include "port/pacing.h"

#include <ev.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "port/line.h"
#include "port/pace.h"
#include "port/port_backend.h"

struct pacing {
    struct port *port;
    struct pace in, out;
    size_t waiting; /* bytes of input that the kernel held when it was last asked */
    ev_timer in_timer, out_timer;
};

static void in_carried(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct pacing *pacing = timer->data;
    port_hold_input(pacing->port, false); /* the descriptor is readable: it goes on */
}

static void out_carried(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct pacing *pacing = timer->data;
    struct port *port = pacing->port;
    port_enter(port);
    port_release_output(port);
    port_leave(port);
}

struct pacing *pacing_create(struct port *port)
{
    struct pacing *pacing = mem_zeroed(sizeof *pacing);
    pacing->port = port;
    ev_timer_init(&pacing->in_timer, in_carried, 0., 0.);
    ev_timer_init(&pacing->out_timer, out_carried, 0., 0.);
    pacing->in_timer.data = pacing->out_timer.data = pacing;
    return pacing;
}

void pacing_destroy(struct pacing *pacing)
{
    if (pacing) {
        pacing_reset(pacing);
        free(pacing);
    }
}

void pacing_reset(struct pacing *pacing)
{
    ev_timer_stop(pacing->port->loop, &pacing->in_timer);
    ev_timer_stop(pacing->port->loop, &pacing->out_timer);
    pace_stop(&pacing->in);
    pace_stop(&pacing->out);
}

static void start_timer(struct pacing *pacing, ev_timer *timer, double wait)
{
    ev_timer_stop(pacing->port->loop, timer);
    ev_timer_set(timer, wait, 0.);
    ev_timer_start(pacing->port->loop, timer);
}

/* The host may have changed its speed since the last time. */
static void begin(struct pacing *pacing, struct pace *pace, double now)
{
    const struct port *port = pacing->port;
    int baud = port->ops->host_speed ? port->ops->host_speed(port) : 0;
    if (baud <= 0) {
        baud = port->line.baud;
    }
    pace->byte_time = (double)line_bits(&port->line) / baud;
    pace_start(pace, now);
}

size_t pacing_input(struct pacing *pacing, size_t room)
{
    int held = 0;
    ioctl(pacing->port->fd, FIONREAD, &held);
    if (room == 0 || held <= 0) {
        pace_stop(&pacing->in); /* a line that is held up; or nothing, perhaps the end */
        return room;
    }
    double now = clock_seconds();
    begin(pacing, &pacing->in, now);
    pacing->waiting = (size_t)held;
    size_t wanted = pacing->waiting < room ? pacing->waiting : room;
    size_t allowed = pace_allowed(&pacing->in, now, wanted);
    if (allowed == 0) {
        port_hold_input(pacing->port, true);
        start_timer(pacing, &pacing->in_timer, pace_wait(&pacing->in, now, wanted));
    }
    return allowed;
}

void pacing_was_read(struct pacing *pacing, size_t count)
{
    pace_take(&pacing->in, count);
    if (count >= pacing->waiting) {
        pace_stop(&pacing->in);
    }
}

size_t pacing_output(struct pacing *pacing, size_t len)
{
    double now = clock_seconds();
    begin(pacing, &pacing->out, now);
    return pace_allowed(&pacing->out, now, len);
}

void pacing_was_written(struct pacing *pacing, size_t count, size_t allowed, size_t len)
{
    pace_take(&pacing->out, count);
    if (count == len || count < allowed) {
        pace_stop(&pacing->out); /* all is done, or the host does not read */
        return;
    }
    port_hold_output(pacing->port);
    start_timer(pacing, &pacing->out_timer, pace_wait(&pacing->out, clock_seconds(), len - count));
}
