#include "service/mqtt/mqtt.h"
#include "service/counters.h"

#include <limits.h>
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/mqtt/mqtt_dial.h"
#include "service/mqtt/mqtt_link.h"
#include "service/mqtt/mqtt_options.h"
#include "service/mqtt/mqtt_session.h"

/* How long a DISCONNECT may wait for a socket that takes nothing. */
static const double close_limit_s = 2.0;

void mqtt_library_init(void)
{
    mosquitto_lib_init();
}

void mqtt_library_cleanup(void)
{
    mosquitto_lib_cleanup();
}

struct mqtt *mqtt_create(const struct service_env *env, const struct mqtt_events *events, void *ctx)
{
    struct mqtt *mqtt = mem_zeroed(sizeof *mqtt);
    mqtt->env = env;
    mqtt->events = events;
    mqtt->ctx = ctx;
    mqtt->dial = mqtt_dial_create(env, false, mqtt_session_event, mqtt);
    mqtt_session_init(mqtt);
    return mqtt;
}

void mqtt_destroy(struct mqtt *mqtt)
{
    if (!mqtt) {
        return;
    }
    struct mqtt_link *link = mqtt_dial_link(mqtt->dial);
    if (link) {
        mqtt_link_disconnect(link);
    }
    ev_timer_stop(mqtt->env->loop, &mqtt->limit);
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    network_unlisten(mqtt->env->network, &mqtt->network);
    mqtt_dial_destroy(mqtt->dial);
    mqtt_requests_clear(&mqtt->requests);
    mqtt_filters_clear(&mqtt->filters);
    mqtt_options_free(mqtt->options);
    mqtt_guests_free(mqtt);
    free(mqtt->why);
    mqtt->destroyed = true;
    if (!mqtt->emitting) {
        free(mqtt);
    }
}

enum mqtt_state mqtt_state(const struct mqtt *mqtt)
{
    return mqtt->state;
}

/* ---- connecting ---- */

bool mqtt_connect(struct mqtt *mqtt, const struct mqtt_options *options)
{
    if (mqtt->state != MQTT_OFFLINE && mqtt->state != MQTT_RECONNECTING) {
        return false;
    }
    struct mqtt_options *before = mqtt->options;
    mqtt->options = mqtt_options_copy(options);
    mqtt_dial_stop(mqtt->dial);
    if (before && !mqtt_options_same_session(before, options)) {
        mqtt_dial_forget(mqtt->dial);
        mqtt_requests_clear(&mqtt->requests);
    }
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    mqtt->state = MQTT_CONNECTING;
    mqtt->wait_ms = 0;
    mqtt->trying = mqtt->due = false;
    mqtt_dial_start(mqtt->dial, mqtt->options);
    mqtt_options_free(before);
    return true;
}

bool mqtt_disconnect(struct mqtt *mqtt)
{
    if (mqtt->state == MQTT_OFFLINE || mqtt->state == MQTT_CLOSING) {
        return false;
    }
    struct mqtt_link *link = mqtt_dial_link(mqtt->dial);
    mqtt_filters_clear(&mqtt->filters);
    ev_timer_stop(mqtt->env->loop, &mqtt->limit);
    if (link) {
        mqtt_session_close_within(mqtt, close_limit_s);
        mqtt_link_disconnect(link);
    } else {
        mqtt_dial_stop(mqtt->dial);
        mqtt_session_close_within(mqtt, 0);
    }
    return true;
}

void mqtt_hold(struct mqtt *mqtt, bool hold)
{
    mqtt->held = hold;
    if (mqtt->state != MQTT_RECONNECTING) {
        return;
    }
    if (hold && mqtt->trying) {
        mqtt_dial_stop(mqtt->dial);
        mqtt->trying = false;
        mqtt->due = true;
    } else if (!hold && mqtt->due) {
        mqtt_session_retry(mqtt);
    }
}

/* ---- requests ---- */

/* The link for a request of so many bytes, or NULL with the reason in *error. */
static struct mqtt_link *ready_link(struct mqtt *mqtt, size_t size, enum mqtt_error *error)
{
    struct mqtt_link *link = mqtt->state == MQTT_ONLINE ? mqtt_dial_link(mqtt->dial) : NULL;
    *error = MQTT_OK;
    if (!link) {
        *error = MQTT_NOT_ONLINE;
    } else if (mqtt_requests_full(&mqtt->requests, size) || !mqtt_session_reserve_id(mqtt, link)) {
        *error = MQTT_FULL;
    }
    return *error == MQTT_OK ? link : NULL;
}

static double deadline(unsigned timeout_ms)
{
    return clock_seconds() + timeout_ms / 1000.0;
}

enum mqtt_error mqtt_request_publish(struct mqtt *mqtt, unsigned party, const char *topic,
                                     const void *bytes, size_t len, int qos, bool retain,
                                     unsigned timeout_ms, uint16_t *packet_id, bool *written)
{
    size_t size = strlen(topic) + len;
    enum mqtt_error error = MQTT_OK;
    *written = false;
    if (!mqtt_topic_valid(topic, strlen(topic)) || qos < 0 || qos > 2 || len > INT_MAX) {
        return MQTT_INVALID;
    }
    struct mqtt_link *link = ready_link(mqtt, size, &error);
    if (!link) {
        return error;
    }
    if (!mqtt_link_publish(link, topic, bytes, len, qos, retain, packet_id, written)) {
        return MQTT_INVALID;
    }
    if (*written) {
        SERVICE_COUNT(mqtt->env, mqtt_published);
        log_write(mqtt->env->log, LEVEL_REQUEST, "mqtt: PUBLISH %u written, QoS 0, %zu bytes",
                  *packet_id, len);
        return MQTT_OK;
    }
    mqtt_session_add_request(mqtt, &(struct mqtt_request){.kind = MQTT_REQUEST_PUBLISH,
                                                          .party = party,
                                                          .packet_id = *packet_id,
                                                          .qos = qos,
                                                          .size = size,
                                                          .deadline = deadline(timeout_ms)});
    return MQTT_OK;
}

enum mqtt_error mqtt_publish(struct mqtt *mqtt, const char *topic, const void *bytes, size_t len,
                             int qos, bool retain, unsigned timeout_ms, uint16_t *packet_id,
                             bool *written)
{
    return mqtt_request_publish(mqtt, MQTT_OWNER, topic, bytes, len, qos, retain, timeout_ms,
                                packet_id, written);
}

enum mqtt_error mqtt_request_subscribe(struct mqtt *mqtt, unsigned party, const char *filter,
                                       int qos, unsigned timeout_ms, uint16_t *packet_id)
{
    enum mqtt_error error = MQTT_OK;
    if (!mqtt_filter_valid(filter, strlen(filter)) || qos < 0 || qos > 2) {
        return MQTT_INVALID;
    }
    struct mqtt_link *link = ready_link(mqtt, strlen(filter), &error);
    if (!link) {
        return error;
    }
    if (mqtt_filters_full(&mqtt->filters, filter)) {
        return MQTT_FULL;
    }
    if (!mqtt_link_subscribe(link, filter, qos, packet_id)) {
        return MQTT_INVALID;
    }
    mqtt_session_add_request(mqtt, &(struct mqtt_request){.kind = MQTT_REQUEST_SUBSCRIBE,
                                                          .party = party,
                                                          .packet_id = *packet_id,
                                                          .qos = qos,
                                                          .size = strlen(filter),
                                                          .filter = mem_string(filter),
                                                          .deadline = deadline(timeout_ms)});
    return MQTT_OK;
}

enum mqtt_error mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos, unsigned timeout_ms,
                               uint16_t *packet_id)
{
    return mqtt_request_subscribe(mqtt, MQTT_OWNER, filter, qos, timeout_ms, packet_id);
}

enum mqtt_error mqtt_unsubscribe(struct mqtt *mqtt, const char *filter, unsigned timeout_ms,
                                 uint16_t *packet_id)
{
    enum mqtt_error error = MQTT_OK;
    if (!mqtt_filter_valid(filter, strlen(filter))) {
        return MQTT_INVALID;
    }
    struct mqtt_link *link = ready_link(mqtt, strlen(filter), &error);
    if (!link) {
        return error;
    }
    if (!mqtt_link_unsubscribe(link, filter, packet_id)) {
        return MQTT_INVALID;
    }
    mqtt_session_add_request(mqtt, &(struct mqtt_request){.kind = MQTT_REQUEST_UNSUBSCRIBE,
                                                          .packet_id = *packet_id,
                                                          .size = strlen(filter),
                                                          .filter = mem_string(filter),
                                                          .deadline = deadline(timeout_ms)});
    return MQTT_OK;
}

size_t mqtt_outstanding(const struct mqtt *mqtt)
{
    return mqtt_requests_outstanding(&mqtt->requests);
}
