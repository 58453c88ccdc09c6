/* CONN: the attempt, and what the connection does by itself. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "service/env.h"
#include "settings/settings.h"

enum {
    LIMIT_MS = 9000, /* the host waits 10 s for any answer */
    BACKOFF_MIN_MS = 2000,
    BACKOFF_MAX_MS = 60000,
    LINE_PROBE_S = 25, /* the module's heart beat */
};

/* ---- answers ---- */

const char *aw_state_name(const struct aw *aw)
{
    return aw->session.family == AW_IDM ? "+IDMSTATE" : "+IMQTTSTATE";
}

void aw_connect_cancel(struct aw *aw)
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
        aw_connect_cancel(aw);
    }
    if (result == AT_OK) {
        at_info(aw->env.at, aw->waiting, "%s:1", aw_state_name(aw));
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

void aw_connect_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct aw *aw = timer->data;
    log_warning(aw->env.log, "no connection within %d s", LIMIT_MS / 1000);
    give_up(aw);
    mqtt_disconnect(aw->session.mqtt);
}

/* ---- the attempt ---- */

static at_result begin(struct aw *aw);

static at_result connect_now(struct aw *aw)
{
    const struct aw_server server = aw_server(aw);
    const struct aliyun_mqtt_login *login = &aw->session.login;
    long timeout_ms = kept_number(&aw->kept, AW_TIMEOUT) * 1000;
    aw_listen_anew(aw);
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
    aw->session.platform = aw_is_platform(aw, &server);
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

at_result aw_connect(struct aw *aw, const struct at_call *call, enum aw_family family)
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
        return conclude(aw, aw_listen(aw));
    }
    free(session->host);
    session->host = mem_copy(host->text, host->len);
    session->port = port;
    if (aw_online(aw) || mqtt_state(session->mqtt) == MQTT_CLOSING) {
        session->reopen = true;
        mqtt_disconnect(session->mqtt); /* or it is on its way out already */
        return AT_PENDING;
    }
    return conclude(aw, begin(aw));
}

/* ---- events ---- */

void aw_listening(struct aw *aw)
{
    finish(aw, AT_OK);
}

static void connected(void *ctx, bool session_present, bool again)
{
    struct aw *aw = ctx;
    (void)session_present;
    if (again) {
        at_urc_line(aw->env.at, "%s:1", aw_state_name(aw));
    } else if (aw->session.connecting) {
        save_server(aw);
        finish(aw, aw_listen(aw));
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
        at_urc_line(aw->env.at, "%s:0", aw_state_name(aw));
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
