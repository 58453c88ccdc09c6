/* CONN, DISCONN, STATE, and what the connection does by itself. The module never reconnects. */
#include "dialect/risinghf/instance.h"
#include "net/network.h"

enum { CONNECTED = 0, CONNECTED_ALREADY = 1, DISCONNECTED = -1 };

/* +CSQ below 10 */
enum { WEAK_DBM = -93 };

bool rh_online(const struct rh *rh)
{
    return mqtt_state(rh->mqtt) == MQTT_ONLINE;
}

const char *rh_connection_word(const void *instance)
{
    const struct rh *rh = instance;
    return mqtt_state_text(mqtt_state(rh->mqtt));
}

static void report(const struct rh *rh, int state)
{
    at_urc_line(rh->env.at, "+IMQTTCONN:%d", state);
}

/* ---- CONN, DISCONN ---- */

static at_result connect_execute(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    (void)call;
    switch (mqtt_state(rh->mqtt)) {
    case MQTT_ONLINE:
        report(rh, CONNECTED_ALREADY);
        return AT_OK;
    case MQTT_CONNECTING: /* its report serves both */
        return AT_OK;
    case MQTT_OFFLINE:
        return rh_connect(rh) ? AT_OK : AT_ERROR;
    case MQTT_RECONNECTING:
    case MQTT_CLOSING:
        break;
    }
    rh->reopen = true;
    return AT_OK;
}

static at_result disconnect_execute(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    (void)call;
    return rh_online(rh) && mqtt_disconnect(rh->mqtt) ? AT_OK : AT_ERROR;
}

/* ---- events ---- */

static void connected(void *ctx, bool session_present, bool again)
{
    struct rh *rh = ctx;
    (void)again;
    if (!session_present) {
        topics_clear(&rh->subscriptions);
    }
    report(rh, CONNECTED);
}

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    (void)failure; /* the service has logged it */
    (void)connack;
    report(ctx, DISCONNECTED);
}

static void went_down(struct rh *rh)
{
    at_fail_data(rh->env.at, rh->collecting, AT_ERROR);
    if (rh->clean) {
        topics_clear(&rh->subscriptions);
    }
    report(rh, DISCONNECTED);
}

static void lost(void *ctx)
{
    struct rh *rh = ctx;
    went_down(rh);
    rh->told_down = true;
    mqtt_disconnect(rh->mqtt);
}

static void disconnected(void *ctx)
{
    struct rh *rh = ctx;
    if (!rh->told_down) {
        went_down(rh);
    }
    rh->told_down = false;
    if (rh->reopen) {
        rh->reopen = false;
        if (!rh_connect(rh)) {
            report(rh, DISCONNECTED);
        }
    }
}

const struct mqtt_events rh_mqtt_events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .disconnected = disconnected,
    .published = rh_published,
    .subscribed = rh_subscribed,
    .unsubscribed = rh_unsubscribed,
    .message = rh_message,
};

/* ---- STATE ---- */

static at_result state_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    int dbm = network_rssi(rh->env.network);
    bool weak = dbm == 0 || dbm < WEAK_DBM;
    at_info(call->at, call->ticket, "+IMQTTSTATE:%d", !rh_online(rh) ? 0 : weak ? 1 : 2);
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_command rows[] = {
    {.name = "+IMQTTCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = connect_execute,
     .help = "connect to the broker"},
    {.name = "+IMQTTDISCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = disconnect_execute,
     .help = "disconnect"},
    {.name = "+IMQTTSTATE",
     .forms = AT_TEST | AT_READ,
     .read = state_read,
     .help =
         "state of the connection: 0 disconnected, 1 connected with a weak signal, 2 connected"},
};

const struct at_table rh_connection_table = {rows, sizeof rows / sizeof *rows};
