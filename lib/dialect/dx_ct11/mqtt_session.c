/* The MQTT session: opened by QMTCONNCFG or simple mode 2, closed by QMTDISC. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/dx_ct11/instance.h"
#include "settings/settings.h"

enum {
    CONNECT_MS = 10000,
    RETRY_MIN_MS = 2000,
    RETRY_MAX_MS = 60000,
    KEEPALIVE_MIN = 5, /* libmosquitto's least; 0 is none */
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
};
enum { CFG_ID, CFG_USER, CFG_PASSWORD, CFG_WILL_QOS, CFG_WILL_RETAIN, CFG_WILL_TOPIC, CFG_WILL };
enum { CONN_HOST, CONN_PORT, CONN_RECONNECT };
enum { START_CLEAN, START_KEEPALIVE };

static bool reconnects(const struct dx *dx)
{
    return dx_field_number(&dx->mqtt.server, CONN_RECONNECT) == 1;
}

bool dx_session_is_down(const struct dx *dx)
{
    return mqtt_state(dx->mqtt.service) == MQTT_OFFLINE && !ev_is_active(&dx->mqtt.retry);
}

/* ---- where to, and how ---- */

/* A name of Alibaba's cloud leads to mqtt.host, where that is set. */
static void set_server(const struct dx *dx, struct mqtt_options *options)
{
    const struct mqtt_settings *mqtt = settings_of(dx->env.settings, &mqtt_settings_group);
    bool verified = kept_number(&dx->kept, DX_MQTT_CERT_TYPE) == 1;
    options->host = dx_field(&dx->mqtt.server, CONN_HOST);
    options->port = (int)dx_field_number(&dx->mqtt.server, CONN_PORT);
    options->secure = kept_number(&dx->kept, DX_MQTT_CERT_MODE) == 1;
    options->tls = (struct service_tls){
        .ca_pem = kept_text(&dx->kept, DX_MQTT_CERT),
        .ca_file = mqtt->ca_file,
        .cert_file = mqtt->cert_file,
        .key_file = mqtt->key_file,
        .insecure = mqtt->insecure || !verified,
    };
    if (*mqtt->host && aliyun_is_host(options->host)) {
        bool given = settings_given(dx->env.settings, "mqtt", "tls");
        options->host = mqtt->host;
        options->secure = given ? mqtt->tls : options->secure;
        int usual = options->secure ? PORT_TLS : PORT_PLAIN;
        options->port = mqtt->port ? mqtt->port : usual;
        options->tls.insecure = mqtt->insecure;
    }
}

/* The caller frees. */
static char *client_id(const struct dx *dx)
{
    if (dx->mqtt.config.count) {
        return mem_string(dx_field(&dx->mqtt.config, CFG_ID));
    }
    const struct identity_settings *identity =
        settings_of(dx->env.settings, &identity_settings_group);
    size_t len = strlen(identity->imei);
    return mem_printf("CT11-%s", identity->imei + (len > 4 ? len - 4 : 0));
}

static const char *given(const char *text)
{
    return *text ? text : NULL;
}

static void set_login(const struct dx *dx, struct mqtt_options *options)
{
    const struct dx_fields *config = &dx->mqtt.config;
    const struct dx_fields *start = &dx->mqtt.start;
    long keepalive = start->count ? dx_field_number(start, START_KEEPALIVE) : 60;
    const char *will = dx_field(config, CFG_WILL);
    options->username = given(dx_field(config, CFG_USER));
    options->password = options->username ? given(dx_field(config, CFG_PASSWORD)) : NULL;
    options->clean_session = !start->count || dx_field_number(start, START_CLEAN) == 1;
    options->keepalive_s = keepalive && keepalive < KEEPALIVE_MIN ? KEEPALIVE_MIN : (int)keepalive;
    options->will = (struct mqtt_will){
        .topic = given(dx_field(config, CFG_WILL_TOPIC)),
        .bytes = will,
        .len = strlen(will),
        .qos = (int)dx_field_number(config, CFG_WILL_QOS),
        .retain = dx_field_number(config, CFG_WILL_RETAIN) == 1,
    };
}

void dx_session_open(struct dx *dx)
{
    struct mqtt_options options = {
        .version = MQTT_3_1_1,
        .connect_timeout_ms = CONNECT_MS,
        .backoff_min_ms = RETRY_MIN_MS,
        .backoff_max_ms = RETRY_MAX_MS,
    };
    char *id = client_id(dx);
    options.client_id = id;
    set_server(dx, &options);
    set_login(dx, &options);
    mqtt_connect(dx->mqtt.service, &options);
    free(id);
}

/* ---- what it does by itself ---- */

void dx_session_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    dx_session_open(timer->data);
}

static void retry_later(struct dx *dx)
{
    struct dx_mqtt *mqtt = &dx->mqtt;
    mqtt->retry_ms = mqtt->retry_ms ? mqtt->retry_ms * 2 : RETRY_MIN_MS;
    mqtt->retry_ms = mqtt->retry_ms > RETRY_MAX_MS ? RETRY_MAX_MS : mqtt->retry_ms;
    ev_timer_set(&mqtt->retry, mqtt->retry_ms / 1000., 0.);
    ev_timer_start(dx_loop(dx), &mqtt->retry);
}

static void connected(void *ctx, bool session_present, bool again)
{
    struct dx *dx = ctx;
    dx->mqtt.retry_ms = 0;
    dx->mqtt.quiet_failure = false;
    at_urc_line(dx->env.at, "MQTTCONNECT");
    if (!again && !session_present) {
        dx_topics_renew(dx);
    }
}

/* Told once: a host takes any ERROR line for the result of the command that it waits for. */
static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    struct dx *dx = ctx;
    (void)failure;
    (void)connack;
    if (!dx->mqtt.quiet_failure) {
        at_urc_line(dx->env.at, "ERROR=%d", DX_MQTT_FAILED);
    }
    dx->mqtt.quiet_failure = reconnects(dx);
    if (reconnects(dx)) {
        retry_later(dx);
    }
}

static void lost(void *ctx)
{
    struct dx *dx = ctx;
    at_fail_data(dx->env.at, dx->mqtt.collecting, DX_STATE);
    at_urc_line(dx->env.at, "MQTTDISCONNECT");
    if (!reconnects(dx)) {
        mqtt_disconnect(dx->mqtt.service);
    }
}

static void over(struct dx *dx)
{
    dx->mqtt.ending = false;
    at_finish(dx->env.at, dx->waiting, AT_OK);
    at_urc_line(dx->env.at, "MQTTDISCONNECT");
}

static void disconnected(void *ctx)
{
    struct dx *dx = ctx;
    if (dx->mqtt.ending) {
        over(dx);
    }
}

/* ---- commands ---- */

at_result dx_qmtstatu(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    bool up = mqtt_state(dx->mqtt.service) == MQTT_ONLINE;
    bool down = dx_session_is_down(dx) || mqtt_state(dx->mqtt.service) == MQTT_CLOSING;
    at_info(call->at, call->ticket, "+QMTSTATU:%d", up ? 1 : down ? 0 : 2);
    return AT_OK;
}

at_result dx_qmtdisc(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (dx_session_is_down(dx)) {
        return DX_STATE;
    }
    ev_timer_stop(dx_loop(dx), &dx->mqtt.retry);
    dx_flow_end(dx);
    dx->mqtt.retry_ms = 0;
    dx->mqtt.quiet_failure = false;
    bool clean = !dx->mqtt.start.count || dx_field_number(&dx->mqtt.start, START_CLEAN) == 1;
    if (clean && dx_simple(dx) != DX_SIMPLE_MQTT) {
        topics_clear(&dx->mqtt.topics);
    }
    dx->waiting = call->ticket;
    dx->mqtt.ending = true;
    if (!mqtt_disconnect(dx->mqtt.service)) { /* it only waited for the next attempt */
        dx->mqtt.ending = false;
        at_urc_line(dx->env.at, "MQTTDISCONNECT");
        return AT_OK;
    }
    return AT_PENDING;
}

const char *dx_mqtt_word(const struct dx *dx)
{
    bool waits = ev_is_active(&dx->mqtt.retry);
    return mqtt_state_text(waits ? MQTT_RECONNECTING : mqtt_state(dx->mqtt.service));
}

/* ---- life ---- */

const struct mqtt_events dx_mqtt_events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .disconnected = disconnected,
    .published = dx_published,
    .subscribed = dx_subscribed,
    .unsubscribed = dx_unsubscribed,
    .message = dx_message,
};

void dx_mqtt_begin(struct dx *dx)
{
    if (dx_simple(dx) == DX_SIMPLE_MQTT && dx->mqtt.server.count && dx_session_is_down(dx)) {
        dx_session_open(dx);
    }
}
