/* MQTTSUB, MQTTUNSUB: requests, and the list of what is subscribed to. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"

enum { TOPICS_MAX = 100, GRANTED_MAX = 2 };

/* ---- requests ---- */

at_result uc_mqtt_refusal(enum mqtt_error error)
{
    return error == MQTT_INVALID ? (at_result)UC_PARAMETER
           : error == MQTT_FULL  ? (at_result)CME_MEMORY_FULL
                                 : (at_result)CME_NOT_ALLOWED;
}

at_result uc_mqtt_outcome(enum mqtt_outcome outcome)
{
    return outcome == MQTT_DONE      ? (at_result)AT_OK
           : outcome == MQTT_TIMEOUT ? (at_result)CME_NETWORK_TIMEOUT
                                     : (at_result)CME_NOT_ALLOWED;
}

bool uc_mqtt_awaited(struct uc *uc, enum uc_request request, uint16_t packet_id)
{
    bool mine = uc->mqtt.request == request && uc->mqtt.packet_id == packet_id;
    if (mine) {
        uc->mqtt.request = UC_NO_REQUEST;
    }
    return mine;
}

static at_result begin(struct uc *uc, const struct at_call *call, enum uc_request request,
                       enum mqtt_error error)
{
    if (error != MQTT_OK) {
        return uc_mqtt_refusal(error);
    }
    free(uc->mqtt.topic);
    uc->mqtt.topic = mem_string(call->params[0].text);
    uc->mqtt.request = request;
    uc->waiting = call->ticket;
    return AT_PENDING;
}

at_result uc_mqttsub_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    const char *topic = call->params[0].text;
    uc->mqtt.qos = (int)call->params[1].number;
    if (!uc_mqtt_is_up(uc)) {
        return CME_NOT_ALLOWED;
    }
    if (!topics_have(&uc->mqtt.topics, topic) && topics_count(&uc->mqtt.topics) == TOPICS_MAX) {
        return CME_MEMORY_FULL;
    }
    return begin(uc, call, UC_SUBSCRIBING,
                 mqtt_subscribe(uc->mqtt.service, topic, uc->mqtt.qos, UC_MQTT_WAIT_MS,
                                &uc->mqtt.packet_id));
}

void uc_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct uc *uc = ctx;
    if (!uc_mqtt_awaited(uc, UC_SUBSCRIBING, packet_id)) {
        return;
    }
    at_result result = uc_mqtt_outcome(outcome);
    if (result == AT_OK && granted > GRANTED_MAX) {
        result = CME_NOT_ALLOWED;
    }
    if (result == AT_OK) {
        topics_set(&uc->mqtt.topics, uc->mqtt.topic, uc->mqtt.qos);
    }
    at_finish(uc->env.at, uc->waiting, result);
}

at_result uc_mqttunsub_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (!uc_mqtt_is_up(uc)) {
        return CME_NOT_ALLOWED;
    }
    return begin(uc, call, UC_UNSUBSCRIBING,
                 mqtt_unsubscribe(uc->mqtt.service, call->params[0].text, UC_MQTT_WAIT_MS,
                                  &uc->mqtt.packet_id));
}

void uc_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct uc *uc = ctx;
    if (!uc_mqtt_awaited(uc, UC_UNSUBSCRIBING, packet_id)) {
        return;
    }
    at_result result = uc_mqtt_outcome(outcome);
    if (result == AT_OK) {
        topics_drop(&uc->mqtt.topics, uc->mqtt.topic);
    }
    at_finish(uc->env.at, uc->waiting, result);
}

/* ---- what there is ---- */

at_result uc_mqttsub_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    for (const struct topic *topic = uc->mqtt.topics.first; topic; topic = topic->next) {
        at_info(call->at, call->ticket, "+MQTTSUB: \"%s\",%d", topic->text, topic->qos);
    }
    return AT_OK;
}

at_result uc_mqttunsub_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    for (const struct topic *topic = uc->mqtt.topics.first; topic; topic = topic->next) {
        at_info(call->at, call->ticket, "+MQTTUNSUB: \"%s\"", topic->text);
    }
    return AT_OK;
}
