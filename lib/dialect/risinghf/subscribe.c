/* SUB and UNSUB. */
#include <string.h>

#include "dialect/risinghf/instance.h"

static void show(const struct at_call *call, const char *topic, int number)
{
    struct buf line = {0};
    buf_printf(&line, "%s:", call->command->name);
    rh_put_value(&line, topic, strlen(topic));
    buf_printf(&line, ",%d", number);
    rh_info(call, &line, false);
}

static at_result sub_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    for (const struct topic *one = rh->subscriptions.first; one; one = one->next) {
        show(call, one->text, one->qos);
    }
    return AT_OK;
}

static at_result sub_set(void *ctx, struct at_call *call)
{
    return rh_request(ctx, RH_SUBSCRIBE, call->params[0].text, (int)call->params[1].number);
}

static at_result unsub_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    if (rh->unsubscribed.topic) {
        show(call, rh->unsubscribed.topic, rh->unsubscribed.number);
    }
    return AT_OK;
}

static at_result unsub_set(void *ctx, struct at_call *call)
{
    return rh_request(ctx, RH_UNSUBSCRIBE, call->params[0].text, 0);
}

static const struct at_param params[] = {
    {.name = "topic", .type = AT_STRING, .min = 1, .max = RH_TEXT_MAX, .valid = mqtt_filter_valid},
    {.name = "qos", .type = AT_INT, .max = 1},
};

static const struct at_command rows[] = {
    {.name = "+IMQTTSUB",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(params),
     .read = sub_read,
     .set = sub_set,
     .help = "subscribe; the live subscriptions"},
    {.name = "+IMQTTUNSUB",
     .forms = AT_TEST | AT_READ | AT_SET,
     .params = params,
     .param_count = 1,
     .read = unsub_read,
     .set = unsub_set,
     .help = "unsubscribe"},
};

const struct at_table rh_subscribe_table = {rows, sizeof rows / sizeof *rows};
