/* What services count of what they did, for whoever looks after many modems. */
#ifndef SERVICE_COUNTERS_H
#define SERVICE_COUNTERS_H

#include <stdint.h>

#include "service/env.h"

struct service_counters {
    uint64_t mqtt_connected;   /* sessions that came up, reconnections included */
    uint64_t mqtt_reconnected; /* of them, by itself after a loss */
    uint64_t mqtt_lost;
    uint64_t mqtt_failed;    /* attempts that were asked for */
    uint64_t mqtt_published; /* acknowledged, or written with QoS 0 */
    uint64_t mqtt_received;
    uint64_t http_done, http_failed;
    uint64_t coap_done, coap_failed;
    uint64_t socket_connected, socket_failed, socket_ended;
};

#define SERVICE_COUNT(env, member)                                                                 \
    do {                                                                                           \
        if ((env)->counters) {                                                                     \
            (env)->counters->member++;                                                             \
        }                                                                                          \
    } while (0)

#endif
