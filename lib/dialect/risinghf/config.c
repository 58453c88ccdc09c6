/* MODE, PARA, USER, ADDR, LWT, LWTBIN, RECVMODE: what the host sets before it connects. */
#include <string.h>

#include "base/mem.h"
#include "dialect/risinghf/instance.h"
#include "dialect/text.h"

/* ---- life ---- */

void rh_config_reset(struct rh *rh)
{
    rh_config_free(rh);
    rh->config = (struct rh_config){
        .mode = RH_MODE_OWN,
        .timeout_s = 3,
        .clean = true,
        .keepalive_s = 60,
        .version = MQTT_3_1_1,
        .username = mem_string(""),
        .password = mem_string(""),
        .client_id = mem_string(""),
    };
}

static void free_will(struct rh_will *will)
{
    rh_forget(&will->topic);
    buf_free(&will->text);
}

void rh_config_free(struct rh *rh)
{
    struct rh_config *config = &rh->config;
    rh_forget(&config->username);
    rh_forget_secret(&config->password);
    rh_forget(&config->host);
    rh_forget(&config->client_id);
    free_will(&config->will);
    free_will(&config->will_hex);
    rh_forget(&config->product_key);
    rh_forget(&config->device_name);
    rh_forget_secret(&config->device_secret);
    *config = (struct rh_config){0};
}

/* ---- MODE, RECVMODE ---- */

static at_result mode_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    at_info(call->at, call->ticket, "+IMQTTMODE:%d,%d,%d", rh->config.mode, rh->config.tls,
            rh->config.cached);
    return AT_OK;
}

static at_result mode_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    rh->config.mode = (int)call->params[0].number;
    rh->config.tls = call->params[1].number == 1;
    if (call->params[2].present) {
        rh->config.cached = call->params[2].number == 1;
    }
    return AT_OK;
}

static at_result receive_mode_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    at_info(call->at, call->ticket, "+IMQTTRECVMODE: %d", rh->config.cached);
    return AT_OK;
}

static at_result receive_mode_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    rh->config.cached = call->params[0].number == 1;
    return AT_OK;
}

/* ---- PARA ---- */

static const char *const versions[] = {[MQTT_3_1] = "3.1", [MQTT_3_1_1] = "3.1.1", NULL};

enum { PARA_TIMEOUT, PARA_CLEAN, PARA_KEEPALIVE, PARA_VERSION };
static const struct at_param para_tags[] = {
    [PARA_TIMEOUT] = {.name = "TIMEOUT", .type = AT_INT, .min = 1, .max = 3},
    [PARA_CLEAN] = {.name = "CLEAN", .type = AT_INT, .max = 1},
    [PARA_KEEPALIVE] = {.name = "KEEPALIVE", .type = AT_INT, .min = 60, .max = 180},
    [PARA_VERSION] = {.name = "VERSION", .type = AT_CHOICE, .choices = versions},
};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    const struct rh_config *config = &rh->config;
    at_info(call->at, call->ticket, "+IMQTTPARA:TIMEOUT,%d,CLEAN,%d,KEEPALIVE,%d,VERSION,%s",
            config->timeout_s, config->clean, config->keepalive_s, versions[config->version]);
    return AT_OK;
}

static void take(int *value, const struct at_value *given)
{
    if (given->present) {
        *value = (int)given->number;
    }
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    int clean = rh->config.clean;
    take(&rh->config.timeout_s, &call->tags[PARA_TIMEOUT]);
    take(&clean, &call->tags[PARA_CLEAN]);
    take(&rh->config.keepalive_s, &call->tags[PARA_KEEPALIVE]);
    take(&rh->config.version, &call->tags[PARA_VERSION]);
    rh->config.clean = clean;
    return AT_OK;
}

/* ---- USER, ADDR ---- */

static at_result user_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    struct buf line = {0};
    buf_add_text(&line, "+IMQTTUSER:");
    rh_put_value(&line, rh->config.username, strlen(rh->config.username));
    buf_add_text(&line, ",*****");
    rh_info(call, &line, false);
    return AT_OK;
}

static at_result user_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    rh_keep(&rh->config.username, call->params[0].text, call->params[0].len);
    rh_keep(&rh->config.password, call->params[1].text, call->params[1].len);
    rh->config.last = RH_CREDENTIALS_USER;
    return AT_OK;
}

static at_result addr_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    const struct rh_config *config = &rh->config;
    struct buf line = {0};
    buf_add_text(&line, "+IMQTTADDR:");
    if (config->host) {
        rh_put_value(&line, config->host, strlen(config->host));
        buf_printf(&line, ",%d,", config->port);
    } else {
        buf_add_text(&line, ",,");
    }
    rh_put_value(&line, config->client_id, strlen(config->client_id));
    rh_info(call, &line, false);
    return AT_OK;
}

static at_result addr_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    const struct at_value *client_id = &call->params[2];
    rh_keep(&rh->config.host, call->params[0].text, call->params[0].len);
    rh->config.port = (int)call->params[1].number;
    if (client_id->present) {
        rh_keep(&rh->config.client_id, client_id->text, client_id->len);
    }
    return AT_OK;
}

/* ---- LWT, LWTBIN ---- */

static at_result will_read(const struct rh_will *will, const struct at_call *call)
{
    struct buf line = {0};
    if (will->topic) {
        buf_printf(&line, "%s:", call->command->name);
        rh_put_value(&line, will->topic, strlen(will->topic));
        buf_printf(&line, ",%d,", will->qos);
        rh_put_value(&line, buf_bytes(&will->text), buf_len(&will->text));
        buf_printf(&line, ",%d", will->retain);
        rh_info(call, &line, false);
    }
    return AT_OK;
}

static at_result will_set(struct rh *rh, struct rh_will *will, const struct at_call *call)
{
    const struct at_value *params = call->params;
    rh_keep(&will->topic, params[0].text, params[0].len);
    will->qos = (int)params[1].number;
    buf_clear(&will->text);
    buf_add(&will->text, params[2].text, params[2].len);
    will->retain = params[3].number == 1;
    rh->config.will_in_force = will;
    return AT_OK;
}

static at_result text_will_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    return will_read(&rh->config.will, call);
}

static at_result text_will_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    return will_set(rh, &rh->config.will, call);
}

static at_result hex_will_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    return will_read(&rh->config.will_hex, call);
}

static at_result hex_will_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    return will_set(rh, &rh->config.will_hex, call);
}

/* ---- the table ---- */

#define SWITCH(n, flag)                                                                            \
    {                                                                                              \
        .name = (n), .type = AT_INT, .max = 1, .flags = (flag)                                     \
    }
#define TEXT(n, least, flag)                                                                       \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .min = (least), .max = RH_TEXT_MAX, .flags = (flag),       \
        .valid = text_no_nul                                                                       \
    }
#define TOPIC                                                                                      \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = RH_TEXT_MAX,                          \
        .valid = mqtt_topic_valid                                                                  \
    }
#define QOS                                                                                        \
    {                                                                                              \
        .name = "qos", .type = AT_INT, .max = 2                                                    \
    }

static const struct at_param mode_params[] = {
    {.name = "mode", .type = AT_INT, .min = RH_MODE_CLOUD, .max = RH_MODE_OWN},
    SWITCH("tls", 0),
    SWITCH("recvMode", AT_OPTIONAL),
};
static const struct at_param receive_mode_params[] = {SWITCH("recvMode", 0)};
static const struct at_param user_params[] = {
    TEXT("userName", 0, AT_EMPTY),
    TEXT("password", 0, AT_EMPTY | AT_SECRET),
};
static const struct at_param addr_params[] = {
    {.name = "addr", .type = AT_STRING, .min = 1, .max = 255, .valid = text_no_nul},
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535},
    TEXT("clientId", 0, AT_OPTIONAL),
};
static const struct at_param will_params[] = {
    TOPIC,
    QOS,
    {.name = "message", .type = AT_STRING, .max = RH_TEXT_MAX, .flags = AT_FREE},
    SWITCH("retained", AT_OPTIONAL),
};
static const struct at_param hex_will_params[] = {
    TOPIC,
    QOS,
    {.name = "message", .type = AT_STRING, .max = RH_TEXT_MAX, .valid = rh_is_hex},
    SWITCH("retained", AT_OPTIONAL),
};

#define FORMS .forms = (AT_TEST | AT_READ | AT_SET)

static const struct at_command rows[] = {
    {.name = "+IMQTTMODE",
     FORMS,
     AT_PARAMS(mode_params),
     .read = mode_read,
     .set = mode_set,
     .help = "Alibaba Cloud (1) or any broker (2), TLS, how messages are received"},
    {.name = "+IMQTTPARA",
     FORMS,
     AT_TAGS(para_tags),
     .read = para_read,
     .set = para_set,
     .help = "request time limit, clean session, keep-alive, MQTT version"},
    {.name = "+IMQTTUSER",
     FORMS,
     AT_PARAMS(user_params),
     .read = user_read,
     .set = user_set,
     .help = "user name and password"},
    {.name = "+IMQTTADDR",
     FORMS,
     AT_PARAMS(addr_params),
     .read = addr_read,
     .set = addr_set,
     .help = "broker, port, client id"},
    {.name = "+IMQTTLWT",
     FORMS,
     AT_PARAMS(will_params),
     .read = text_will_read,
     .set = text_will_set,
     .help = "last will as text"},
    {.name = "+IMQTTLWTBIN",
     FORMS,
     AT_PARAMS(hex_will_params),
     .read = hex_will_read,
     .set = hex_will_set,
     .help = "last will in hexadecimal digits"},
    {.name = "+IMQTTRECVMODE",
     FORMS,
     AT_PARAMS(receive_mode_params),
     .describe = receive_mode_read,
     .read = receive_mode_read,
     .set = receive_mode_set,
     .help = "messages are reported (0) or cached (1)"},
};

const struct at_table rh_config_table = {rows, sizeof rows / sizeof *rows};
