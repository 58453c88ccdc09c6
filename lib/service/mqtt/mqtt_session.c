#include "service/mqtt/mqtt_session.h"
#include "service/counters.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/mqtt/mqtt_dial.h"
#include "service/mqtt/mqtt_link.h"
#include "service/mqtt/mqtt_options.h"

static const char *const request_names[] = {
    [MQTT_REQUEST_PUBLISH] = "PUBLISH",
    [MQTT_REQUEST_SUBSCRIBE] = "SUBSCRIBE",
    [MQTT_REQUEST_UNSUBSCRIBE] = "UNSUBSCRIBE",
    [MQTT_REQUEST_RESTORE] = "SUBSCRIBE",
};

/* ---- requests ---- */

static void emit_outcome(struct mqtt *mqtt, unsigned party, enum mqtt_request_kind kind,
                         uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    static const char *const texts[] = {
        [MQTT_DONE] = "done", [MQTT_TIMEOUT] = "no answer in time", [MQTT_LOST] = "lost"};
    const struct mqtt_events *events = mqtt->events;
    if (kind == MQTT_REQUEST_PUBLISH && outcome == MQTT_DONE) {
        SERVICE_COUNT(mqtt->env, mqtt_published);
    }
    bool refused = kind == MQTT_REQUEST_SUBSCRIBE && outcome == MQTT_DONE && granted > 2;
    log_write(mqtt->env->log, LEVEL_REQUEST, "mqtt: %s %u: %s", request_names[kind], packet_id,
              refused ? "refused" : texts[outcome]);
    if (party != MQTT_OWNER) {
        mqtt_guest_outcome(mqtt, party, kind == MQTT_REQUEST_SUBSCRIBE, packet_id, outcome,
                           granted);
    } else if (kind == MQTT_REQUEST_PUBLISH && events->published) {
        events->published(mqtt->ctx, packet_id, outcome);
    } else if (kind == MQTT_REQUEST_SUBSCRIBE && events->subscribed) {
        events->subscribed(mqtt->ctx, packet_id, outcome, granted);
    } else if (kind == MQTT_REQUEST_UNSUBSCRIBE && events->unsubscribed) {
        events->unsubscribed(mqtt->ctx, packet_id, outcome);
    }
}

static void arm_limit(struct mqtt *mqtt)
{
    double deadline = mqtt_requests_deadline(&mqtt->requests);
    ev_timer_stop(mqtt->env->loop, &mqtt->limit);
    if (deadline > 0) {
        double left = deadline - clock_seconds();
        ev_timer_set(&mqtt->limit, left > 0 ? left : 0, 0);
        ev_timer_start(mqtt->env->loop, &mqtt->limit);
    }
}

/* After events behind which there is more to do. False: a callee has destroyed the object. */
static bool emitted(struct mqtt *mqtt)
{
    mqtt->emitting = false;
    if (mqtt->destroyed) {
        free(mqtt);
        return false;
    }
    return true;
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct mqtt *mqtt = timer->data;
    double now = clock_seconds();
    mqtt->emitting = true;
    for (struct mqtt_request *request; (request = mqtt_requests_expired(&mqtt->requests, now));) {
        request->over = true;
        if (request->kind == MQTT_REQUEST_RESTORE) {
            log_warning(mqtt->env->log, "mqtt: the broker does not answer SUBSCRIBE %s",
                        request->filter);
            continue;
        }
        emit_outcome(mqtt, request->party, request->kind, request->packet_id, MQTT_TIMEOUT, 128);
        if (mqtt->destroyed) {
            break;
        }
    }
    if (emitted(mqtt)) {
        arm_limit(mqtt);
    }
}

void mqtt_session_add_request(struct mqtt *mqtt, const struct mqtt_request *request)
{
    log_write(mqtt->env->log, LEVEL_REQUEST, "mqtt: %s %u%s%s", request_names[request->kind],
              request->packet_id, request->filter ? " " : "",
              request->filter ? request->filter : "");
    mqtt_requests_add(&mqtt->requests, request);
    double left = request->deadline - clock_seconds();
    if (!ev_is_active(&mqtt->limit) || left < ev_timer_remaining(mqtt->env->loop, &mqtt->limit)) {
        arm_limit(mqtt);
    }
}

bool mqtt_session_reserve_id(struct mqtt *mqtt, struct mqtt_link *link)
{
    /* 65535 requests later the number of one that is still without an answer comes round again. */
    while (mqtt_requests_find(&mqtt->requests, mqtt_link_next_id(link))) {
        if (!mqtt_link_skip_id(link)) {
            return false;
        }
    }
    return true;
}

/* What other parties have subscribed to as well is subscribed to again. Moves the requests. */
static void subscribe_others(struct mqtt *mqtt, const char *text)
{
    struct mqtt_link *link = mqtt_dial_link(mqtt->dial);
    const struct mqtt_filter *filter = mqtt_filters_find(&mqtt->filters, text);
    if (filter && link) {
        mqtt_session_restore(mqtt, link, filter);
    }
}

static void on_acknowledged(struct mqtt *mqtt, const struct mqtt_event *event)
{
    struct mqtt_request *request = mqtt_requests_find(&mqtt->requests, event->packet_id);
    if (!request) {
        return;
    }
    enum mqtt_request_kind kind = request->kind;
    bool subscribed = event->kind == MQTT_EVENT_SUBSCRIBED &&
                      (kind == MQTT_REQUEST_SUBSCRIBE || kind == MQTT_REQUEST_RESTORE);
    bool unsubscribed = event->kind == MQTT_EVENT_UNSUBSCRIBED && kind == MQTT_REQUEST_UNSUBSCRIBE;
    bool published = event->kind == MQTT_EVENT_PUBLISHED && kind == MQTT_REQUEST_PUBLISH;
    if (!subscribed && !unsubscribed && !published) {
        return;
    }
    bool over = request->over || kind == MQTT_REQUEST_RESTORE;
    unsigned party = request->party;
    /* The list follows the broker even where the answer comes too late to be told. */
    if (kind == MQTT_REQUEST_RESTORE) {
        if (event->granted > 2) {
            log_warning(mqtt->env->log, "mqtt: the broker refuses to subscribe to %s again",
                        request->filter);
        }
    } else if (subscribed && event->granted <= 2) {
        mqtt_filters_set(&mqtt->filters, request->filter, request->qos, party);
    } else if (unsubscribed) {
        mqtt_filters_remove(&mqtt->filters, request->filter, party);
        subscribe_others(mqtt, request->filter);
    }
    mqtt_requests_remove(&mqtt->requests, mqtt_requests_find(&mqtt->requests, event->packet_id));
    if (!over) {
        emit_outcome(mqtt, party, kind, event->packet_id, MQTT_DONE, event->granted);
    }
}

/* ---- connected ---- */

void mqtt_session_restore(struct mqtt *mqtt, struct mqtt_link *link,
                          const struct mqtt_filter *filter)
{
    uint16_t packet_id = 0;
    if (!mqtt_link_up(link) || !mqtt_session_reserve_id(mqtt, link) ||
        !mqtt_link_subscribe(link, filter->text, filter->qos, &packet_id)) {
        return;
    }
    mqtt_session_add_request(
        mqtt, &(struct mqtt_request){.kind = MQTT_REQUEST_RESTORE,
                                     .packet_id = packet_id,
                                     .qos = filter->qos,
                                     .filter = mem_string(filter->text),
                                     .deadline = clock_seconds() +
                                                 mqtt->options->connect_timeout_ms / 1000.0});
}

static void on_up(struct mqtt *mqtt, const struct mqtt_event *event)
{
    bool again = mqtt->state == MQTT_RECONNECTING;
    const struct mqtt_options *options = mqtt->options;
    struct mqtt_link *link = mqtt_dial_link(mqtt->dial);
    mqtt->state = MQTT_ONLINE;
    mqtt->trying = false;
    mqtt->online_since = clock_seconds();
    free(mqtt->why);
    mqtt->why = NULL;
    log_write(mqtt->env->log, again ? LEVEL_INFO : LEVEL_STATE, "mqtt: connected to %s:%d%s%s",
              options->host, options->port, again ? " again" : "",
              event->session_present ? ", with the session of before" : "");
    if (event->renewed) {
        mqtt_requests_clear(&mqtt->requests);
    }
    if (link && !event->session_present) {
        for (size_t i = 0; i < mqtt->filters.count; i++) {
            mqtt_session_restore(mqtt, link, &mqtt->filters.items[i]);
        }
    }
    SERVICE_COUNT(mqtt->env, mqtt_connected);
    if (again) {
        SERVICE_COUNT(mqtt->env, mqtt_reconnected);
    }
    mqtt->emitting = true;
    if (mqtt->events->connected) {
        mqtt->events->connected(mqtt->ctx, event->session_present, again);
    }
    if (!mqtt->destroyed) {
        mqtt_guests_online(mqtt, again);
    }
    emitted(mqtt);
}

/* ---- lost and found again ---- */

/* Ten per cent less at random, so that a thousand modems do not come back in the same moment. */
static double with_jitter(unsigned ms)
{
    unsigned char byte = 0;
    RAND_bytes(&byte, 1);
    return ms / 1000.0 * (1.0 - byte / 2550.0);
}

static void set_pause(struct mqtt *mqtt, double seconds)
{
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    ev_timer_set(&mqtt->pause, seconds, 0);
    ev_timer_start(mqtt->env->loop, &mqtt->pause);
}

/* A lost network is no reason to go easy on the broker. */
static void try_with_network(struct mqtt *mqtt)
{
    mqtt->wait_ms = 0;
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    if (network_usable(mqtt->env->network)) {
        set_pause(mqtt, 0);
    } else {
        log_write(mqtt->env->log, LEVEL_STATE, "mqtt: reconnecting when the network is back");
    }
}

static void try_after_pause(struct mqtt *mqtt)
{
    const struct mqtt_options *options = mqtt->options;
    unsigned doubled = mqtt->wait_ms * 2;
    if (!doubled) {
        doubled = options->backoff_min_ms;
    }
    mqtt->wait_ms = doubled < options->backoff_max_ms ? doubled : options->backoff_max_ms;
    double wait = with_jitter(mqtt->wait_ms);
    log_write(mqtt->env->log, LEVEL_STATE, "mqtt: reconnecting in %.1f s", wait);
    set_pause(mqtt, wait);
}

static void try_later(struct mqtt *mqtt, enum mqtt_failure failure)
{
    mqtt->trying = false;
    if (failure == MQTT_FAILED_NETWORK) {
        try_with_network(mqtt);
    } else {
        try_after_pause(mqtt);
    }
    /* A link that has nothing to finish is not worth its descriptors. */
    if (mqtt->options->clean_session ||
        (!mqtt_requests_unfinished(&mqtt->requests) && !mqtt_dial_unfinished(mqtt->dial))) {
        mqtt_dial_forget(mqtt->dial);
    }
}

void mqtt_session_retry(struct mqtt *mqtt)
{
    mqtt->due = false;
    mqtt->trying = true;
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    mqtt_dial_start(mqtt->dial, mqtt->options);
}

/* A warning for each new reason, not for each attempt. */
static void warn_once(struct mqtt *mqtt, const char *what, const char *why)
{
    bool known = mqtt->why && strcmp(mqtt->why, why) == 0;
    log_write(mqtt->env->log, known ? LEVEL_STATE : LEVEL_WARNING, "mqtt: %s %s:%d: %s", what,
              mqtt->options->host, mqtt->options->port, why);
    if (!known) {
        free(mqtt->why);
        mqtt->why = mem_string(why);
    }
}

/* A callback may have ended it. */
static bool is_connecting(const struct mqtt *mqtt)
{
    return mqtt->state == MQTT_RECONNECTING || mqtt->state == MQTT_CONNECTING;
}

/* Frees the list. False: a callee has destroyed the object. */
static bool emit_lost(struct mqtt *mqtt, struct mqtt_request *lost, size_t count)
{
    mqtt->emitting = true;
    for (size_t i = 0; i < count && !mqtt->destroyed; i++) {
        emit_outcome(mqtt, lost[i].party, lost[i].kind, lost[i].packet_id, MQTT_LOST, 128);
    }
    free(lost);
    return emitted(mqtt);
}

static void on_lost(struct mqtt *mqtt, const struct mqtt_event *event)
{
    mqtt->state = MQTT_RECONNECTING;
    log_warning(mqtt->env->log, "mqtt: connection to %s:%d lost: %s", mqtt->options->host,
                mqtt->options->port, event->why);
    SERVICE_COUNT(mqtt->env, mqtt_lost);
    /* A connection that breaks sooner than it was waited for does not begin at the shortest wait
     * again: two modems with one client id would throw each other out each second. */
    if (clock_seconds() - mqtt->online_since >= mqtt->wait_ms / 1000.0) {
        mqtt->wait_ms = 0;
    }
    /* With a kept session libmosquitto sends unacknowledged QoS 1 and 2 messages again on the next
     * connection, as MQTT 3.1.1 section 4.4 demands. They are told as lost all the same, once:
     * their late acknowledgements are dropped. A clean session forgets them. */
    struct mqtt_request *lost = NULL;
    size_t count = mqtt_requests_lose(&mqtt->requests, !mqtt->options->clean_session, &lost);
    try_later(mqtt, event->failure);
    if (emit_lost(mqtt, lost, count) && is_connecting(mqtt) && mqtt->events->lost) {
        mqtt->events->lost(mqtt->ctx);
    }
}

static void closed(struct mqtt *mqtt)
{
    struct mqtt_request *lost = NULL;
    size_t count = mqtt_requests_lose(&mqtt->requests, false, &lost);
    if (!emit_lost(mqtt, lost, count)) {
        return;
    }
    mqtt_requests_clear(&mqtt->requests);
    ev_timer_stop(mqtt->env->loop, &mqtt->pause);
    mqtt_dial_stop(mqtt->dial);
    mqtt_dial_forget(mqtt->dial);
    mqtt->state = MQTT_OFFLINE;
    log_write(mqtt->env->log, LEVEL_STATE, "mqtt: disconnected");
    if (mqtt->events->disconnected) {
        mqtt->events->disconnected(mqtt->ctx);
    }
}

static void on_down(struct mqtt *mqtt, const struct mqtt_event *event)
{
    if (mqtt->state == MQTT_ONLINE) {
        on_lost(mqtt, event);
    } else if (mqtt->state == MQTT_RECONNECTING) {
        warn_once(mqtt, "cannot reconnect to", event->why);
        try_later(mqtt, event->failure);
    } else if (mqtt->state == MQTT_CONNECTING) {
        log_warning(mqtt->env->log, "mqtt: cannot connect to %s:%d: %s", mqtt->options->host,
                    mqtt->options->port, event->why);
        SERVICE_COUNT(mqtt->env, mqtt_failed);
        mqtt->state = MQTT_OFFLINE;
        mqtt_requests_clear(&mqtt->requests);
        mqtt_filters_clear(&mqtt->filters);
        mqtt_dial_forget(mqtt->dial);
        if (mqtt->events->failed) {
            mqtt->events->failed(mqtt->ctx, event->failure, event->connack);
        }
    } else if (mqtt->state == MQTT_CLOSING) {
        closed(mqtt);
    }
}

/* ---- closing ---- */

void mqtt_session_close_within(struct mqtt *mqtt, double seconds)
{
    mqtt->state = MQTT_CLOSING;
    set_pause(mqtt, seconds);
}

/* The dial sees to it that the connection goes with the network. */
static void on_network(void *ctx)
{
    struct mqtt *mqtt = ctx;
    bool usable = network_usable(mqtt->env->network);
    bool back = usable && !mqtt->usable;
    mqtt->usable = usable;
    if (back && mqtt->state == MQTT_RECONNECTING && !mqtt->trying) {
        mqtt->wait_ms = 0;
        set_pause(mqtt, 0);
    }
}

static void on_pause(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct mqtt *mqtt = timer->data;
    if (mqtt->state == MQTT_CLOSING) {
        closed(mqtt);
    } else if (mqtt->held) {
        mqtt->due = true;
    } else {
        mqtt_session_retry(mqtt);
    }
}

/* ---- all of it ---- */

static void on_message(struct mqtt *mqtt, const struct mqtt_message *message)
{
    log_write(mqtt->env->log, LEVEL_REQUEST, "mqtt: message on %s, QoS %d, %zu bytes",
              message->topic, message->qos, message->len);
    SERVICE_COUNT(mqtt->env, mqtt_received);
    if (message->len > MQTT_MESSAGE_MAX) {
        log_warning(mqtt->env->log, "mqtt: a message of %zu bytes on %s is dropped", message->len,
                    message->topic);
        return;
    }
    mqtt->emitting = true;
    if (mqtt_guests_message(mqtt, message) && mqtt->events->message) {
        mqtt->events->message(mqtt->ctx, message);
    }
    emitted(mqtt);
}

void mqtt_session_event(void *ctx, const struct mqtt_event *event)
{
    struct mqtt *mqtt = ctx;
    switch (event->kind) {
    case MQTT_EVENT_UP:
        on_up(mqtt, event);
        break;
    case MQTT_EVENT_DOWN:
        on_down(mqtt, event);
        break;
    case MQTT_EVENT_CLOSED:
        closed(mqtt);
        break;
    case MQTT_EVENT_PUBLISHED:
    case MQTT_EVENT_SUBSCRIBED:
    case MQTT_EVENT_UNSUBSCRIBED:
        on_acknowledged(mqtt, event);
        break;
    case MQTT_EVENT_MESSAGE:
        on_message(mqtt, &event->message);
        break;
    case MQTT_EVENT_PINGRESP:
        if (mqtt->events->pingresp) {
            mqtt->events->pingresp(mqtt->ctx);
        }
        break;
    }
}

void mqtt_session_init(struct mqtt *mqtt)
{
    ev_timer_init(&mqtt->limit, on_limit, 0, 0);
    mqtt->limit.data = mqtt;
    ev_timer_init(&mqtt->pause, on_pause, 0, 0);
    mqtt->pause.data = mqtt;
    mqtt->usable = network_usable(mqtt->env->network);
    mqtt->network = (struct network_listener){.changed = on_network, .ctx = mqtt};
    network_listen(mqtt->env->network, &mqtt->network);
}
