/* The time that a line takes to carry bytes, one direction of it. Pure: the clock is the caller's.
 * Private to lib/port.
 *
 * The line is either idle or at work since some moment; while it is at work, it carries one byte in
 * each byte time, whether the caller looks or not. So a caller that comes late catches up, but the
 * time in which nothing waited is not made up for. */
#ifndef PORT_PACE_H
#define PORT_PACE_H

#include <stdbool.h>
#include <stddef.h>

struct pace {
    double byte_time; /* seconds; may be changed at any time */
    double since;     /* what has been carried since then is not yet taken */
    bool working;
};

/* Bytes wait: the line is at work from now on, if it was not already. */
void pace_start(struct pace *pace, double now);
/* Nothing waits any more, or the other end takes no more. */
void pace_stop(struct pace *pace);

/* How many bytes may be taken of those waiting. Bytes come in small bursts, as from the FIFO of a
 * UART: while it is 0, pace_wait() says for how long. */
size_t pace_allowed(const struct pace *pace, double now, size_t waiting);
double pace_wait(const struct pace *pace, double now, size_t waiting);

/* That many were taken. */
void pace_take(struct pace *pace, size_t count);

#endif
