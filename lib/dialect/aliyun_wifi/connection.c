/* IMQTTCONN, IDMCONN, DISCONN, STATE, and the life of the session. */
#include <stdlib.h>

#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "service/env.h"

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

/* ---- CONN ---- */

static at_result imqtt_conn_set(void *ctx, struct at_call *call)
{
    return aw_connect(ctx, call, AW_IMQTT);
}

static at_result idm_conn_set(void *ctx, struct at_call *call)
{
    return aw_connect(ctx, call, AW_IDM);
}

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
        at_urc_line(aw->env.at, "%s:0", aw_state_name(aw));
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
    aw_listen_anew(aw);
    session->host = mem_string(kept_text(&aw->kept, AW_HOST));
    session->port = (int)kept_number(&aw->kept, AW_PORT);
    ev_timer_init(&session->limit, aw_connect_limit, 0., 0.);
    session->limit.data = aw;
}

void aw_session_power_off(struct aw *aw)
{
    struct aw_session *session = &aw->session;
    aw_connect_cancel(aw);
    mqtt_destroy(session->mqtt);
    aliyun_mqtt_login_free(&session->login);
    free(session->host);
    *session = (struct aw_session){0};
}

/* ---- the table ---- */

static const struct at_param conn_params[] = {
    {.name = "host", .type = AT_STRING, .min = 1, .max = 255, .valid = text_no_nul},
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
