/* CFUN and IPR. What other cellular modules word the same way is in dialect/cellular_base.c. */
#include "dialect/cellular_base.h"
#include "dialect/cme.h"
#include "dialect/risinghf/instance.h"
#include "net/network.h"

/* ---- CFUN ---- */

static at_result function_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    if (call->params[1].number == 1) {
        reboot_begin(&rh->reboot, 0);
    } else {
        network_set_radio(rh->env.network, call->params[0].number == 1);
    }
    return AT_OK;
}

/* ---- IPR ---- */

static at_result rate_set(void *ctx, struct at_call *call)
{
    static const int rates[] = {1200,  2400,   4800,   9600,   19200, 38400,
                                57600, 115200, 230400, 460800, 921600};
    struct rh *rh = ctx;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (rates[i] == call->params[0].number) {
            line_later_set_baud(&rh->line_later, rates[i]);
            return AT_OK;
        }
    }
    return CME_INCORRECT_PARAMETERS;
}

/* ---- the table ---- */

static const struct at_param function_params[] = {
    {.name = "fun", .type = AT_INT, .max = 1},
    {.name = "rst", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
};
static const struct at_param rate_params[] = {
    {.name = "rate", .type = AT_INT, .min = 1, .max = INT32_MAX},
};

static const struct at_command rows[] = {
    {.name = "+CFUN",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(function_params),
     .faults = cellular_base_faults,
     .read = cellular_function_read,
     .set = function_set,
     .help = "radio off (0) or on (1); with rst 1 the module restarts"},
    {.name = "+IPR",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(rate_params),
     .faults = cellular_base_faults,
     .read = cellular_rate_read,
     .set = rate_set,
     .help = "speed of the serial line; it holds behind the OK"},
};

const struct at_table rh_base_table = {rows, sizeof rows / sizeof *rows};
