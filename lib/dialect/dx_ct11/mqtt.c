/* The MQTT family: its table and its life. */
#include "dialect/dx_ct11/mqtt.h"

#include <stdlib.h>

#include "dialect/dx_ct11/instance.h"

enum { TOPIC_MAX = 256, MESSAGE_MAX = 512, DATA_MAX = 2048 };

void dx_mqtt_power_on(struct dx *dx)
{
    struct dx_mqtt *mqtt = &dx->mqtt;
    mqtt->service = mqtt_create(dx->env.services, &dx_mqtt_events, dx);
    ev_timer_init(&mqtt->retry, dx_session_retry, 0., 0.);
    mqtt->retry.data = dx;
    dx_setup_load(dx);
    dx_topics_load(dx);
}

void dx_mqtt_power_off(struct dx *dx)
{
    struct dx_mqtt *mqtt = &dx->mqtt;
    ev_timer_stop(dx_loop(dx), &mqtt->retry);
    mqtt_destroy(mqtt->service);
    dx_fields_free(&mqtt->config);
    dx_fields_free(&mqtt->server);
    dx_fields_free(&mqtt->start);
    topics_clear(&dx->mqtt.topics);
    dx_flow_free(dx);
    free(mqtt->topic);
    *mqtt = (struct dx_mqtt){0};
}

static const struct at_param sub_params[] = {
    {.name = "topic", .type = AT_STRING, .max = TOPIC_MAX, .valid = mqtt_filter_valid},
    {.name = "qos", .type = AT_INT, .max = 2},
};
static const struct at_param unsub_params[] = {
    {.name = "topic", .type = AT_STRING, .max = TOPIC_MAX, .valid = mqtt_filter_valid},
};

#define TARGET                                                                                     \
    {.name = "topic", .type = AT_STRING, .max = TOPIC_MAX, .valid = mqtt_topic_valid},             \
        {.name = "qos", .type = AT_INT, .max = 2},                                                 \
    {                                                                                              \
        .name = "retain", .type = AT_INT, .max = 1                                                 \
    }
static const struct at_param pub_params[] = {
    TARGET,
    {.name = "message", .type = AT_STRING, .max = MESSAGE_MAX, .flags = AT_FREE},
};
static const struct at_param pubex_params[] = {
    TARGET,
    {.name = "msgLen", .type = AT_INT, .min = 1, .max = DATA_MAX},
};

static const struct at_command rows[] = {
    {.name = "+QMTCFG",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(dx_qmtcfg_params),
     .read = dx_qmtcfg_read,
     .set = dx_qmtcfg_set,
     .help = "client id, user and password, will"},
    {.name = "+QMTCONNCFG",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(dx_qmtconncfg_params),
     .read = dx_qmtconncfg_read,
     .set = dx_qmtconncfg_set,
     .help = "the broker, and connect to it"},
    {.name = "+QMTSTART",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(dx_qmtstart_params),
     .read = dx_qmtstart_read,
     .set = dx_qmtstart_set,
     .help = "clean session and keep-alive of the next connection"},
    {.name = "+QMTSUB",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(sub_params),
     .read = dx_qmtsub_read,
     .set = dx_qmtsub_set,
     .help = "subscribe"},
    {.name = "+QMTPUB",
     .forms = AT_SET,
     AT_PARAMS(pub_params),
     .set = dx_qmtpub_set,
     .help = "publish a text"},
    {.name = "+QMTPUBEX",
     .forms = AT_SET,
     AT_PARAMS(pubex_params),
     .set = dx_qmtpubex_set,
     .data = dx_qmtpubex_data,
     .help = "publish data of a length; in simple mode 2,2 all that follows"},
    {.name = "+QMTUNSUB",
     .forms = AT_SET,
     AT_PARAMS(unsub_params),
     .set = dx_qmtunsub_set,
     .help = "unsubscribe"},
    {.name = "+QMTSTATU",
     .forms = AT_EXECUTE,
     .execute = dx_qmtstatu,
     .help = "state of the session"},
    {.name = "+QMTDISC", .forms = AT_EXECUTE, .execute = dx_qmtdisc, .help = "disconnect"},
};

const struct at_table dx_mqtt_table = {rows, sizeof rows / sizeof *rows};
