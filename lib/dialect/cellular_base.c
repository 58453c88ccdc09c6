#include "dialect/cellular_base.h"

#include <string.h>

#include "dialect/cme.h"
#include "dialect/dialect.h"
#include "dialect/identity.h"
#include "dialect/text.h"
#include "net/network.h"
#include "net/pdp.h"
#include "port/port.h"
#include "settings/settings.h"

static const struct dialect_env *env(const void *ctx)
{
    return ctx;
}

static const struct identity_settings *identity(const void *ctx)
{
    return settings_of(env(ctx)->settings, &identity_settings_group);
}

/* ---- who the module and its SIM are ---- */

at_result cellular_manufacturer(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s", identity(ctx)->manufacturer);
    return AT_OK;
}

at_result cellular_model(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s", identity(ctx)->model);
    return AT_OK;
}

at_result cellular_revision(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s", identity(ctx)->revision);
    return AT_OK;
}

at_result cellular_identification(void *ctx, struct at_call *call)
{
    cellular_manufacturer(ctx, call);
    cellular_model(ctx, call);
    return cellular_revision(ctx, call);
}

at_result cellular_serial_number(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s", identity(ctx)->imei);
    return AT_OK;
}

at_result cellular_subscriber(void *ctx, struct at_call *call)
{
    if (!network_has_sim(env(ctx)->network)) {
        return CME_NO_SIM;
    }
    at_info(call->at, call->ticket, "%s", identity(ctx)->imsi);
    return AT_OK;
}

at_result cellular_pin_read(void *ctx, struct at_call *call)
{
    if (!network_has_sim(env(ctx)->network)) {
        return CME_NO_SIM;
    }
    at_info(call->at, call->ticket, "+CPIN: READY");
    return AT_OK;
}

/* ---- the line ---- */

at_result cellular_rate_read(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+IPR: %d", port_line(env(ctx)->port)->baud);
    return AT_OK;
}

/* ---- the network ---- */

static at_result signal_quality(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+CSQ: %d,99", network_csq_rssi(env(ctx)->network));
    return AT_OK;
}

at_result cellular_registration_read(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "%s: 0,%d", call->command->name,
            network_creg_stat(env(ctx)->network));
    return AT_OK;
}

at_result cellular_function_read(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+CFUN: %d", network_radio(env(ctx)->network));
    return AT_OK;
}

at_result cellular_attach_read(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+CGATT: %d", pdp_attached(env(ctx)->pdp));
    return AT_OK;
}

static at_result attach_set(void *ctx, struct at_call *call)
{
    return pdp_attach(env(ctx)->pdp, call->params[0].number == 1) ? AT_OK : CME_NO_NETWORK;
}

/* ---- PDP contexts ---- */

static at_result active_read(void *ctx, struct at_call *call)
{
    const struct pdp *pdp = env(ctx)->pdp;
    for (int cid = 1; cid <= PDP_CONTEXTS_MAX; cid++) {
        if (pdp_context(pdp, cid)) {
            at_info(call->at, call->ticket, "+CGACT: %d,%d", cid, pdp_active(pdp, cid));
        }
    }
    return AT_OK;
}

/* 27.007 10.1.10: without a cid all that are defined are meant. */
static at_result active_set(void *ctx, struct at_call *call)
{
    struct pdp *pdp = env(ctx)->pdp;
    bool on = call->params[0].number == 1;
    if (on && !pdp_attached(pdp)) {
        return CME_NO_NETWORK;
    }
    if (call->params[1].present) {
        return pdp_activate(pdp, (int)call->params[1].number, on) ? AT_OK : CME_NOT_ALLOWED;
    }
    for (int cid = 1; cid <= PDP_CONTEXTS_MAX; cid++) {
        pdp_activate(pdp, cid, on);
    }
    return AT_OK;
}

static at_result context_read(void *ctx, struct at_call *call)
{
    const struct pdp *pdp = env(ctx)->pdp;
    for (int cid = 1; cid <= PDP_CONTEXTS_MAX; cid++) {
        const struct pdp_context *context = pdp_context(pdp, cid);
        if (context) {
            at_info(call->at, call->ticket, "+CGDCONT: %d,\"%s\",\"%s\"", cid, context->type,
                    context->apn);
        }
    }
    return AT_OK;
}

/* 27.007 10.1.1: the cid alone makes it undefined. */
static at_result context_set(void *ctx, struct at_call *call)
{
    static const char *const types[] = {"IP", "IPV6", "IPV4V6"};
    struct pdp *pdp = env(ctx)->pdp;
    int cid = (int)call->params[0].number;
    if (call->params[1].present) {
        pdp_define(pdp, cid, types[call->params[1].number],
                   call->params[2].present ? call->params[2].text : "");
    } else if (call->params[2].present) {
        return CME_INCORRECT_PARAMETERS;
    } else {
        pdp_undefine(pdp, cid);
    }
    return AT_OK;
}

/* ---- the table ---- */

const at_result cellular_base_faults[AT_FAULT_COUNT] = {
    [AT_FAULT_NOT_AT] = AT_ERROR,
    [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
    [AT_FAULT_UNKNOWN] = AT_ERROR,
    [AT_FAULT_FORM] = CME_NOT_SUPPORTED,
    [AT_FAULT_MISSING] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_EXTRA] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_EMPTY] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_SYNTAX] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_RANGE] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_TOO_LONG] = CME_TEXT_TOO_LONG,
    [AT_FAULT_QUOTE] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_INVALID] = CME_INVALID_CHARACTERS,
    [AT_FAULT_TAG] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_DATA_TIMEOUT] = CME_INCORRECT_PARAMETERS,
    [AT_FAULT_DATA_TOO_LONG] = CME_TEXT_TOO_LONG,
    [AT_FAULT_DATA_CANCELLED] = CME_INCORRECT_PARAMETERS,
};

static const char *const type_words[] = {"IP", "IPV6", "IPV4V6", NULL};

#define CID(flag)                                                                                  \
    {                                                                                              \
        .name = "cid", .type = AT_INT, .min = 1, .max = PDP_CONTEXTS_MAX, .flags = (flag)          \
    }
static const struct at_param state_params[] = {
    {.name = "state", .type = AT_INT, .max = 1},
    CID(AT_OPTIONAL),
};
static const struct at_param context_params[] = {
    CID(0),
    {.name = "PDP_type", .type = AT_CHOICE, .choices = type_words, .flags = AT_OPTIONAL},
    {.name = "APN",
     .type = AT_STRING,
     .max = PDP_APN_MAX,
     .flags = AT_OPTIONAL,
     .valid = text_is_name},
};

#define VALUE(title, handler, text)                                                                \
    {                                                                                              \
        .name = (title), .forms = AT_EXECUTE, .faults = cellular_base_faults,                      \
        .execute = (handler), .help = (text)                                                       \
    }
#define STATUS(title, handler, text)                                                               \
    {                                                                                              \
        .name = (title), .forms = AT_READ, .faults = cellular_base_faults, .read = (handler),      \
        .help = (text)                                                                             \
    }

static const struct at_command rows[] = {
    VALUE("+CGMI", cellular_manufacturer, "manufacturer"),
    VALUE("+CGMM", cellular_model, "model"),
    VALUE("+CGMR", cellular_revision, "revision"),
    VALUE("+CGSN", cellular_serial_number, "IMEI"),
    VALUE("+CIMI", cellular_subscriber, "IMSI of the SIM"),
    STATUS("+CPIN", cellular_pin_read, "SIM state"),
    VALUE("+CSQ", signal_quality, "signal quality"),
    STATUS("+CREG", cellular_registration_read, "registration in the network"),
    STATUS("+CGREG", cellular_registration_read, "registration in the packet network"),
    STATUS("+CEREG", cellular_registration_read, "registration in the LTE network"),
    {.name = "+CGATT",
     .forms = AT_READ | AT_SET,
     .params = state_params,
     .param_count = 1,
     .faults = cellular_base_faults,
     .read = cellular_attach_read,
     .set = attach_set,
     .help = "attach to the packet service (1) or detach (0)"},
    {.name = "+CGACT",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(state_params),
     .faults = cellular_base_faults,
     .read = active_read,
     .set = active_set,
     .help = "activate (1) or deactivate (0) a PDP context, or all of them"},
    {.name = "+CGDCONT",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(context_params),
     .faults = cellular_base_faults,
     .read = context_read,
     .set = context_set,
     .help = "define a PDP context; without a type: undefine it"},
    {.name = "I",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     .execute = cellular_identification,
     .help = "manufacturer, model, revision"},
};

const struct at_table cellular_base_table = {rows, sizeof rows / sizeof *rows};
