/* Private to the MQTT service: seconds on a clock that never jumps, as ev_now() does when a gateway
 * without a battery learns the time. */
#ifndef SERVICE_MQTT_MQTT_CLOCK_H
#define SERVICE_MQTT_MQTT_CLOCK_H

#include <time.h>

static inline double mqtt_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif
