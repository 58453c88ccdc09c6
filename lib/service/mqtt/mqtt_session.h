/* Private to the MQTT service: the object behind mqtt.h. mqtt.c has the calls from above,
 * mqtt_session.c what comes from below and from timers. */
#ifndef SERVICE_MQTT_MQTT_SESSION_H
#define SERVICE_MQTT_MQTT_SESSION_H

#include <ev.h>

#include "service/mqtt/mqtt.h"
#include "service/mqtt/mqtt_event.h"
#include "service/mqtt/mqtt_filters.h"
#include "service/mqtt/mqtt_requests.h"

struct mqtt_dial;
struct mqtt_link;

struct mqtt {
    const struct service_env *env;
    const struct mqtt_events *events;
    void *ctx;
    enum mqtt_state state;
    struct mqtt_options *options;
    struct mqtt_dial *dial;
    struct mqtt_requests requests;
    struct mqtt_filters filters;
    ev_timer limit;   /* of the request that has the least time left */
    ev_timer pause;   /* RECONNECTING: until the next attempt; CLOSING: until it must be over */
    unsigned wait_ms; /* the length of the last pause */
    double online_since;
    bool held;
    bool trying;    /* RECONNECTING: an attempt is under way */
    bool due;       /* RECONNECTING: an attempt waits for the end of hold */
    char *why;      /* the last failure that was logged as a warning */
    bool emitting;  /* more is to be done after an event */
    bool destroyed; /* by the callee of that event: only this memory is left */
};

/* The timers' callbacks and data. */
void mqtt_session_init(struct mqtt *mqtt);
/* Handler of the dial's events. */
void mqtt_session_event(void *ctx, const struct mqtt_event *event);
/* Begins an attempt to reconnect now. */
void mqtt_session_retry(struct mqtt *mqtt);
/* CLOSING: the end comes in so many seconds at the latest. */
void mqtt_session_close_within(struct mqtt *mqtt, double seconds);
/* Makes sure that the next packet id is free. */
bool mqtt_session_reserve_id(struct mqtt *mqtt, struct mqtt_link *link);
/* Takes request->filter over. */
void mqtt_session_add_request(struct mqtt *mqtt, const struct mqtt_request *request);

#endif
