/* Private to the MQTT service: what happens on a connection, queued while libmosquitto is at work
 * and handed out after its call has returned (it must not be called from its callbacks). */
#ifndef SERVICE_MQTT_MQTT_EVENT_H
#define SERVICE_MQTT_MQTT_EVENT_H

#include "service/mqtt/mqtt.h"

enum mqtt_event_kind {
    MQTT_EVENT_UP,     /* CONNACK 0 */
    MQTT_EVENT_DOWN,   /* the attempt failed, or the connection that was up broke */
    MQTT_EVENT_CLOSED, /* DISCONNECT is written */
    MQTT_EVENT_PUBLISHED,
    MQTT_EVENT_SUBSCRIBED,
    MQTT_EVENT_UNSUBSCRIBED,
    MQTT_EVENT_MESSAGE,
    MQTT_EVENT_PINGRESP,
};

struct mqtt_event {
    enum mqtt_event_kind kind;
    bool session_present;      /* UP */
    bool renewed;              /* UP: nothing is left of the session before */
    enum mqtt_failure failure; /* DOWN */
    int connack;               /* DOWN */
    const char *why;           /* DOWN: in words */
    uint16_t packet_id;        /* PUBLISHED, SUBSCRIBED, UNSUBSCRIBED */
    int granted;               /* SUBSCRIBED */
    struct mqtt_message message;
};

/* The event and what it points to are the callee's to read only during the call. */
typedef void (*mqtt_event_handler)(void *ctx, const struct mqtt_event *event);

struct mqtt_queued {
    struct mqtt_queued *next;
    struct mqtt_event event;
};

/* All zero is an empty queue. */
struct mqtt_queue {
    struct mqtt_queued *first;
    struct mqtt_queued *last;
};

/* Copies the event and what it points to. */
void mqtt_queue_add(struct mqtt_queue *queue, const struct mqtt_event *event);
/* The oldest one, for free(), or NULL. */
struct mqtt_queued *mqtt_queue_take(struct mqtt_queue *queue);
void mqtt_queue_clear(struct mqtt_queue *queue);

#endif
