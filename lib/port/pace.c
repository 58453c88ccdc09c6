#include "port/pace.h"

/* A burst: what a line carries in this time. Short enough to look like a UART, long enough that a
 * fast line does not wake the loop for each byte. */
static const double burst_time = 0.002;

void pace_start(struct pace *pace, double now)
{
    if (!pace->working) {
        pace->working = true;
        pace->since = now;
    }
}

void pace_stop(struct pace *pace)
{
    pace->working = false;
}

static size_t burst(const struct pace *pace, size_t waiting)
{
    size_t most = (size_t)(burst_time / pace->byte_time);
    if (most == 0) {
        most = 1;
    }
    return waiting < most ? waiting : most;
}

double pace_wait(const struct pace *pace, double now, size_t waiting)
{
    double wait = pace->since + (double)burst(pace, waiting) * pace->byte_time - now;
    return wait > 0. ? wait : 0.;
}

size_t pace_allowed(const struct pace *pace, double now, size_t waiting)
{
    if (pace_wait(pace, now, waiting) > 0.) {
        return 0;
    }
    /* A millionth of a byte makes up for what the sums above lost in rounding. */
    double carried = (now - pace->since) / pace->byte_time + 1e-6;
    return carried < (double)waiting ? (size_t)carried : waiting;
}

void pace_take(struct pace *pace, size_t count)
{
    pace->since += (double)count * pace->byte_time;
}
