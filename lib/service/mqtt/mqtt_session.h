/* Private to the MQTT service: the object behind mqtt.h. mqtt.c has the calls from above,
 * mqtt_session.c what comes from below and from timers. */
#ifndef SERVICE_MQTT_MQTT_SESSION_H
#define SERVICE_MQTT_MQTT_SESSION_H

#include <ev.h>

#include "net/network.h"
#include "service/mqtt/mqtt.h"
#include "service/mqtt/mqtt_event.h"
#include "service/mqtt/mqtt_filters.h"
#include "service/mqtt/mqtt_requests.h"

struct mqtt_dial;
struct mqtt_link;

struct mqtt_guest {
    struct mqtt *mqtt;
    unsigned party; /* 1..MQTT_GUESTS_MAX */
    const struct mqtt_guest_events *events;
    void *ctx;
};

struct mqtt {
    const struct service_env *env;
    const struct mqtt_events *events;
    void *ctx;
    enum mqtt_state state;
    struct mqtt_options *options;
    struct mqtt_dial *dial;
    struct mqtt_requests requests;
    struct mqtt_filters filters;
    struct mqtt_guest *guests[MQTT_GUESTS_MAX]; /* party N at N - 1; NULL: none */
    ev_timer limit;                             /* of the request that has the least time left */
    ev_timer pause;   /* RECONNECTING: until the next attempt; CLOSING: until it must be over */
    unsigned wait_ms; /* the length of the last pause */
    double online_since;
    bool held;
    bool trying; /* RECONNECTING: an attempt is under way */
    bool due;    /* RECONNECTING: an attempt waits for the end of hold */
    struct network_listener network;
    bool usable;    /* the network, when it was last looked at */
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
/* Subscribes to a listed filter once more, without an event. */
void mqtt_session_restore(struct mqtt *mqtt, struct mqtt_link *link,
                          const struct mqtt_filter *filter);
/* Takes request->filter over. */
void mqtt_session_add_request(struct mqtt *mqtt, const struct mqtt_request *request);

/* ---- mqtt.c: requests of any party ---- */

enum mqtt_error mqtt_request_publish(struct mqtt *mqtt, unsigned party, const char *topic,
                                     const void *bytes, size_t len, int qos, bool retain,
                                     unsigned timeout_ms, uint16_t *packet_id, bool *written);
enum mqtt_error mqtt_request_subscribe(struct mqtt *mqtt, unsigned party, const char *filter,
                                       int qos, unsigned timeout_ms, uint16_t *packet_id);

/* ---- mqtt_guest.c ---- */

/* Tells all guests that the connection is up. */
void mqtt_guests_online(struct mqtt *mqtt, bool again);
/* Tells a guest of the outcome of its request. */
void mqtt_guest_outcome(const struct mqtt *mqtt, unsigned party, bool subscribe, uint16_t packet_id,
                        enum mqtt_outcome outcome, int granted);
/* Gives a message to those guests whose it is. True: it is the owner's too. False: it is not, or a
 * callee has destroyed the object. */
bool mqtt_guests_message(struct mqtt *mqtt, const struct mqtt_message *message);
void mqtt_guests_free(struct mqtt *mqtt);

#endif
