/* IMQTTSUB and IMQTTUNSUB. */
#include "dialect/ica/instance.h"

/* SUBACK's own code for a refused filter, used for every other failure too. */
enum { SUBSCRIBE_FAILED = 128 };

at_result ica_mqtt_sub_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    const struct ica_last *last = &ica->mqtt.subscribed;
    if (last->any) {
        at_info(call->at, call->ticket, "+IMQTTSUB:\"%.*s\",%s", (int)buf_len(&last->place),
                buf_bytes(&last->place), last->numbers);
    }
    return AT_OK;
}

at_result ica_mqtt_sub_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    const struct at_value *filter = &call->params[0];
    int qos = (int)call->params[1].number;
    uint16_t packet_id = 0;
    enum mqtt_error error =
        mqtt_subscribe(ica->mqtt.service, filter->text, qos,
                       (unsigned)kept_number(&ica->kept, ICA_MQTT_TIMEOUT), &packet_id);
    if (error != MQTT_OK) {
        return ica_request_error(error);
    }
    ica_remember(&ica->mqtt.subscribed, filter->text, filter->len, NULL, 0, "%d", qos);
    at_info(call->at, call->ticket, "+IMQTTSUB:%u", packet_id);
    return AT_OK;
}

void ica_mqtt_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct ica *ica = ctx;
    at_urc_line(ica->env.at, "+IMQTTSUB:%u,%d", packet_id,
                outcome == MQTT_DONE ? granted : SUBSCRIBE_FAILED);
}

at_result ica_mqtt_unsub_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    const struct ica_last *last = &ica->mqtt.unsubscribed;
    if (last->any) {
        at_info(call->at, call->ticket, "+IMQTTUNSUB:\"%.*s\"", (int)buf_len(&last->place),
                buf_bytes(&last->place));
    }
    return AT_OK;
}

at_result ica_mqtt_unsub_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    const struct at_value *filter = &call->params[0];
    uint16_t packet_id = 0;
    enum mqtt_error error =
        mqtt_unsubscribe(ica->mqtt.service, filter->text,
                         (unsigned)kept_number(&ica->kept, ICA_MQTT_TIMEOUT), &packet_id);
    if (error != MQTT_OK) {
        return ica_request_error(error);
    }
    ica_remember(&ica->mqtt.unsubscribed, filter->text, filter->len, NULL, 0, "%s", "");
    at_info(call->at, call->ticket, "+IMQTTUNSUB:%u", packet_id);
    return AT_OK;
}

void ica_mqtt_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct ica *ica = ctx;
    static const int status[] = {[MQTT_DONE] = 0, [MQTT_TIMEOUT] = 1, [MQTT_LOST] = 2};
    at_urc_line(ica->env.at, "+IMQTTUNSUB:%u,%d", packet_id, status[outcome]);
}
