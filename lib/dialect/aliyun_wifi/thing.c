/* The thing model: IDMPP, IDMEP, IDMSSR, IDMASR, and what the cloud wants of the thing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"

enum { MESSAGE_MAX = 4096, CODE_MAX = 999999999 };

bool aw_say(struct aw *aw, char *topic, char *text)
{
    uint16_t packet_id = 0;
    bool ok = mqtt_guest_publish(aw->session.own, topic, text, strlen(text), 0,
                                 (unsigned)kept_number(&aw->kept, AW_TIMEOUT) * 1000,
                                 &packet_id) == MQTT_OK;
    free(topic);
    free(text);
    return ok;
}

/* Parameters are good; then the connection, then who the device is. */
static at_result ready(const struct aw *aw, const struct at_value *json,
                       struct aliyun_device *device)
{
    if (!thing_is_object(json->text, json->len)) {
        return AW_INVALID_JSON;
    }
    if (!aw_online(aw)) {
        return AW_NOT_CONNECTED;
    }
    return aw_device(aw, device) ? AT_OK : AW_NO_IDENTITY;
}

/* ---- posts ---- */

static at_result post(struct aw *aw, const struct at_call *call, const char *event,
                      const struct at_value *json)
{
    struct aliyun_device device;
    at_result result = ready(aw, json, &device);
    if (result != AT_OK) {
        return result;
    }
    uint32_t id = ++aw->session.ids;
    if (!aw_say(aw, thing_post_topic(&device, event), thing_post(id, event, json->text))) {
        return AW_PUBLISH_FAILED;
    }
    at_info(call->at, call->ticket, "%s:%u", call->command->name, id);
    return AT_OK;
}

static at_result property_set(void *ctx, struct at_call *call)
{
    return post(ctx, call, NULL, &call->params[0]);
}

static at_result event_set(void *ctx, struct at_call *call)
{
    return post(ctx, call, call->params[0].text, &call->params[1]);
}

/* ---- answers to calls ---- */

/* Requests that came on .../rrpc/request/ are answered there; the last ones are remembered. */
static bool came_over_system(const struct aw *aw, const char *rrpc)
{
    for (size_t i = 0; i < AW_CALLS_MAX; i++) {
        if (strcmp(aw->session.calls[i], rrpc) == 0) {
            return true;
        }
    }
    return false;
}

static void remember_call(struct aw *aw, const char *rrpc)
{
    struct aw_session *session = &aw->session;
    char *call = session->calls[session->next_call];
    snprintf(call, sizeof session->calls[0], "%s", rrpc);
    session->next_call = (session->next_call + 1) % AW_CALLS_MAX;
}

static at_result sync_reply_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    const struct at_value *params = call->params;
    struct aliyun_device device;
    at_result result = ready(aw, &params[4], &device);
    if (result == AT_OK) {
        char *topic = thing_call_reply_topic(&device, params[1].text, params[2].text,
                                             came_over_system(aw, params[1].text));
        char *text = thing_reply(params[0].text, (long)params[3].number, params[4].text);
        result = aw_say(aw, topic, text) ? AT_OK : AW_PUBLISH_FAILED;
    }
    return result;
}

static at_result async_reply_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    const struct at_value *params = call->params;
    struct aliyun_device device;
    at_result result = ready(aw, &params[3], &device);
    if (result == AT_OK) {
        char *topic = thing_service_reply_topic(&device, params[1].text);
        char *text = thing_reply(params[0].text, (long)params[2].number, params[3].text);
        result = aw_say(aw, topic, text) ? AT_OK : AW_PUBLISH_FAILED;
    }
    return result;
}

/* ---- from the cloud ---- */

static void urc(struct aw *aw, struct buf *line, const char *json, size_t len)
{
    buf_add(line, json, len);
    at_urc(aw->env.at, &(struct at_urc){.line = buf_bytes(line), .len = buf_len(line)});
    buf_free(line);
}

static void report_reply(struct aw *aw, const struct thing_message *message)
{
    struct buf line = {0};
    buf_printf(&line, "+IDMGPR:%s,%ld,", message->id, message->code);
    buf_add(&line, message->json, message->json_len);
    buf_add_byte(&line, ',');
    urc(aw, &line, message->message, strlen(message->message));
}

/* No command answers it: the module does. */
static void report_set(struct aw *aw, const struct thing_message *message)
{
    struct aliyun_device device;
    struct buf line = {0};
    buf_printf(&line, "+IDMPS:%s,%zu,", message->id, message->json_len);
    urc(aw, &line, message->json, message->json_len);
    if (aw_device(aw, &device)) {
        aw_say(aw, thing_set_reply_topic(&device), thing_reply(message->id, 200, "{}"));
    }
}

static void report_call(struct aw *aw, const struct thing_message *message)
{
    struct buf line = {0};
    if (message->kind == THING_SERVICE) {
        buf_printf(&line, "+IDMAS:%s,%s,", message->id, message->service);
    } else {
        if (message->system) {
            remember_call(aw, message->rrpc);
        }
        buf_printf(&line, "+IDMSS:%s,%s,%s,%zu,", message->id, message->rrpc, message->service,
                   message->json_len);
    }
    urc(aw, &line, message->json, message->json_len);
}

bool aw_thing_message(struct aw *aw, const struct mqtt_message *received)
{
    struct aliyun_device device;
    struct thing_message message;
    if (!aw_device(aw, &device)) {
        return false;
    }
    thing_read(&message, &device, received->topic, received->bytes, received->len);
    switch (message.kind) {
    case THING_NONE:
    case THING_RAW_CALL: /* for the host to answer as it likes */
        return false;
    case THING_POST_REPLY:
        report_reply(aw, &message);
        break;
    case THING_PROPERTY_SET:
        report_set(aw, &message);
        break;
    case THING_SERVICE:
    case THING_CALL:
        report_call(aw, &message);
        break;
    case THING_OWN:
        break;
    case THING_BAD:
        log_warning(aw->env.log, "a message on %s is dropped: %s", received->topic, message.why);
        break;
    }
    return true;
}

/* ---- the table ---- */

static bool digits(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < '0' || bytes[i] > '9') {
            return false;
        }
    }
    return len > 0;
}

#define MESSAGE                                                                                    \
    {                                                                                              \
        .name = "message", .type = AT_STRING, .min = 1, .max = MESSAGE_MAX, .flags = AT_FREE       \
    }
#define ID(n)                                                                                      \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .min = 1, .max = THING_NAME_MAX, .valid = thing_name_valid \
    }
#define MSG_ID                                                                                     \
    {                                                                                              \
        .name = "msg_id", .type = AT_STRING, .min = 1, .max = 20, .valid = digits                  \
    }
#define CODE                                                                                       \
    {                                                                                              \
        .name = "code", .type = AT_INT, .min = -CODE_MAX, .max = CODE_MAX                          \
    }

static const struct at_param property_params[] = {MESSAGE};
static const struct at_param event_params[] = {ID("eventid"), MESSAGE};
static const struct at_param sync_params[] = {MSG_ID, ID("rrpc_id"), ID("service_id"), CODE,
                                              MESSAGE};
static const struct at_param async_params[] = {MSG_ID, ID("service_id"), CODE, MESSAGE};

static const struct at_command rows[] = {
    {.name = "+IDMPP",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(property_params),
     .test = "+IDMPP=<message>",
     .set = property_set,
     .help = "post properties"},
    {.name = "+IDMEP",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(event_params),
     .test = "+IDMEP=<eventid>,<message>",
     .set = event_set,
     .help = "post an event"},
    {.name = "+IDMSSR",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(sync_params),
     .test = "",
     .set = sync_reply_set,
     .help = "answer a synchronous service call"},
    {.name = "+IDMASR",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(async_params),
     .test = "+IDMASR=<msg_id>,<service_id>,<code>,<reply_message>",
     .set = async_reply_set,
     .help = "answer an asynchronous service call"},
};

const struct at_table aw_thing_table = {rows, sizeof rows / sizeof *rows};
