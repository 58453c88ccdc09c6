/* The MQTT family: its table, parameters, and what its commands share. */
#include "base/mem.h"
#include "dialect/ica/instance.h"

/* ---- shared by the requests ---- */

at_result ica_request_error(enum mqtt_error error)
{
    switch (error) {
    case MQTT_OK:
        break;
    case MQTT_NOT_ONLINE:
        return ICA_NO_NETWORK;
    case MQTT_INVALID:
        return ICA_INCORRECT_PARAMETERS;
    case MQTT_FULL:
        return ICA_MEMORY_FULL;
    }
    return AT_OK;
}

/* ---- life ---- */

void ica_mqtt_power_on(struct ica *ica)
{
    ica->mqtt.service = mqtt_create(ica->env.services, &ica_mqtt_events, ica);
    ica_auth_load(ica, &ica_mqtt_auth);
}

void ica_mqtt_power_off(struct ica *ica)
{
    struct ica_mqtt *mqtt = &ica->mqtt;
    mqtt_probe_cancel(mqtt->probe);
    mqtt_destroy(mqtt->service);
    ica_auth_wipe(&mqtt->auth);
    mem_wipe(&mqtt->session, sizeof mqtt->session);
    ica_forget(&mqtt->published);
    ica_forget(&mqtt->published_binary);
    ica_forget(&mqtt->subscribed);
    ica_forget(&mqtt->unsubscribed);
    ica_forget(&mqtt->received);
    ica_forget(&mqtt->received_binary);
    buf_free(&mqtt->binary_ids);
    *mqtt = (struct ica_mqtt){0};
}

/* ---- IMQTTMODE ---- */

static at_result mode_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+IMQTTMODE:%ld", kept_number(&ica->kept, ICA_MQTT_MODE));
    return AT_OK;
}

static at_result mode_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_number(&set, ICA_MQTT_MODE, (long)call->params[0].number);
    return kept_save(&set, call);
}

/* ---- IMQTTPARA ---- */

static const char *const versions[] = {"3.1", "3.1.1", NULL};

enum { PARA_TIMEOUT, PARA_CLEAN, PARA_KEEPALIVE, PARA_VERSION };
static const struct at_param para_tags[] = {
    [PARA_TIMEOUT] = {.name = "TIMEOUT",
                      .type = AT_DECIMAL,
                      .min = 500,
                      .max = 2000,
                      .lenient_min = 100,
                      .lenient_max = 3600000},
    [PARA_CLEAN] = {.name = "CLEAN", .type = AT_INT, .max = 1},
    [PARA_KEEPALIVE] = {.name = "KEEPALIVE",
                        .type = AT_INT,
                        .min = 60,
                        .max = 180,
                        .lenient_min = 5,
                        .lenient_max = 65535},
    [PARA_VERSION] = {.name = "VERSION", .type = AT_CHOICE, .choices = versions},
};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    struct buf line = {0};
    buf_add_text(&line, "+IMQTTPARA:\"TIMEOUT\",");
    ica_put_seconds(&line, kept_number(&ica->kept, ICA_MQTT_TIMEOUT));
    buf_printf(&line, ",\"CLEAN\",%ld,\"KEEPALIVE\",%ld,\"VERSION\",\"%s\"",
               kept_number(&ica->kept, ICA_MQTT_CLEAN), kept_number(&ica->kept, ICA_MQTT_KEEPALIVE),
               kept_text(&ica->kept, ICA_MQTT_VERSION));
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    const struct at_value *tags = call->tags;
    kept_change_given_number(&set, ICA_MQTT_TIMEOUT, &tags[PARA_TIMEOUT]);
    kept_change_given_number(&set, ICA_MQTT_CLEAN, &tags[PARA_CLEAN]);
    kept_change_given_number(&set, ICA_MQTT_KEEPALIVE, &tags[PARA_KEEPALIVE]);
    if (tags[PARA_VERSION].present) {
        kept_change_text(&set, ICA_MQTT_VERSION, tags[PARA_VERSION].text, tags[PARA_VERSION].len);
    }
    return kept_save(&set, call);
}

/* ---- IMQTTDBGPARA ---- */

static const struct at_param debug_tags[] = {{.name = "PINGRSP", .type = AT_INT, .max = 1}};

static at_result debug_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+IMQTTDBGPARA:\"PINGRSP\",%d", ica->mqtt.report_pings);
    return AT_OK;
}

static at_result debug_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    ica->mqtt.report_pings = call->tags[0].number == 1;
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_param mode_params[] = {{.name = "mode", .type = AT_INT, .max = 1}};

#define TOPIC                                                                                      \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = ICA_TOPIC_MAX,                        \
        .valid = mqtt_topic_valid                                                                  \
    }
#define FILTER                                                                                     \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = ICA_TOPIC_MAX,                        \
        .valid = mqtt_filter_valid                                                                 \
    }
#define QOS                                                                                        \
    {                                                                                              \
        .name = "qos", .type = AT_INT, .max = 2                                                    \
    }

static const struct at_param pub_params[] = {TOPIC, QOS, ICA_MESSAGE};
static const struct at_param pubin_params[] = {TOPIC, QOS, ICA_MSG_LEN};
static const struct at_param sub_params[] = {FILTER, QOS};
static const struct at_param unsub_params[] = {FILTER};

static const struct at_command rows[] = {
    {.name = "+IMQTTMODE",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(mode_params),
     .read = mode_read,
     .set = mode_set,
     .help = "MQTT over plain TCP (0) or TLS (1)"},
    {.name = "+IMQTTAUTH",
     ICA_AUTH_COMMAND,
     .help = "authenticate the device with the broker; without values: the stored ones"},
    {.name = "+IMQTTPARA",
     .aliases = "+MQTTPARA",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_TAGS(para_tags),
     .read = para_read,
     .set = para_set,
     .help = "request time limit, clean session, keep-alive, MQTT version"},
    {.name = "+IMQTTCONN",
     .aliases = "+MQTTCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = ica_mqtt_connect,
     .help = "connect to the broker"},
    {.name = "+IMQTTPUB",
     .aliases = "+MQTTPUB",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(pub_params),
     .read = ica_mqtt_pub_read,
     .set = ica_mqtt_pub_set,
     .help = "publish a text message"},
    {.name = "+IMQTTPUBIN",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(pubin_params),
     .test_after = "\"bin_message\"",
     .read = ica_mqtt_pubin_read,
     .set = ica_mqtt_pubin_set,
     .data = ica_mqtt_pubin_data,
     .help = "publish binary data; length 0: ended by +++"},
    {.name = "+IMQTTSUB",
     .aliases = "+MQTTSUB",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(sub_params),
     .read = ica_mqtt_sub_read,
     .set = ica_mqtt_sub_set,
     .help = "subscribe"},
    {.name = "+IMQTTUNSUB",
     .aliases = "+MQTTUNSUB",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(unsub_params),
     .read = ica_mqtt_unsub_read,
     .set = ica_mqtt_unsub_set,
     .help = "unsubscribe"},
    {.name = "+IMQTTRCVPUB",
     .forms = AT_TEST | AT_READ,
     .read = ica_mqtt_rcvpub_read,
     .help = "the last message received as text"},
    {.name = "+IMQTTRCVPUBIN",
     .forms = AT_TEST | AT_READ,
     .read = ica_mqtt_rcvpubin_read,
     .help = "the last message received as binary data"},
    {.name = "+IMQTTSTATE",
     .forms = AT_TEST | AT_READ,
     .read = ica_mqtt_state_read,
     .help = "state of the connection: 0 disconnected, 2 connected"},
    {.name = "+IMQTTDISCONN",
     .aliases = "+MQTTDISCONN",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = ica_mqtt_disconnect,
     .help = "disconnect"},
    {.name = "+IMQTTDBGPARA",
     .aliases = "+MQTTDBGPARA +IMQTTDBG",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_TAGS(debug_tags),
     .read = debug_read,
     .set = debug_set,
     .help = "report ping responses (PINGRSP)"},
    {.name = "+IMQTTPINGRSP", .forms = AT_TEST, .help = "ping response report"},
};

const struct at_table ica_mqtt_table = {rows, sizeof rows / sizeof *rows};
