/* Who the module and its SIM are. */
#include "dialect/identity.h"
#include "dialect/cellular_base.h"
#include "dialect/uc8088/instance.h"
#include "settings/settings.h"

static const struct identity_settings *identity(const struct uc *uc)
{
    return settings_of(uc->env.settings, &identity_settings_group);
}

static at_result revision(void *ctx, struct at_call *call)
{
    const struct identity_settings *own = identity(ctx);
    at_info(call->at, call->ticket, "+SOFTV:%s", own->revision);
    at_info(call->at, call->ticket, "+HARDV:%s", own->hardware);
    at_info(call->at, call->ticket, "+MANUF:%s", own->manufacturer);
    return AT_OK;
}

static at_result identification(void *ctx, struct at_call *call)
{
    cellular_manufacturer(ctx, call);
    cellular_model(ctx, call);
    at_info(call->at, call->ticket, "Revision: %s", identity(ctx)->revision);
    return AT_OK;
}

#define VALUE(title, alias, handler, text)                                                         \
    {                                                                                              \
        .name = (title), .aliases = (alias), .forms = AT_TEST | AT_EXECUTE, .test = "",            \
        .execute = (handler), .help = (text)                                                       \
    }

static const struct at_param which[] = {
    {.name = "n", .type = AT_INT, .max = 255, .flags = AT_OPTIONAL},
};

static const struct at_command rows[] = {
    VALUE("+CGMI", "+GMI", cellular_manufacturer, "manufacturer"),
    VALUE("+CGMM", "+GMM", cellular_model, "model"),
    VALUE("+CGMR", "+GMR", revision, "versions of software and hardware, manufacturer"),
    VALUE("+CGSN", "+GSN", cellular_serial_number, "IMEI"),
    VALUE("+CIMI", NULL, cellular_subscriber, "IMSI of the SIM"),
    {.name = "I",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(which),
     .execute = identification,
     .help = "manufacturer, model, revision"},
};

const struct at_table uc_identity_table = {rows, sizeof rows / sizeof *rows};
