/* IMQTTCONN, IDMCONN, DISCONN, STATE, and what the connection does by itself. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "net/redirect.h"
#include "service/env.h"
#include "settings/settings.h"

enum {
    PORT_PLAIN = 1883,
    PORT_TLS = 8883,
    LIMIT_MS = 9000, /* the host waits 10 s for any answer */
    BACKOFF_MIN_MS = 2000,
    BACKOFF_MAX_MS = 60000,
    LINE_PROBE_S = 25, /* the module's heart beat */
};

/* ---- where to ---- */

static const struct mqtt_settings *settings(const struct aw *aw)
{
    return settings_of(aw->env.settings, &mqtt_settings_group);
}

/* A name of the cloud leads to mqtt.host, where that is set; any other is used as given. */
struct aw_server aw_server(const struct aw *aw)
{
    const struct mqtt_settings *mqtt = settings(aw);
    const struct aw_session *session = &aw->session;
    bool tls = kept_number(&aw->kept, AW_TLS) == 1;
    if (!*mqtt->host || !aliyun_is_host(session->host)) {
        return (struct aw_server){session->host, session->port, tls};
    }
    int usual = mqtt->tls ? PORT_TLS : PORT_PLAIN;
    return (struct aw_server){mqtt->host, mqtt->port ? mqtt->port : usual, mqtt->tls};
}

struct service_tls aw_mqtt_tls(const struct aw *aw)
{
    const struct mqtt_settings *mqtt = settings(aw);
    return (struct service_tls){
        .ca_file = mqtt->ca_file,
        .cert_file = mqtt->cert_file,
        .key_file = mqtt->key_file,
        .insecure = mqtt->insecure,
    };
}

/* Whether a connection really reaches the cloud, which sends its messages unasked. */
static bool is_platform(const struct aw *aw, const struct aw_server *server)
{
    int port = server->port;
    return aliyun_is_host(redirect_apply(aw->env.services->redirect, server->host, &port));
}

bool aw_online(const struct aw *aw)
{
    return mqtt_state(aw->session.mqtt) == MQTT_ONLINE;
}

const char *aw_connection_word(const void *instance)
{
    const struct aw *aw = instance;
    return mqtt_state_text(mqtt_state(aw->session.mqtt));
}

bool aw_device(const struct aw *aw, struct aliyun_device *device)
{
    const struct aw_identity *identity = &aw->session.identity;
    *device = (struct aliyun_device){identity->product_key, identity->device_name, ""};
    return *identity->product_key && *identity->device_name;
}

/* ---- answers ---- */

static const char *state_name(const struct aw *aw)
{
    return aw->session.family == AW_IDM ? "+IDMSTATE" : "+IMQTTSTATE";
}

static void end_attempt(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    session->connecting = session->reopen = session->renewed = false;
    session->subscribing = 0;
    ev_timer_stop(aw->env.services->loop, &session->limit);
    registration_cancel(session->registration);
    session->registration = NULL;
}

/* The answer of CONN: what its handler returns, or is finished with. */
static at_result conclude(struct aw *aw, at_result result)
{
    if (result != AT_PENDING) {
        end_attempt(aw);
    }
    if (result == AT_OK) {
        at_info(aw->env.at, aw->waiting, "%s:1", state_name(aw));
    }
    return result;
}

/* From the loop. */
static void finish(struct aw *aw, at_result result)
{
    if (conclude(aw, result) != AT_PENDING) {
        at_finish(aw->env.at, aw->waiting, result);
    }
}

static void give_up(struct aw *aw)
{
    finish(aw, AW_CONNECT_FAILED);
}

void aw_connection_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct aw *aw = timer->data;
    log_warning(aw->env.log, "no connection within %d s", LIMIT_MS / 1000);
    give_up(aw);
    mqtt_disconnect(aw->session.mqtt);
}

/* ---- own subscriptions ---- */

static size_t own_filters(const struct aw *aw, char *filters[AW_FILTERS_MAX])
{
    struct aliyun_device device;
    size_t count = 0;
    if (aw->session.platform || !aw_device(aw, &device)) {
        return 0;
    }
    filters[count++] = ota_topic(OTA_TOPIC_UPGRADE, &device);
    filters[count++] = ota_topic(OTA_TOPIC_GET_REPLY, &device);
    if (aw->session.family == AW_IDM) {
        thing_filters(&device, filters + count);
        count += THING_FILTERS;
    }
    return count;
}

/* AT_OK: there is nothing to wait for. */
static at_result subscribe_own(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    char *filters[AW_FILTERS_MAX];
    size_t count = own_filters(aw, filters);
    session->subscribing = 0;
    for (size_t i = 0; i < count; i++) {
        uint16_t *id = &session->subscriptions[session->subscribing];
        if (mqtt_guest_subscribe(session->own, filters[i], 0,
                                 (unsigned)kept_number(&aw->kept, AW_TIMEOUT) * 1000,
                                 id) == MQTT_OK) {
            session->subscribing++;
        }
        free(filters[i]);
    }
    return session->subscribing ? AT_PENDING : AT_OK;
}

static void own_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
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
                finish(aw, AT_OK);
            }
            return;
        }
    }
}

const struct mqtt_guest_events aw_guest_events = {
    .subscribed = own_subscribed,
    .message = aw_own_message,
};

/* ---- CONN ---- */

static at_result begin(struct aw *aw);

static at_result connect_now(struct aw *aw)
{
    const struct aw_server server = aw_server(aw);
    const struct aliyun_mqtt_login *login = &aw->session.login;
    long timeout_ms = kept_number(&aw->kept, AW_TIMEOUT) * 1000;
    bool begun = mqtt_connect(
        aw->session.mqtt,
        &(struct mqtt_options){
            .host = server.host,
            .port = server.port,
            .secure = server.secure,
            .tls = aw_mqtt_tls(aw),
            .version = MQTT_3_1_1,
            .client_id = login->client_id,
            .username = login->username,
            .password = login->password,
            .clean_session = true,
            .keepalive_s = (int)kept_number(&aw->kept, AW_KEEPALIVE),
            .connect_timeout_ms = (unsigned)(timeout_ms < LIMIT_MS ? timeout_ms : LIMIT_MS),
            .backoff_min_ms = BACKOFF_MIN_MS,
            .backoff_max_ms = BACKOFF_MAX_MS,
            .tcp_probe_s = LINE_PROBE_S,
        });
    return begun ? AT_PENDING : AW_CONNECT_FAILED;
}

/* What was brought is safe, or not. */
static void kept(void *ctx, bool ok)
{
    struct aw *aw = ctx;
    if (!aw->session.connecting) {
        return;
    }
    finish(aw, ok ? begin(aw) : AW_CONNECT_FAILED);
}

static void registered(void *ctx, const struct aliyun_registered *brought)
{
    struct aw *aw = ctx;
    aw->session.registration = NULL;
    if (brought) {
        aw_keep_registered(aw, brought, kept);
    } else {
        give_up(aw);
    }
}

static at_result begin_registration(struct aw *aw)
{
    const struct cloud_settings *cloud = settings_of(aw->env.settings, &cloud_settings_group);
    struct registration_options options = aw_registration_options(aw);
    char *named = aliyun_host_instance(aw->session.host);
    options.instance = *cloud->instance ? cloud->instance : named;
    options.timeout_ms = LIMIT_MS;
    aw->session.registration = registration_start(aw->env.services, &options, registered, aw);
    free(named);
    return aw->session.registration ? AT_PENDING : AW_CONNECT_FAILED;
}

/* With what is stored now. */
static at_result begin(struct aw *aw)
{
    const struct aw_server server = aw_server(aw);
    aw->session.platform = is_platform(aw, &server);
    switch (aw_login(aw, server.secure)) {
    case AW_LOGIN_GOOD:
        return connect_now(aw);
    case AW_LOGIN_REGISTER:
        return begin_registration(aw);
    case AW_LOGIN_NONE:
        break;
    }
    log_warning(aw->env.log, "no credentials to connect with");
    return AW_CONNECT_FAILED;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Whether the session that is up is the one that is asked for. */
static bool is_open(struct aw *aw, const char *host, int port)
{
    struct aw_session *session = &aw->session;
    if (!aw_online(aw) || !same_text(session->host, host) || session->port != port) {
        return false;
    }
    struct aliyun_mqtt_login before = session->login;
    session->login = (struct aliyun_mqtt_login){0};
    bool same = aw_login(aw, aw_server(aw).secure) == AW_LOGIN_GOOD &&
                same_text(session->login.client_id, before.client_id) &&
                same_text(session->login.username, before.username) &&
                same_text(session->login.password, before.password);
    aliyun_mqtt_login_free(&before);
    return same;
}

static void server_saved(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok; /* nothing waits for it; the writer logs what goes wrong */
}

/* Host and port are stored, whatever comes of the connection's next life. */
static void save_server(struct aw *aw)
{
    struct kept_changes set = {.kept = &aw->kept};
    kept_change_text(&set, AW_HOST, aw->session.host, strlen(aw->session.host));
    kept_change_number(&set, AW_PORT, aw->session.port);
    kept_store(&set, server_saved, aw);
}

static at_result conn_set(struct aw *aw, const struct at_call *call, enum aw_family family)
{
    struct aw_session *session = &aw->session;
    const struct at_value *host = &call->params[0];
    int port = (int)call->params[1].number;
    if (aw->settings->require_join && wifi_state(aw->wlan.wifi) != WIFI_JOINED) {
        return AW_CONNECT_FAILED;
    }
    bool open = is_open(aw, host->text, port);
    aw->waiting = call->ticket;
    session->family = family;
    session->connecting = true;
    ev_timer_set(&session->limit, LIMIT_MS / 1000., 0.);
    ev_timer_start(aw->env.services->loop, &session->limit);
    if (open) {
        return conclude(aw, subscribe_own(aw));
    }
    free(session->host);
    session->host = mem_copy(host->text, host->len);
    session->port = port;
    if (aw_online(aw)) {
        session->reopen = true;
        mqtt_disconnect(session->mqtt);
        return AT_PENDING;
    }
    return conclude(aw, begin(aw));
}

static at_result imqtt_conn_set(void *ctx, struct at_call *call)
{
    return conn_set(ctx, call, AW_IMQTT);
}

static at_result idm_conn_set(void *ctx, struct at_call *call)
{
    return conn_set(ctx, call, AW_IDM);
}

/* ---- events ---- */

static void connected(void *ctx, bool session_present, bool again)
{
    struct aw *aw = ctx;
    (void)session_present;
    if (again) {
        at_urc_line(aw->env.at, "%s:1", state_name(aw));
    } else if (aw->session.connecting) {
        save_server(aw);
        finish(aw, subscribe_own(aw));
    }
}

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    struct aw *aw = ctx;
    struct aw_session *session = &aw->session;
    bool refused = failure == MQTT_FAILED_REFUSED && (connack == 4 || connack == 5);
    if (!session->connecting) {
        return;
    }
    if (refused && session->registered && !session->renewed) {
        session->renewed = true;
        aw_forget_registered(aw);
        finish(aw, begin_registration(aw));
    } else {
        give_up(aw);
    }
}

static void lost(void *ctx)
{
    struct aw *aw = ctx;
    if (aw->session.connecting) { /* between CONNACK and the own subscriptions */
        mqtt_disconnect(aw->session.mqtt);
        give_up(aw);
    } else {
        at_urc_line(aw->env.at, "%s:0", state_name(aw));
    }
}

static void disconnected(void *ctx)
{
    struct aw *aw = ctx;
    if (aw->session.reopen) {
        aw->session.reopen = false;
        finish(aw, begin(aw));
    }
}

const struct mqtt_events aw_mqtt_events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .disconnected = disconnected,
    .published = aw_published,
    .subscribed = aw_subscribed,
    .unsubscribed = aw_unsubscribed,
    .message = aw_message,
};

/* ---- DISCONN, STATE ---- */

static at_result disconnect(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    bool online = aw_online(aw);
    (void)call;
    if (!mqtt_disconnect(aw->session.mqtt)) {
        return AW_NOT_CONNECTED;
    }
    if (online) {
        at_urc_line(aw->env.at, "%s:0", state_name(aw));
    }
    return AT_OK;
}

static at_result state_read(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s:%d", call->command->name, aw_online(ctx));
    return AT_OK;
}

/* A public host polls with the test form. */
static at_result state_describe(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    if (aw->settings->state_test_value) {
        return state_read(ctx, call);
    }
    at_info(call->at, call->ticket, "%s", call->command->name);
    return AT_OK;
}

/* ---- life ---- */

void aw_session_power_on(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    session->mqtt = mqtt_create(aw->env.services, &aw_mqtt_events, aw);
    session->own = mqtt_guest_create(session->mqtt, &aw_guest_events, aw);
    session->host = mem_string(kept_text(&aw->kept, AW_HOST));
    session->port = (int)kept_number(&aw->kept, AW_PORT);
    ev_timer_init(&session->limit, aw_connection_limit, 0., 0.);
    session->limit.data = aw;
}

void aw_session_power_off(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    end_attempt(aw);
    mqtt_destroy(session->mqtt);
    aliyun_mqtt_login_free(&session->login);
    free(session->host);
    *session = (struct aw_session){0};
}

/* ---- the table ---- */

static const struct at_param conn_params[] = {
    {.name = "host", .type = AT_STRING, .min = 1, .max = 255, .valid = aw_no_nul},
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535},
};

static const struct at_command rows[] = {
    {.name = "+IMQTTCONN",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(conn_params),
     .test = "+IMQTTCONN=<host>,<port>",
     .set = imqtt_conn_set,
     .help = "connect to a broker"},
    {.name = "+IMQTTSTATE",
     .forms = AT_TEST | AT_READ,
     .describe = state_describe,
     .read = state_read,
     .help = "state of the connection: 0 disconnected, 1 connected"},
    {.name = "+IMQTTDISCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IMQTTDISCONN",
     .execute = disconnect,
     .help = "disconnect"},
    {.name = "+IDMCONN",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(conn_params),
     .test = "+IDMCONN=<host>,<port>",
     .set = idm_conn_set,
     .help = "connect to the cloud with the thing model"},
    {.name = "+IDMSTATE",
     .forms = AT_TEST | AT_READ,
     .describe = state_describe,
     .read = state_read,
     .help = "state of the connection: 0 disconnected, 1 connected"},
    {.name = "+IDMDISCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "",
     .execute = disconnect,
     .help = "disconnect"},
};

const struct at_table aw_connection_table = {rows, sizeof rows / sizeof *rows};
