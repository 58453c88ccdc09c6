/* Guests: further parties on a connection, with requests, subscriptions and messages of their own.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "service/env.h"
#include "service/mqtt/mqtt_dial.h"
#include "service/mqtt/mqtt_link.h"
#include "service/mqtt/mqtt_session.h"

struct mqtt_guest *mqtt_guest_create(struct mqtt *mqtt, const struct mqtt_guest_events *events,
                                     void *ctx)
{
    for (unsigned i = 0; i < MQTT_GUESTS_MAX; i++) {
        if (!mqtt->guests[i]) {
            struct mqtt_guest *guest = mem_zeroed(sizeof *guest);
            *guest = (struct mqtt_guest){mqtt, i + 1, events, ctx};
            mqtt->guests[i] = guest;
            return guest;
        }
    }
    return NULL;
}

/* Without an outcome for anybody. */
static void unsubscribe(struct mqtt *mqtt, const char *filter)
{
    struct mqtt_link *link = mqtt->state == MQTT_ONLINE ? mqtt_dial_link(mqtt->dial) : NULL;
    uint16_t packet_id = 0;
    if (link && mqtt_session_reserve_id(mqtt, link) &&
        mqtt_link_unsubscribe(link, filter, &packet_id)) {
        mqtt_requests_add(&mqtt->requests, &(struct mqtt_request){.kind = MQTT_REQUEST_UNSUBSCRIBE,
                                                                  .packet_id = packet_id,
                                                                  .filter = mem_string(filter),
                                                                  .over = true});
    }
}

void mqtt_guest_destroy(struct mqtt_guest *guest)
{
    if (!guest) {
        return;
    }
    struct mqtt *mqtt = guest->mqtt;
    for (size_t i = mqtt->filters.count; i-- > 0;) {
        const struct mqtt_filter *filter = &mqtt->filters.items[i];
        if (filter->parties == 1U << guest->party) {
            unsubscribe(mqtt, filter->text);
        }
        mqtt_filters_remove(&mqtt->filters, filter->text, guest->party);
    }
    for (size_t i = 0; i < mqtt->requests.count; i++) {
        struct mqtt_request *request = &mqtt->requests.items[i];
        if (request->party == guest->party) { /* the number may be another's soon */
            request->over = true;
            request->party = MQTT_OWNER;
        }
    }
    mqtt->guests[guest->party - 1] = NULL;
    free(guest);
}

void mqtt_guests_free(struct mqtt *mqtt)
{
    for (unsigned i = 0; i < MQTT_GUESTS_MAX; i++) {
        free(mqtt->guests[i]);
        mqtt->guests[i] = NULL;
    }
}

enum mqtt_error mqtt_guest_publish(struct mqtt_guest *guest, const char *topic, const void *bytes,
                                   size_t len, int qos, unsigned timeout_ms, uint16_t *packet_id)
{
    bool written = false;
    return mqtt_request_publish(guest->mqtt, guest->party, topic, bytes, len, qos, false,
                                timeout_ms, packet_id, &written);
}

enum mqtt_error mqtt_guest_subscribe(struct mqtt_guest *guest, const char *filter, int qos,
                                     unsigned timeout_ms, uint16_t *packet_id)
{
    return mqtt_request_subscribe(guest->mqtt, guest->party, filter, qos, timeout_ms, packet_id);
}

void mqtt_guests_online(struct mqtt *mqtt, bool again)
{
    for (unsigned i = 0; i < MQTT_GUESTS_MAX && !mqtt->destroyed; i++) {
        const struct mqtt_guest *guest = mqtt->guests[i];
        if (guest && guest->events->online && mqtt->state == MQTT_ONLINE) {
            guest->events->online(guest->ctx, again);
        }
    }
}

void mqtt_guest_outcome(const struct mqtt *mqtt, unsigned party, bool subscribe, uint16_t packet_id,
                        enum mqtt_outcome outcome, int granted)
{
    const struct mqtt_guest *guest = mqtt->guests[party - 1];
    if (!guest) {
        return;
    }
    if (subscribe && guest->events->subscribed) {
        guest->events->subscribed(guest->ctx, packet_id, outcome, granted);
    } else if (!subscribe && guest->events->published) {
        guest->events->published(guest->ctx, packet_id, outcome);
    }
}

static bool any(const struct mqtt *mqtt)
{
    for (unsigned i = 0; i < MQTT_GUESTS_MAX; i++) {
        if (mqtt->guests[i]) {
            return true;
        }
    }
    return false;
}

bool mqtt_guests_message(struct mqtt *mqtt, const struct mqtt_message *message)
{
    if (!any(mqtt)) {
        return true;
    }
    unsigned parties = mqtt_filters_parties(&mqtt->filters, message->topic);
    for (unsigned i = 0; i < MQTT_GUESTS_MAX && !mqtt->destroyed; i++) {
        const struct mqtt_guest *guest = mqtt->guests[i];
        if (guest && parties & 1U << guest->party && guest->events->message) {
            guest->events->message(guest->ctx, message);
        }
    }
    return !mqtt->destroyed && (!parties || parties & 1U << MQTT_OWNER);
}
