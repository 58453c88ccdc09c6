/* Boot lines, registration, signal, cell. */
#include <string.h>

#include "dialect/dx_ct11/instance.h"

/* ---- boot lines ---- */

static void boot_line(const struct dx *dx, const char *line)
{
    at_urc(dx->env.at, &(struct at_urc){.line = line, .len = strlen(line), .boot = true});
}

/* The network takes the module in; once a start. */
static void activate(struct dx *dx)
{
    dx->activated = true;
    boot_line(dx, "NETWORK_ACTIVATE_SUCCESS");
    dx_mqtt_begin(dx);
}

void dx_network_power_on(struct dx *dx)
{
    dx->activated = false;
    dx->creg_stat = network_creg_stat(dx->env.network);
    boot_line(dx, "RDY");
    if (network_has_sim(dx->env.network)) {
        boot_line(dx, "SIM_SUCCESS");
    }
    if (network_usable(dx->env.network)) {
        activate(dx);
    }
}

void dx_network_changed(void *ctx)
{
    struct dx *dx = ctx;
    int stat = network_creg_stat(dx->env.network);
    if (stat != dx->creg_stat) {
        dx->creg_stat = stat;
        if (dx->creg == 1) {
            at_urc_line(dx->env.at, "+CREG:%d", stat);
        }
    }
    if (!dx->activated && network_usable(dx->env.network)) {
        activate(dx);
    }
}

/* ---- CREG, CSQ, CPSI ---- */

/* The simulated cell, as in the manual's example. */
static const char cell[] = "460-0,0x25ef,47198990,411,5,5,-19,-82,-69,0";
static const char location[] = "\"25EF\",\"2D0330E\",7"; /* the same: area, cell, LTE */

static at_result creg_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    bool more = dx->creg > 0 && network_usable(dx->env.network);
    at_info(call->at, call->ticket, "+CREG:%d,%d%s%s", dx->creg, network_creg_stat(dx->env.network),
            more ? "," : "", more ? location : "");
    return AT_OK;
}

static at_result creg_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    dx->creg = (int)call->params[0].number;
    return AT_OK;
}

static at_result csq(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    at_info(call->at, call->ticket, "+CSQ: %d,99", network_csq_rssi(dx->env.network));
    return AT_OK;
}

static at_result cpsi(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    if (!network_usable(dx->env.network)) {
        return DX_STATE;
    }
    at_info(call->at, call->ticket, "+CPSI:%s", cell);
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_param creg_params[] = {{.name = "n", .type = AT_INT, .max = 2}};

static const struct at_command rows[] = {
    {.name = "+CREG",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(creg_params),
     .read = creg_read,
     .set = creg_set,
     .help = "registration, and whether its changes are told"},
    {.name = "+CSQ", .forms = AT_EXECUTE, .execute = csq, .help = "signal quality"},
    {.name = "+CPSI", .forms = AT_EXECUTE, .execute = cpsi, .help = "the cell"},
};

const struct at_table dx_network_table = {rows, sizeof rows / sizeof *rows};
