/* MQTTCONFIG, MQTTCONNECT, MQTTSTATE, MQTTDISCONNECT. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/uc8088/instance.h"
#include "settings/settings.h"

enum {
    TEXT_MAX = 256,
    KEEPALIVE_MIN = 5, /* libmosquitto's least; 0 is none */
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
    BACKOFF_MS = 60000, /* never begun: a connection that is lost is not made again */
};

/* Codes of +MQTTCONNECT, of the manual's table. */
enum mqtt_code {
    CODE_CONNECTED = 0,
    CODE_SETUP = 2,
    CODE_NO_CONFIG = 3,
    CODE_NETWORK = 5,
    CODE_BUSY = 6,
    CODE_TIMEOUT = 8,
    CODE_REFUSED = 9,
};

enum { URL, PORT, CLIENT_ID, CLEAN, KEEPALIVE, USERNAME, PASSWORD };

/* ---- MQTTCONFIG ---- */

void uc_mqtt_config_free(struct uc_mqtt_config *config)
{
    free(config->host);
    free(config->client_id);
    free(config->username);
    if (config->password) {
        mem_wipe(config->password, strlen(config->password));
    }
    free(config->password);
    *config = (struct uc_mqtt_config){0};
}

at_result uc_mqttconfig_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    const struct uc_mqtt_config *config = &uc->mqtt.config;
    if (!config->host) {
        return AT_OK;
    }
    struct buf line = {0};
    buf_printf(&line, "+MQTTCONFIG: \"%s\",%d,\"%s\",%d,%d,\"%s\",\"%s\"", config->host,
               config->port, config->client_id, config->clean, config->keepalive_s,
               config->username, config->password);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), true);
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    return AT_OK;
}

/* From the next connection on. */
at_result uc_mqttconfig_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc_mqtt_config_free(&uc->mqtt.config);
    uc->mqtt.config = (struct uc_mqtt_config){
        .host = mem_string(call->params[URL].text),
        .port = (int)call->params[PORT].number,
        .client_id = mem_string(call->params[CLIENT_ID].text),
        .clean = call->params[CLEAN].number == 1,
        .keepalive_s = (int)call->params[KEEPALIVE].number,
        .username = mem_string(call->params[USERNAME].text),
        .password = mem_string(call->params[PASSWORD].text),
    };
    return AT_OK;
}

/* ---- where to, and how ---- */

/* A name of Alibaba's cloud leads to mqtt.host, where that is set. */
static void set_server(const struct uc *uc, struct mqtt_options *options)
{
    const struct mqtt_settings *mqtt = settings_of(uc->env.settings, &mqtt_settings_group);
    options->host = uc->mqtt.config.host;
    options->port = uc->mqtt.config.port;
    options->secure = kept_number(&uc->kept, UC_MQTT_TLS) == 1;
    options->tls = mqtt_settings_tls(mqtt);
    options->tls.ca_pem = kept_text(&uc->kept, UC_MQTT_CA);
    options->tls.cert_pem = kept_text(&uc->kept, UC_MQTT_CERT);
    options->tls.key_pem = kept_text(&uc->kept, UC_MQTT_KEY);
    if (*mqtt->host && aliyun_is_host(options->host)) {
        bool given = settings_given(uc->env.settings, "mqtt", "tls");
        options->host = mqtt->host;
        options->secure = given ? mqtt->tls : options->secure;
        int usual = options->secure ? PORT_TLS : PORT_PLAIN;
        options->port = mqtt->port ? mqtt->port : usual;
    }
}

static const char *or_none(const char *text)
{
    return *text ? text : NULL;
}

static bool connect_now(struct uc *uc)
{
    const struct uc_mqtt_config *config = &uc->mqtt.config;
    int keepalive = config->keepalive_s;
    struct mqtt_options options = {
        .version = MQTT_3_1_1,
        .client_id = config->client_id,
        .username = or_none(config->username),
        .password = or_none(config->username) ? or_none(config->password) : NULL,
        .clean_session = config->clean,
        .keepalive_s = keepalive && keepalive < KEEPALIVE_MIN ? KEEPALIVE_MIN : keepalive,
        .connect_timeout_ms = UC_MQTT_WAIT_MS,
        .backoff_min_ms = BACKOFF_MS,
        .backoff_max_ms = BACKOFF_MS,
    };
    set_server(uc, &options);
    return mqtt_connect(uc->mqtt.service, &options);
}

/* ---- MQTTCONNECT ---- */

bool uc_mqtt_is_up(const struct uc *uc)
{
    return mqtt_state(uc->mqtt.service) == MQTT_ONLINE && network_usable(uc->env.network);
}

static at_result tell(const struct uc *uc, at_ticket ticket, enum mqtt_code code)
{
    at_info(uc->env.at, ticket, "+MQTTCONNECT:%d", (int)code);
    return code == CODE_CONNECTED ? AT_OK : AT_ERROR;
}

static enum mqtt_code begin(struct uc *uc, const struct at_call *call)
{
    const struct uc_mqtt_config *config = &uc->mqtt.config;
    if (!config->host) {
        return CODE_NO_CONFIG;
    }
    if (uc_activate_any(uc, call) != AT_OK) {
        return CODE_NETWORK;
    }
    if (!*config->client_id && !config->clean) { /* as the broker would */
        return CODE_REFUSED;
    }
    return connect_now(uc) ? CODE_CONNECTED : CODE_BUSY;
}

/* A connection that is there stays. */
at_result uc_mqttconnect(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (uc_mqtt_is_up(uc)) {
        return tell(uc, call->ticket, CODE_CONNECTED);
    }
    enum mqtt_code code = begin(uc, call);
    if (code != CODE_CONNECTED) {
        return tell(uc, call->ticket, code);
    }
    uc->waiting = call->ticket;
    return AT_PENDING;
}

static void connected(void *ctx, bool session_present, bool again)
{
    struct uc *uc = ctx;
    (void)session_present;
    (void)again;
    uc->mqtt.clean = uc->mqtt.config.clean;
    at_finish(uc->env.at, uc->waiting, tell(uc, uc->waiting, CODE_CONNECTED));
}

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    struct uc *uc = ctx;
    (void)connack;
    enum mqtt_code code = failure == MQTT_FAILED_SETUP     ? CODE_SETUP
                          : failure == MQTT_FAILED_TIMEOUT ? CODE_TIMEOUT
                          : failure == MQTT_FAILED_REFUSED ? CODE_REFUSED
                                                           : CODE_NETWORK;
    at_finish(uc->env.at, uc->waiting, tell(uc, uc->waiting, code));
}

/* ---- the end ---- */

static void forget(struct uc *uc)
{
    if (uc->mqtt.clean) {
        topics_clear(&uc->mqtt.topics);
    }
}

/* The module does not connect again by itself, nor does it tell. */
static void lost(void *ctx)
{
    struct uc *uc = ctx;
    mqtt_destroy(uc->mqtt.service);
    uc->mqtt.service = mqtt_create(uc->env.services, &uc_mqtt_events, uc);
    forget(uc);
}

static void disconnected(void *ctx)
{
    struct uc *uc = ctx;
    forget(uc);
    at_finish(uc->env.at, uc->waiting, AT_OK);
}

at_result uc_mqttdisconnect(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (!uc_mqtt_is_up(uc) || !mqtt_disconnect(uc->mqtt.service)) {
        return CME_NOT_ALLOWED;
    }
    uc->waiting = call->ticket;
    return AT_PENDING;
}

at_result uc_mqttstate(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+MQTTSTATE:%d", uc_mqtt_is_up(ctx));
    return AT_OK;
}

/* ---- what commands and the service need ---- */

const struct mqtt_events uc_mqtt_events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .disconnected = disconnected,
    .published = uc_published,
    .subscribed = uc_subscribed,
    .unsubscribed = uc_unsubscribed,
    .message = uc_message,
};

#define TEXT(title, more)                                                                          \
    {                                                                                              \
        .name = (title), .type = AT_STRING, .max = TEXT_MAX, .flags = AT_EMPTY | (more),           \
        .valid = text_no_nul                                                                       \
    }

const struct at_param uc_mqttconfig_params[7] = {
    [URL] = {.name = "url", .type = AT_STRING, .max = TEXT_MAX, .valid = text_not_empty},
    [PORT] = {.name = "port", .type = AT_INT, .min = 1, .max = 65535},
    [CLIENT_ID] = TEXT("clientid", 0),
    [CLEAN] = {.name = "cleansession", .type = AT_INT, .max = 1},
    [KEEPALIVE] = {.name = "keepalive", .type = AT_INT, .max = 65535},
    [USERNAME] = TEXT("username", 0),
    [PASSWORD] = TEXT("password", AT_SECRET),
};
