/* IMQTTPUB, IMQTTPUBHEX, IMQTTSUB, IMQTTUNSUB. */
#include <string.h>

#include "dialect/aliyun_wifi/instance.h"

enum { MESSAGE_MAX = 4096, HEX_MAX = 256, TOPIC_MAX = 512 };

static at_result error_of(enum mqtt_error error, at_result failed)
{
    switch (error) {
    case MQTT_OK:
        break;
    case MQTT_NOT_ONLINE:
        return AW_NOT_CONNECTED;
    case MQTT_INVALID:
        return AW_INVALID_PARAMETER;
    case MQTT_FULL:
        return failed;
    }
    return AT_OK;
}

static unsigned timeout_ms(const struct aw *aw)
{
    return (unsigned)kept_number(&aw->kept, AW_TIMEOUT) * 1000;
}

/* ---- publishing ---- */

/* Nobody hears of a QoS 0 message again: its number is 0. */
static at_result publish(struct aw *aw, const struct at_call *call, const char *bytes, size_t len)
{
    const char *topic = call->params[0].text;
    int qos = (int)call->params[1].number;
    uint16_t packet_id = 0;
    bool written = false;
    enum mqtt_error error = qos == 0 ? mqtt_guest_publish(aw->session.own, topic, bytes, len, 0,
                                                          timeout_ms(aw), &packet_id)
                                     : mqtt_publish(aw->session.mqtt, topic, bytes, len, qos, false,
                                                    timeout_ms(aw), &packet_id, &written);
    if (error == MQTT_OK) {
        at_info(call->at, call->ticket, "%s:%u", call->command->name, qos ? packet_id : 0U);
    }
    return error_of(error, AW_PUBLISH_FAILED);
}

void aw_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    const struct aw *aw = ctx;
    if (outcome == MQTT_DONE) {
        at_urc_line(aw->env.at, "+IMQTTPUBACK:%u", packet_id);
    }
}

static at_result pub_set(void *ctx, struct at_call *call)
{
    return publish(ctx, call, call->params[2].text, call->params[2].len);
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c ? strchr(digits, c | 0x20) : NULL;
    bool letter = (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    return found && ((c >= '0' && c <= '9') || letter) ? (int)(found - digits) : -1;
}

static at_result pubhex_set(void *ctx, struct at_call *call)
{
    size_t len = (size_t)call->params[2].number;
    const struct at_value *hex = &call->params[3];
    char bytes[HEX_MAX];
    if (hex->len != 2 * len) {
        return AW_INVALID_PARAMETER;
    }
    for (size_t i = 0; i < len; i++) {
        int high = digit(hex->text[2 * i]);
        int low = digit(hex->text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return AW_INVALID_PARAMETER;
        }
        bytes[i] = (char)(high << 4 | low);
    }
    return publish(ctx, call, bytes, len);
}

/* ---- subscribing ---- */

static at_result sub_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    uint16_t packet_id = 0;
    enum mqtt_error error = mqtt_subscribe(aw->session.mqtt, call->params[0].text,
                                           (int)call->params[1].number, timeout_ms(aw), &packet_id);
    if (error == MQTT_OK) {
        at_info(call->at, call->ticket, "+IMQTTSUB:%u", packet_id);
    }
    return error_of(error, AW_SUBSCRIBE_FAILED);
}

/* 0 whatever QoS was granted. */
void aw_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    const struct aw *aw = ctx;
    bool good = outcome == MQTT_DONE && granted <= 2;
    at_urc_line(aw->env.at, "+IMQTTSUBACK:%u,%d", packet_id, good ? 0 : 128);
}

static at_result unsub_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    uint16_t packet_id = 0;
    enum mqtt_error error =
        mqtt_unsubscribe(aw->session.mqtt, call->params[0].text, timeout_ms(aw), &packet_id);
    if (error == MQTT_OK) {
        at_info(call->at, call->ticket, "+IMQTTUNSUB:%u", packet_id);
    }
    return error_of(error, AW_SUBSCRIBE_FAILED);
}

void aw_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    const struct aw *aw = ctx;
    if (outcome == MQTT_DONE) {
        at_urc_line(aw->env.at, "+IMQTTUNSUBACK:%u", packet_id);
    }
}

/* ---- the table ---- */

#define TOPIC                                                                                      \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = TOPIC_MAX, .valid = mqtt_topic_valid  \
    }
#define FILTER                                                                                     \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = TOPIC_MAX, .valid = mqtt_filter_valid \
    }
#define QOS                                                                                        \
    {                                                                                              \
        .name = "qos", .type = AT_INT, .max = 1                                                    \
    }

static const struct at_param pub_params[] = {
    TOPIC,
    QOS,
    {.name = "message", .type = AT_STRING, .max = MESSAGE_MAX, .flags = AT_FREE | AT_EMPTY},
};
static const struct at_param pubhex_params[] = {
    TOPIC,
    QOS,
    {.name = "msg_len", .type = AT_INT, .min = 1, .max = HEX_MAX},
    {.name = "message", .type = AT_STRING, .min = 2, .max = 2 * HEX_MAX, .flags = AT_FREE},
};
static const struct at_param sub_params[] = {FILTER, QOS};
static const struct at_param unsub_params[] = {FILTER};

static const struct at_command rows[] = {
    {.name = "+IMQTTPUB",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(pub_params),
     .test = "+IMQTTPUB=<topic>,<qos>,<message>",
     .set = pub_set,
     .help = "publish a text"},
    {.name = "+IMQTTPUBHEX",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(pubhex_params),
     .test = "+IMQTTPUBHEX=<topic>,<qos>,<msg_len>,<message>",
     .set = pubhex_set,
     .help = "publish bytes given as hexadecimal digits"},
    {.name = "+IMQTTSUB",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(sub_params),
     .test = "+IMQTTSUB:<topic>,<qos>",
     .set = sub_set,
     .help = "subscribe"},
    {.name = "+IMQTTUNSUB",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(unsub_params),
     .test = "+IMQTTUNSUB=<topic>",
     .set = unsub_set,
     .help = "unsubscribe"},
};

const struct at_table aw_mqtt_table = {rows, sizeof rows / sizeof *rows};
