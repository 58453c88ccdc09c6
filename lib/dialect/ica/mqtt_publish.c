/* IMQTTPUB and IMQTTPUBIN. */
#include <string.h>

#include "dialect/ica/instance.h"

/* ---- which outcomes are a PUBIN's ---- */

static void expect_binary(struct ica *ica, uint16_t packet_id)
{
    buf_add(&ica->mqtt.binary_ids, &packet_id, sizeof packet_id);
}

/* True, and forgets it, if the identifier is a PUBIN's. */
static bool was_binary(struct ica *ica, uint16_t packet_id)
{
    struct buf *ids = &ica->mqtt.binary_ids;
    for (size_t at = 0; at < buf_len(ids); at += sizeof packet_id) {
        uint16_t id;
        memcpy(&id, buf_bytes(ids) + at, sizeof id);
        if (id == packet_id) {
            struct buf rest = {0};
            buf_add(&rest, buf_bytes(ids), at);
            buf_add(&rest, buf_bytes(ids) + at + sizeof id, buf_len(ids) - at - sizeof id);
            buf_free(ids);
            *ids = rest;
            return true;
        }
    }
    return false;
}

/* ---- sending ---- */

static at_result publish(struct ica *ica, const struct at_call *call, const char *bytes, size_t len,
                         bool binary)
{
    const struct at_value *topic = &call->params[0];
    int qos = (int)call->params[1].number;
    uint16_t packet_id = 0;
    bool written = false;
    enum mqtt_error error =
        mqtt_publish(ica->mqtt.service, topic->text, bytes, len, qos, false,
                     (unsigned)kept_number(&ica->kept, ICA_MQTT_TIMEOUT), &packet_id, &written);
    if (error != MQTT_OK) {
        return ica_request_error(error);
    }
    ica_remember(binary ? &ica->mqtt.published_binary : &ica->mqtt.published, topic->text,
                 topic->len, bytes, len, "%d", qos);
    at_info(call->at, call->ticket, "%s:%u", call->command->name, packet_id);
    if (written) { /* a QoS 0 status must not come late: it would pass for the next one's */
        at_urc_line(call->at, "%s:%u,0", call->command->name, packet_id);
    } else if (binary) {
        expect_binary(ica, packet_id);
    }
    return AT_OK;
}

void ica_mqtt_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct ica *ica = ctx;
    static const int status[] = {[MQTT_DONE] = 0, [MQTT_TIMEOUT] = 1, [MQTT_LOST] = 2};
    at_urc_line(ica->env.at, "+IMQTTPUB%s:%u,%d", was_binary(ica, packet_id) ? "IN" : "", packet_id,
                status[outcome]);
}

/* ---- IMQTTPUB ---- */

at_result ica_mqtt_pub_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_text(ica, call, &ica->mqtt.published, ICA_PLACE_FIRST);
}

at_result ica_mqtt_pub_set(void *ctx, struct at_call *call)
{
    return publish(ctx, call, call->params[2].text, call->params[2].len, false);
}

/* ---- IMQTTPUBIN ---- */

at_result ica_mqtt_pubin_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    return ica_repeat_binary(ica, call, &ica->mqtt.published_binary, ICA_PLACE_FIRST);
}

at_result ica_mqtt_pubin_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    if (mqtt_state(ica->mqtt.service) != MQTT_ONLINE) {
        return ICA_NO_NETWORK;
    }
    ica->mqtt.collecting = call->ticket;
    return ica_open_data(call, (size_t)call->params[2].number);
}

at_result ica_mqtt_pubin_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    return publish(ctx, call, bytes, len, true);
}
