/* What hosts expect beyond the module's manual: V.250 and 27.007. */
#include "dialect/cellular_base.h"
#include "dialect/uc8088/instance.h"

/* ---- Z, &F and commands that are only taken ---- */

static at_result reset(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc_call_end(uc);
    uc->cgreg_n = uc->creg_n = 0;
    at_reset(call->at);
    return AT_OK;
}

static at_result taken(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return AT_OK;
}

/* ---- SIM ---- */

static at_result capabilities(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_info(call->at, call->ticket, "+GCAP: +CGSM");
    return AT_OK;
}

/* ---- the line ---- */

static const char *const character_sets[] = {"GSM", "IRA", NULL};

static at_result cscs_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+CSCS: \"%s\"", character_sets[uc->cscs]);
    return AT_OK;
}

static at_result cscs_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->cscs = (int)call->params[0].number;
    return AT_OK;
}

/* It holds from behind the OK on. */
static at_result ipr_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    line_later_set_baud(&uc->line, (int)call->params[0].number);
    return AT_OK;
}

static at_result ifc_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+IFC: %d,%d", uc->ifc[0], uc->ifc[1]);
    return AT_OK;
}

static at_result ifc_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->ifc[0] = (int)call->params[0].number;
    uc->ifc[1] = (int)call->params[1].number;
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_param up_to_0[] = {
    {.name = "n", .type = AT_INT, .max = 0, .flags = AT_OPTIONAL}};
static const struct at_param up_to_1[] = {
    {.name = "n", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL}};
static const struct at_param up_to_2[] = {
    {.name = "n", .type = AT_INT, .max = 2, .flags = AT_OPTIONAL}};
static const struct at_param up_to_4[] = {
    {.name = "n", .type = AT_INT, .max = 4, .flags = AT_OPTIONAL}};
static const struct at_param cscs_params[] = {
    {.name = "chset", .type = AT_CHOICE, .choices = character_sets}};
static const struct at_param ipr_params[] = {
    {.name = "rate", .type = AT_INT, .min = 300, .max = 4000000}};
static const struct at_param ifc_params[] = {
    {.name = "by_te", .type = AT_INT, .max = 2},
    {.name = "by_ta", .type = AT_INT, .max = 2, .flags = AT_OPTIONAL},
};

#define TAKEN(title, params, text)                                                                 \
    {                                                                                              \
        .name = (title), .flags = AT_BASIC, .forms = AT_EXECUTE, AT_PARAMS(params),                \
        .execute = taken, .help = (text)                                                           \
    }
#define RESET(title, text)                                                                         \
    {                                                                                              \
        .name = (title), .flags = AT_BASIC, .forms = AT_EXECUTE, AT_PARAMS(up_to_0),               \
        .execute = reset, .help = (text)                                                           \
    }

static const struct at_command rows[] = {
    RESET("Z", "calls ended, settings of the line as at boot"),
    RESET("&F", "calls ended, settings of the line as at boot"),
    TAKEN("X", up_to_4, "which results a call has; without effect"),
    TAKEN("&C", up_to_1, "what DCD shows; without effect"),
    TAKEN("&D", up_to_2, "what DTR does; without effect"),
    TAKEN("&W", up_to_1, "store the settings of the line; without effect"),
    {.name = "+GCAP",
     .forms = AT_TEST | AT_EXECUTE,
     .faults = uc_plain_faults,
     .test = "",
     .execute = capabilities,
     .help = "what the module can"},
    {.name = "+CPIN",
     .forms = AT_READ,
     .faults = uc_plain_faults,
     .read = cellular_pin_read,
     .help = "SIM state"},
    {.name = "+CSCS",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(cscs_params),
     .faults = uc_plain_faults,
     .test = "+CSCS: (\"GSM\",\"IRA\")",
     .read = cscs_read,
     .set = cscs_set,
     .help = "character set"},
    {.name = "+IPR",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(ipr_params),
     .faults = uc_plain_faults,
     .read = cellular_rate_read,
     .set = ipr_set,
     .help = "speed of the line"},
    {.name = "+IFC",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(ifc_params),
     .faults = uc_plain_faults,
     .test = "+IFC: (0),(0)",
     .read = ifc_read,
     .set = ifc_set,
     .help = "flow control; without effect"},
};

const struct at_table uc_host_table = {rows, sizeof rows / sizeof *rows};
