/* What the module itself listens to: on a plain broker somebody has to subscribe to the cloud's
 * topics. */
#include <stdlib.h>

#include "base/log.h"
#include "dialect/aliyun_wifi/instance.h"

static void subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct aw *aw = ctx;
    struct aw_session *session = &aw->session;
    for (size_t i = 0; i < session->subscribing; i++) {
        if (session->subscriptions[i] == packet_id) {
            session->subscriptions[i] = session->subscriptions[--session->subscribing];
            if (outcome != MQTT_DONE || granted > 2) {
                log_warning(aw->env.log, "the broker does not let the module listen to the cloud");
            }
            if (!session->subscribing && session->connecting) {
                aw_listening(aw);
            }
            return;
        }
    }
}

static const struct mqtt_guest_events events = {
    .subscribed = subscribed,
    .message = aw_own_message,
};

static void subscribe(struct aw *aw, struct mqtt_guest *guest, char **filters, size_t count)
{
    struct aw_session *session = &aw->session;
    unsigned timeout_ms = (unsigned)kept_number(&aw->kept, AW_TIMEOUT) * 1000;
    for (size_t i = 0; i < count; i++) {
        uint16_t *id = &session->subscriptions[session->subscribing];
        enum mqtt_error error = mqtt_guest_subscribe(guest, filters[i], 0, timeout_ms, id);
        if (error == MQTT_OK) {
            session->subscribing++;
        } else {
            log_warning(aw->env.log, "mqtt: %s is not subscribed to: %s", filters[i],
                        mqtt_error_text(error));
        }
        free(filters[i]);
    }
}

/* What only the module had subscribed to is unsubscribed from: from now on the host alone decides
 * what of it is reported. */
static void leave_thing(struct aw_session *session)
{
    mqtt_guest_destroy(session->thing);
    session->thing = NULL;
}

at_result aw_listen(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    struct aliyun_device device;
    session->subscribing = 0;
    if (session->family == AW_IMQTT) {
        leave_thing(session);
    }
    if (session->platform || !aw_device(aw, &device)) {
        return AT_OK;
    }
    subscribe(
        aw, session->own,
        (char *[]){ota_topic(OTA_TOPIC_UPGRADE, &device), ota_topic(OTA_TOPIC_GET_REPLY, &device)},
        2);
    if (session->family == AW_IDM) {
        char *filters[THING_FILTERS];
        thing_filters(&device, filters);
        if (!session->thing) {
            session->thing = mqtt_guest_create(session->mqtt, &events, aw);
        }
        subscribe(aw, session->thing, filters, THING_FILTERS);
    }
    return session->subscribing ? AT_PENDING : AT_OK;
}

void aw_listen_anew(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    leave_thing(session);
    mqtt_guest_destroy(session->own);
    session->own = mqtt_guest_create(session->mqtt, &events, aw);
}
