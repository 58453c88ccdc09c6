/* Requests under way, how they end, and the subscriptions that live. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/risinghf/instance.h"

enum { REFUSED = 128 }; /* SUBACK's own code, used for every other failure too */

/* ---- under way ---- */

static void add(struct rh *rh, enum rh_request_kind kind, uint16_t packet_id, const char *topic)
{
    struct rh_request *request = mem_zeroed(sizeof *request);
    *request = (struct rh_request){
        .next = rh->requests,
        .packet_id = packet_id,
        .kind = kind,
        .topic = topic ? mem_string(topic) : NULL,
    };
    rh->requests = request;
}

static void free_request(struct rh_request *request)
{
    free(request->topic);
    free(request);
}

/* For free_request(); NULL: there is none. */
static struct rh_request *take(struct rh *rh, uint16_t packet_id)
{
    struct rh_request **at = &rh->requests;
    while (*at && (*at)->packet_id != packet_id) {
        at = &(*at)->next;
    }
    struct rh_request *request = *at;
    if (request) {
        *at = request->next;
    }
    return request;
}

void rh_requests_free(struct rh *rh)
{
    while (rh->requests) {
        struct rh_request *request = rh->requests;
        rh->requests = request->next;
        free_request(request);
    }
}

static unsigned limit_ms(const struct rh *rh)
{
    return (unsigned)rh->config.timeout_s * 1000;
}

/* ---- publishing ---- */

static void report_published(const struct rh *rh, enum rh_request_kind kind, uint16_t packet_id,
                             bool ok)
{
    at_urc_line(rh->env.at, "+IMQTTPUB%s:%u,%d", kind == RH_PUBLISH_DATA ? "EX" : "", packet_id,
                !ok);
}

at_result rh_publish(struct rh *rh, enum rh_request_kind kind, const char *topic, int qos,
                     bool retain, const char *bytes, size_t len)
{
    uint16_t packet_id = 0;
    bool written = false;
    if (mqtt_publish(rh->mqtt, topic, bytes, len, qos, retain, limit_ms(rh), &packet_id,
                     &written) != MQTT_OK) {
        return AT_ERROR;
    }
    if (written) {
        report_published(rh, kind, packet_id, true);
    } else {
        add(rh, kind, packet_id, NULL);
    }
    return AT_OK;
}

void rh_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct rh *rh = ctx;
    struct rh_request *request = take(rh, packet_id);
    if (request) {
        report_published(rh, request->kind, packet_id, outcome == MQTT_DONE);
        free_request(request);
    }
}

at_result rh_request(struct rh *rh, enum rh_request_kind kind, const char *topic, int qos)
{
    uint16_t packet_id = 0;
    enum mqtt_error error = kind == RH_SUBSCRIBE
                                ? mqtt_subscribe(rh->mqtt, topic, qos, limit_ms(rh), &packet_id)
                                : mqtt_unsubscribe(rh->mqtt, topic, limit_ms(rh), &packet_id);
    if (error != MQTT_OK) {
        return AT_ERROR;
    }
    add(rh, kind, packet_id, topic);
    return AT_OK;
}

void rh_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct rh *rh = ctx;
    struct rh_request *request = take(rh, packet_id);
    if (request) {
        bool ok = outcome == MQTT_DONE && granted <= 2;
        if (ok) {
            topics_set(&rh->subscriptions, request->topic, granted);
        }
        at_urc_line(rh->env.at, "+IMQTTSUB:%u,%d", packet_id, ok ? granted : REFUSED);
        free_request(request);
    }
}

void rh_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct rh *rh = ctx;
    struct rh_request *request = take(rh, packet_id);
    if (request) {
        int status = outcome == MQTT_DONE ? 0 : -1;
        if (status == 0) {
            topics_drop(&rh->subscriptions, request->topic);
        }
        rh_last_set(&rh->unsubscribed, request->topic, status, "", 0);
        at_urc_line(rh->env.at, "+IMQTTUNSUB:%u,%d", packet_id, status);
        free_request(request);
    }
}
