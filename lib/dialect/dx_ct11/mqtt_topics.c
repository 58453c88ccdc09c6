/* QMTSUB, QMTUNSUB: the list of topics, which is subscribed to anew in each new session. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"

enum { TOPICS_MAX = 50, TIMEOUT_MS = 10000, TOPIC_MAX = 256 };

/* ---- keeping ---- */

void dx_topics_load(struct dx *dx)
{
    cJSON *list =
        dx_simple(dx) == DX_SIMPLE_MQTT ? cJSON_Parse(kept_text(&dx->kept, DX_QMTSUB)) : NULL;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, list)
    {
        const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        double qos = cJSON_GetNumberValue(cJSON_GetArrayItem(pair, 1));
        bool good = text && strlen(text) <= TOPIC_MAX && mqtt_filter_valid(text, strlen(text)) &&
                    (qos == 0 || qos == 1 || qos == 2);
        if (good && topics_count(&dx->mqtt.topics) < TOPICS_MAX) {
            topics_set(&dx->mqtt.topics, text, (int)qos);
        }
    }
    cJSON_Delete(list);
}

static void kept(void *ctx, bool ok)
{
    struct dx *dx = ctx;
    at_finish(dx->env.at, dx->waiting, ok ? AT_OK : DX_STATE);
}

/* The list has changed: OK when that is safe. */
static void keep(struct dx *dx)
{
    if (dx_simple(dx) != DX_SIMPLE_MQTT) {
        kept(dx, true);
        return;
    }
    cJSON *list = cJSON_CreateArray();
    for (const struct topic *topic = dx->mqtt.topics.first; topic; topic = topic->next) {
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateString(topic->text));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber(topic->qos));
        cJSON_AddItemToArray(list, pair);
    }
    char *json = cJSON_PrintUnformatted(list);
    struct kept_changes set = {.kept = &dx->kept};
    kept_change_text(&set, DX_QMTSUB, json, strlen(json));
    if (!kept_store(&set, kept, dx)) {
        kept(dx, true);
    }
    cJSON_free(json);
    cJSON_Delete(list);
}

/* ---- subscribing ---- */

void dx_topics_renew(struct dx *dx)
{
    uint16_t packet_id;
    for (const struct topic *topic = dx->mqtt.topics.first; topic; topic = topic->next) {
        enum mqtt_error error =
            mqtt_subscribe(dx->mqtt.service, topic->text, topic->qos, TIMEOUT_MS, &packet_id);
        if (error != MQTT_OK) {
            log_warning(dx->env.log, "mqtt: a topic of the list was not subscribed to again: %s",
                        mqtt_error_text(error));
        }
    }
}

static at_result begin(struct dx *dx, const struct at_call *call, enum dx_request request,
                       enum mqtt_error error)
{
    if (error != MQTT_OK) {
        return error == MQTT_INVALID ? DX_VALUE : DX_STATE;
    }
    free(dx->mqtt.topic);
    dx->mqtt.topic = mem_string(call->params[0].text);
    dx->mqtt.request = request;
    dx->waiting = call->ticket;
    return AT_PENDING;
}

at_result dx_qmtsub_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    const char *topic = call->params[0].text;
    dx->mqtt.qos = (int)call->params[1].number;
    if (!topics_have(&dx->mqtt.topics, topic) && topics_count(&dx->mqtt.topics) == TOPICS_MAX) {
        return DX_STATE;
    }
    return begin(
        dx, call, DX_SUBSCRIBING,
        mqtt_subscribe(dx->mqtt.service, topic, dx->mqtt.qos, TIMEOUT_MS, &dx->mqtt.packet_id));
}

/* The outcome of the command under way, and no other's. */
static bool awaited(struct dx *dx, enum dx_request request, uint16_t packet_id)
{
    bool mine = dx->mqtt.request == request && dx->mqtt.packet_id == packet_id;
    if (mine) {
        dx->mqtt.request = DX_NO_REQUEST;
    }
    return mine;
}

void dx_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct dx *dx = ctx;
    bool good = outcome == MQTT_DONE && granted <= 2;
    if (!awaited(dx, DX_SUBSCRIBING, packet_id)) {
        if (!good) {
            log_warning(dx->env.log, "mqtt: a topic of the list was not subscribed to again");
        }
    } else if (good) {
        topics_set(&dx->mqtt.topics, dx->mqtt.topic, dx->mqtt.qos);
        keep(dx);
    } else {
        at_finish(dx->env.at, dx->waiting, DX_STATE);
    }
}

at_result dx_qmtunsub_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    return begin(
        dx, call, DX_UNSUBSCRIBING,
        mqtt_unsubscribe(dx->mqtt.service, call->params[0].text, TIMEOUT_MS, &dx->mqtt.packet_id));
}

void dx_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct dx *dx = ctx;
    if (!awaited(dx, DX_UNSUBSCRIBING, packet_id)) {
        return;
    }
    if (outcome == MQTT_DONE) {
        topics_drop(&dx->mqtt.topics, dx->mqtt.topic);
        keep(dx);
    } else {
        at_finish(dx->env.at, dx->waiting, DX_STATE);
    }
}

at_result dx_qmtsub_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    for (const struct topic *topic = dx->mqtt.topics.first; topic; topic = topic->next) {
        at_info(call->at, call->ticket, "+QMTSUB:%s,%d", topic->text, topic->qos);
    }
    return AT_OK;
}
