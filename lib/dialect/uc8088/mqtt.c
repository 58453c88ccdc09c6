/* The MQTT family: its table and its life. */
#include "dialect/uc8088/mqtt.h"

#include <stdlib.h>

#include "dialect/uc8088/instance.h"

enum { MESSAGE_MAX = 1024 };

void uc_mqtt_power_on(struct uc *uc)
{
    uc->mqtt.service = mqtt_create(uc->env.services, &uc_mqtt_events, uc);
}

void uc_mqtt_power_off(struct uc *uc)
{
    mqtt_destroy(uc->mqtt.service);
    uc_mqtt_config_free(&uc->mqtt.config);
    topics_clear(&uc->mqtt.topics);
    free(uc->mqtt.topic);
    uc->mqtt = (struct uc_mqtt){0};
}

const char *uc_mqtt_word(const struct uc *uc)
{
    return mqtt_state_text(mqtt_state(uc->mqtt.service));
}

#define FILTER                                                                                     \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .max = UC_TOPIC_MAX, .valid = mqtt_filter_valid        \
    }
static const struct at_param sub_params[] = {
    FILTER,
    {.name = "qos", .type = AT_INT, .max = 2},
};
static const struct at_param unsub_params[] = {FILTER};
static const struct at_param pub_params[] = {
    {.name = "topic", .type = AT_STRING, .max = UC_TOPIC_MAX, .valid = mqtt_topic_valid},
    {.name = "qos", .type = AT_INT, .max = 2},
    {.name = "retain", .type = AT_INT, .max = 1},
    {.name = "message", .type = AT_STRING, .max = MESSAGE_MAX, .flags = AT_EMPTY},
};

static const struct at_command rows[] = {
    {.name = "+MQTTTLS",
     .aliases = "+MQTTLS",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(uc_mqtttls_params),
     .test = "+MQTTTLS: <tls>,<type>,<cert file content>,<cert file size>",
     .read = uc_mqtttls_read,
     .set = uc_mqtttls_set,
     .help = "TCP (0) or TLS (1); its certificates and key, as PEM texts; kept"},
    {.name = "+MQTTCONFIG",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(uc_mqttconfig_params),
     .test = "+MQTTCONFIG: <url>,<port>,<clientid>,(0-1),<keepalive>,<username>,<password>",
     .read = uc_mqttconfig_read,
     .set = uc_mqttconfig_set,
     .help = "the broker, and as whom"},
    {.name = "+MQTTCONNECT",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_EXECUTE,
     .guard = uc_needs_power,
     .test = "+MQTTCONNECT",
     .execute = uc_mqttconnect,
     .help = "connect to the broker"},
    {.name = "+MQTTPUB",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(pub_params),
     .test = "+MQTTPUB: <topic>,(0-2),(0-1),<message>",
     .set = uc_mqttpub_set,
     .help = "publish a message"},
    {.name = "+MQTTSUB",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(sub_params),
     .test = "+MQTTSUB: <topic>,(0-2)",
     .read = uc_mqttsub_read,
     .set = uc_mqttsub_set,
     .help = "subscribe"},
    {.name = "+MQTTUNSUB",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(unsub_params),
     .test = "+MQTTUNSUB: <topic>",
     .read = uc_mqttunsub_read,
     .set = uc_mqttunsub_set,
     .help = "unsubscribe"},
    {.name = "+MQTTSTATE",
     .flags = AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     .execute = uc_mqttstate,
     .help = "whether it is connected"},
    {.name = "+MQTTDISCONNECT",
     .flags = AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     .execute = uc_mqttdisconnect,
     .help = "disconnect"},
};

const struct at_table uc_mqtt_table = {rows, sizeof rows / sizeof *rows};
