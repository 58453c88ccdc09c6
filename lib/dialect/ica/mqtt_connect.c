/* IMQTTCONN, IMQTTDISCONN, IMQTTSTATE, and what the connection does by itself. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/ica/instance.h"
#include "settings/settings.h"

/* ---- where to, and as whom ---- */

enum {
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
    PORT_CLOUD_TLS = 443,
    CLOUD_KEEPALIVE_MIN = 30,
    CLOUD_KEEPALIVE_MAX = 1200,
};

static int default_port(bool cloud, bool tls)
{
    return !tls ? PORT_PLAIN : cloud ? PORT_CLOUD_TLS : PORT_TLS;
}

static int keepalive(const struct ica *ica, bool cloud)
{
    int seconds = (int)kept_number(&ica->kept, ICA_MQTT_KEEPALIVE);
    int allowed = seconds;
    if (cloud && seconds < CLOUD_KEEPALIVE_MIN) {
        allowed = CLOUD_KEEPALIVE_MIN;
    } else if (cloud && seconds > CLOUD_KEEPALIVE_MAX) {
        allowed = CLOUD_KEEPALIVE_MAX;
    }
    if (allowed != seconds) {
        log_warning(ica->env.log, "the cloud takes keep-alive 30 to 1200 s: %d used for %d",
                    allowed, seconds);
    }
    return allowed;
}

bool ica_connection(const struct ica *ica, const struct ica_triple *triple,
                    struct ica_connection *connection)
{
    const struct mqtt_settings *mqtt = settings_of(ica->env.settings, &mqtt_settings_group);
    const struct cloud_settings *cloud = settings_of(ica->env.settings, &cloud_settings_group);
    const struct aliyun_device device = ica_device(triple);
    bool to_cloud = !*mqtt->host;
    bool tls = mqtt->tls || kept_number(&ica->kept, ICA_MQTT_MODE) == 1;
    *connection = (struct ica_connection){0};
    if (!aliyun_mqtt_login(&device, tls, "atmodemd-" ATMODEMD_VERSION, &connection->login)) {
        log_error(ica->env.log, "the TLS library has no HMAC-SHA256");
        return false;
    }
    connection->host =
        to_cloud ? aliyun_mqtt_host(cloud, triple->product_key) : mem_string(mqtt->host);
    connection->options = (struct mqtt_options){
        .host = connection->host,
        .port = mqtt->port ? mqtt->port : default_port(to_cloud, tls),
        .secure = tls,
        .tls = mqtt_settings_tls(mqtt),
        .version =
            strcmp(kept_text(&ica->kept, ICA_MQTT_VERSION), "3.1") == 0 ? MQTT_3_1 : MQTT_3_1_1,
        .client_id = connection->login.client_id,
        .username = connection->login.username,
        .password = connection->login.password,
        .clean_session = kept_number(&ica->kept, ICA_MQTT_CLEAN) == 1,
        .keepalive_s = keepalive(ica, to_cloud),
        .connect_timeout_ms = (unsigned)ica->settings->conn_timeout * 1000,
        .backoff_min_ms = 1000,
        .backoff_max_ms = 60000,
    };
    return true;
}

void ica_connection_free(struct ica_connection *connection)
{
    aliyun_mqtt_login_free(&connection->login);
    free(connection->host);
}

/* ---- state ---- */

static int state_number(const struct ica *ica)
{
    return mqtt_state(ica->mqtt.service) == MQTT_ONLINE ? ica->settings->state_connected : 0;
}

const char *ica_connection_word(const void *instance)
{
    const struct ica *ica = instance;
    return mqtt_state_text(mqtt_state(ica->mqtt.service));
}

at_result ica_mqtt_state_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+IMQTTSTATE:%d", state_number(ica));
    return AT_OK;
}

static void report_state(struct ica *ica)
{
    if (ica->settings->state_urc) {
        struct buf line = {0};
        buf_printf(&line, "+IMQTTSTATE:%d", state_number(ica));
        at_urc(ica->env.at,
               &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line), .ok = true});
        buf_free(&line);
    }
}

/* ---- CONN ---- */

static at_result connect_now(struct ica *ica)
{
    struct ica_connection connection;
    if (!ica_connection(ica, &ica->mqtt.auth.values, &connection)) {
        return ICA_UNKNOWN;
    }
    ica->mqtt.session = ica->mqtt.auth.values;
    bool begun = mqtt_connect(ica->mqtt.service, &connection.options);
    ica_connection_free(&connection);
    return begun ? AT_PENDING : ICA_NOT_ALLOWED;
}

at_result ica_mqtt_connect(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    if (mqtt_state(ica->mqtt.service) == MQTT_ONLINE) {
        return ica->settings->lenient ? AT_OK : ICA_NOT_ALLOWED;
    }
    if (!ica_has_triple(&ica->mqtt.auth.values)) {
        return ICA_NOT_ALLOWED;
    }
    ica->waiting = call->ticket;
    if (ica->mqtt.probe) { /* two connections of one device would throw each other off */
        ica->mqtt.connect_after_probe = true;
        return AT_PENDING;
    }
    return connect_now(ica);
}

void ica_connect_waiting(struct ica *ica)
{
    if (ica->mqtt.connect_after_probe) {
        ica->mqtt.connect_after_probe = false;
        at_result result = connect_now(ica);
        if (result != AT_PENDING) {
            at_finish(ica->env.at, ica->waiting, result);
        }
    }
}

static void connected(void *ctx, bool session_present, bool again)
{
    (void)session_present;
    struct ica *ica = ctx;
    if (!again) {
        at_finish(ica->env.at, ica->waiting, AT_OK);
    }
    report_state(ica);
}

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    struct ica *ica = ctx;
    at_result result = ICA_NO_NETWORK;
    if (failure == MQTT_FAILED_TIMEOUT) {
        result = ICA_NETWORK_TIMEOUT;
    } else if (failure == MQTT_FAILED_REFUSED) {
        result = connack == 4 || connack == 5 ? ICA_AUTHENTICATION_FAILURE : ICA_UNKNOWN;
    }
    at_finish(ica->env.at, ica->waiting, result);
}

static void lost(void *ctx)
{
    struct ica *ica = ctx;
    at_fail_data(ica->env.at, ica->mqtt.collecting, ICA_NO_NETWORK);
    report_state(ica);
}

/* ---- DISCONN ---- */

at_result ica_mqtt_disconnect(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    ica->waiting = call->ticket;
    return mqtt_disconnect(ica->mqtt.service) ? AT_PENDING : ICA_NOT_ALLOWED;
}

static void disconnected(void *ctx)
{
    struct ica *ica = ctx;
    at_finish(ica->env.at, ica->waiting, AT_OK);
    report_state(ica);
}

const struct mqtt_events ica_mqtt_events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .disconnected = disconnected,
    .published = ica_mqtt_published,
    .subscribed = ica_mqtt_subscribed,
    .unsubscribed = ica_mqtt_unsubscribed,
    .message = ica_mqtt_message,
    .pingresp = ica_mqtt_pingresp,
};
