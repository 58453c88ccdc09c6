/* PUB, PUBIN, PUBEX. */
#include <string.h>

#include "dialect/risinghf/instance.h"

/* ---- PUB, PUBIN ---- */

static at_result last_read(const struct rh_last *last, const struct at_call *call)
{
    struct buf line = {0};
    if (last->topic) {
        buf_printf(&line, "%s:", call->command->name);
        rh_put_value(&line, last->topic, strlen(last->topic));
        buf_printf(&line, ",%d,", last->number);
        rh_put_value(&line, buf_bytes(&last->message), buf_len(&last->message));
        rh_info(call, &line, false);
    }
    return AT_OK;
}

/* bytes: what the message stands for. */
static at_result publish(struct rh *rh, struct rh_last *last, const struct at_call *call,
                         const char *bytes, size_t len)
{
    const struct at_value *params = call->params;
    int qos = (int)params[1].number;
    at_result result =
        rh_publish(rh, RH_PUBLISH, params[0].text, qos, params[3].number == 1, bytes, len);
    if (result == AT_OK) {
        rh_last_set(last, params[0].text, qos, params[2].text, params[2].len);
    }
    return result;
}

static at_result pub_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    return last_read(&rh->published, call);
}

static at_result pub_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    return publish(rh, &rh->published, call, call->params[2].text, call->params[2].len);
}

static at_result pubin_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    return last_read(&rh->published_hex, call);
}

static at_result pubin_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    struct buf bytes = {0};
    rh_from_hex(&bytes, call->params[2].text, call->params[2].len);
    at_result result = publish(rh, &rh->published_hex, call, buf_bytes(&bytes), buf_len(&bytes));
    buf_free(&bytes);
    return result;
}

/* ---- PUBEX ---- */

static at_result pubex_read(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return AT_OK;
}

static at_result pubex_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    if (!rh_online(rh)) {
        return AT_ERROR;
    }
    rh->collecting = call->ticket;
    at_open_data(call, AT_END_COUNT, (size_t)call->params[3].number, AT_PROMPT_CHEVRON);
    return AT_DATA;
}

static at_result pubex_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    const struct at_value *params = call->params;
    return rh_publish(ctx, RH_PUBLISH_DATA, params[0].text, (int)params[1].number,
                      params[2].number == 1, bytes, len);
}

/* ---- the table ---- */

#define TOPIC                                                                                      \
    {                                                                                              \
        .name = "topic", .type = AT_STRING, .min = 1, .max = RH_TEXT_MAX,                          \
        .valid = mqtt_topic_valid                                                                  \
    }
#define QOS                                                                                        \
    {                                                                                              \
        .name = "qos", .type = AT_INT, .max = 2                                                    \
    }
#define RETAINED(flag)                                                                             \
    {                                                                                              \
        .name = "retained", .type = AT_INT, .max = 1, .flags = (flag)                              \
    }

static const struct at_param pub_params[] = {
    TOPIC,
    QOS,
    {.name = "message", .type = AT_STRING, .max = RH_TEXT_MAX, .flags = AT_FREE},
    RETAINED(AT_OPTIONAL),
};
static const struct at_param pubin_params[] = {
    TOPIC,
    QOS,
    {.name = "message", .type = AT_STRING, .max = RH_TEXT_MAX, .valid = rh_is_hex},
    RETAINED(AT_OPTIONAL),
};
static const struct at_param pubex_params[] = {
    TOPIC,
    QOS,
    RETAINED(0),
    {.name = "size", .type = AT_INT, .min = 1, .max = RH_DATA_MAX},
};

#define FORMS .forms = (AT_TEST | AT_READ | AT_SET)

static const struct at_command rows[] = {
    {.name = "+IMQTTPUB",
     FORMS,
     AT_PARAMS(pub_params),
     .read = pub_read,
     .set = pub_set,
     .help = "publish a text message"},
    {.name = "+IMQTTPUBIN",
     FORMS,
     AT_PARAMS(pubin_params),
     .read = pubin_read,
     .set = pubin_set,
     .help = "publish a message in hexadecimal digits"},
    {.name = "+IMQTTPUBEX",
     FORMS,
     AT_PARAMS(pubex_params),
     .read = pubex_read,
     .set = pubex_set,
     .data = pubex_data,
     .help = "publish as many bytes as follow behind the prompt"},
};

const struct at_table rh_publish_table = {rows, sizeof rows / sizeof *rows};
