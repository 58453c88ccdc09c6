/* AUTH, and the table of the commands for Alibaba Cloud. */
#include <string.h>

#include "dialect/risinghf/instance.h"
#include "dialect/text.h"

/* ---- AUTH ---- */

static at_result auth_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    const struct rh_config *config = &rh->config;
    const char *const texts[] = {config->product_key, config->device_name, config->device_secret};
    struct buf line = {0};
    buf_add_text(&line, "+IMQTTAUTH:");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *text = texts[i] ? texts[i] : "";
        buf_add_text(&line, i ? "," : "");
        rh_put_value(&line, text, strlen(text));
    }
    rh_info(call, &line, true);
    return AT_OK;
}

static void keep_device(struct rh *rh, const struct at_value *key, const struct at_value *name,
                        const struct at_value *secret)
{
    rh_keep(&rh->config.product_key, key->text, key->len);
    rh_keep(&rh->config.device_name, name->text, name->len);
    rh_keep(&rh->config.device_secret, secret->text, secret->len);
    rh->config.last = RH_CREDENTIALS_AUTH;
}

static at_result auth_set(void *ctx, struct at_call *call)
{
    keep_device(ctx, &call->params[0], &call->params[1], &call->params[2]);
    return AT_OK;
}

/* As the manual's examples spell it, also with an empty field behind the product key. */
static at_result autu_set(void *ctx, struct at_call *call)
{
    const struct at_value *params = call->params;
    bool gap = params[3].present;
    if (gap == params[1].present) {
        return AT_ERROR;
    }
    keep_device(ctx, &params[0], &params[gap ? 2 : 1], &params[gap ? 3 : 2]);
    return AT_OK;
}

/* ---- the table ---- */

#define NAME(n, flag)                                                                              \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .min = 1, .max = RH_TEXT_MAX, .flags = (flag),             \
        .valid = text_no_nul                                                                       \
    }
/* Whether it is wanted depends on the type. */
#define VALUE(n, flag)                                                                             \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .max = RH_TEXT_MAX, .flags = AT_OPTIONAL | (flag),         \
        .valid = text_no_nul                                                                       \
    }

static const struct at_param auth_params[] = {
    NAME("ProductKey", 0),
    NAME("DeviceName", 0),
    NAME("DeviceSecret", AT_SECRET),
};
static const struct at_param autu_params[] = {
    NAME("ProductKey", 0),
    NAME("DeviceName", AT_OPTIONAL),
    NAME("DeviceSecret", AT_SECRET),
    NAME("DeviceSecret", AT_SECRET | AT_OPTIONAL),
};
static const struct at_param dynreg_params[] = {
    {.name = "type", .type = AT_INT, .max = 2},
    VALUE("mode", 0),
    VALUE("ProductKey", 0),
    VALUE("DeviceName", 0),
    VALUE("ProductSecret", AT_SECRET),
};

static const struct at_command rows[] = {
    {.name = "+IMQTTAUTH",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(auth_params),
     .read = auth_read,
     .set = auth_set,
     .help = "product key, name and secret of the device"},
    {.name = "+IMQTTAUTU",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(autu_params),
     .read = auth_read,
     .set = autu_set,
     .help = "the same as IMQTTAUTH, as the manual's examples spell it"},
    {.name = "+IMQTTDYNREG",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(dynreg_params),
     .read = rh_dynreg_read,
     .set = rh_dynreg_set,
     .help = "dynamic registration (0), the result being kept (1); what is known (2)"},
};

const struct at_table rh_cloud_table = {rows, sizeof rows / sizeof *rows};
