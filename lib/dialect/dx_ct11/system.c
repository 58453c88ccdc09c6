/* Identity, restart, factory values, speed of the line, SIM slot, sleep. */
#include <stdlib.h>
#include <string.h>

#include "dialect/cellular_base.h"
#include "dialect/dx_ct11/instance.h"
#include "settings/settings.h"

static const struct identity_settings *identity(const struct dx *dx)
{
    return settings_of(dx->env.settings, &identity_settings_group);
}

static at_result version(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+VERSION=%s", identity(ctx)->revision);
    return AT_OK;
}

static at_result card(void *ctx, struct at_call *call)
{
    at_info(call->at, call->ticket, "+QCCID:%s", identity(ctx)->iccid);
    return AT_OK;
}

/* ---- RST, RESTORE ---- */

static at_result restart(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    (void)call;
    reboot_begin(&dx->reboot, 0);
    return AT_OK;
}

static void erased(void *ctx, bool ok)
{
    struct dx *dx = ctx;
    if (ok) {
        reboot_begin(&dx->reboot, 0);
    }
    at_finish(dx->env.at, dx->waiting, ok ? AT_OK : DX_STATE);
}

/* SINGLESIM stays. */
static at_result restore(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    static const char *const spared[] = {"dx-ct11.singlesim", NULL};
    dx->waiting = call->ticket;
    return nvram_erase(dx->env.nvram, spared, erased, dx) ? AT_PENDING : restart(ctx, call);
}

/* ---- IPR ---- */

enum { IPR_BAUD, IPR_DATA_BITS, IPR_STOP_BITS, IPR_PARITY, IPR_PARAMS };

static const char parities[] = "NOE"; /* by their numbers */

static bool usual_speed(int64_t baud)
{
    static const int speeds[] = {4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600};
    size_t i = 0;
    while (i < sizeof speeds / sizeof *speeds && speeds[i] != baud) {
        i++;
    }
    return i < sizeof speeds / sizeof *speeds;
}

static const struct at_param ipr_params[IPR_PARAMS] = {
    [IPR_BAUD] = {.name = "baudrate", .type = AT_INT, .min = 4800, .max = 921600},
    [IPR_DATA_BITS] = {.name = "databits", .type = AT_INT, .min = 7, .max = 8},
    [IPR_STOP_BITS] = {.name = "stopbits", .type = AT_INT, .max = 2},
    [IPR_PARITY] = {.name = "parity", .type = AT_INT, .max = 2},
};

static void load_ipr(const struct dx *dx, struct dx_fields *ipr)
{
    dx_fields_load(ipr, kept_text(&dx->kept, DX_IPR), ipr_params, IPR_PARAMS);
    if (ipr->count && !usual_speed(dx_field_number(ipr, IPR_BAUD))) {
        dx_fields_free(ipr);
    }
}

/* One and a half stop bits are one: Linux has no setting for them. */
void dx_apply_line(struct dx *dx)
{
    struct dx_fields ipr = {0};
    struct port_line line = dx->line;
    load_ipr(dx, &ipr);
    if (ipr.count) {
        line.baud = (int)dx_field_number(&ipr, IPR_BAUD);
        line.data_bits = (int)dx_field_number(&ipr, IPR_DATA_BITS);
        line.stop_bits = dx_field_number(&ipr, IPR_STOP_BITS) == 2 ? 2 : 1;
        line.parity = parities[dx_field_number(&ipr, IPR_PARITY)];
    }
    port_set_line(dx->env.port, &line);
    dx_fields_free(&ipr);
}

static at_result ipr_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    struct dx_fields ipr = {0};
    load_ipr(dx, &ipr);
    if (ipr.count) {
        dx_fields_read(&ipr, call);
        dx_fields_free(&ipr);
    } else {
        at_info(call->at, call->ticket, "+IPR:%d,%d,%d,%d", dx->line.baud, dx->line.data_bits,
                dx->line.stop_bits, (int)(strchr(parities, dx->line.parity) - parities));
    }
    return AT_OK;
}

static at_result ipr_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (!usual_speed(call->params[IPR_BAUD].number)) {
        return DX_VALUE;
    }
    struct dx_fields ipr = {0};
    struct kept_changes set = {.kept = &dx->kept};
    dx_fields_take(&ipr, call);
    char *json = dx_fields_save(&ipr, ipr_params);
    kept_change_text(&set, DX_IPR, json, strlen(json));
    at_result result = dx_save_and_restart(dx, &set, call);
    free(json);
    dx_fields_free(&ipr);
    return result;
}

/* ---- SINGLESIM ---- */

static at_result singlesim_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    at_info(call->at, call->ticket, "+SINGLESIM: %ld", kept_number(&dx->kept, DX_SINGLESIM));
    return AT_OK;
}

static at_result singlesim_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (!dx->activated) {
        return DX_STATE;
    }
    struct kept_changes set = {.kept = &dx->kept};
    kept_change_number(&set, DX_SINGLESIM, (long)call->params[0].number);
    return dx_save_and_restart(dx, &set, call);
}

/* ---- SYSSLEEP, CSCLK ---- */

static at_result flag_read(struct at_call *call, bool flag)
{
    at_info(call->at, call->ticket, "%s:%d", call->command->name, flag);
    return AT_OK;
}

/* The one way to sleep shuts the other out. */
static at_result flag_set(const struct at_call *call, bool *flag, bool other)
{
    bool on = call->params[0].number == 1;
    if (on && other) {
        return DX_STATE;
    }
    *flag = on;
    return AT_OK;
}

static at_result syssleep_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    return flag_read(call, dx->sleeps);
}

static at_result syssleep_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    return flag_set(call, &dx->sleeps, dx->sleeps_by_dtr);
}

static at_result csclk_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    return flag_read(call, dx->sleeps_by_dtr);
}

static at_result csclk_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    return flag_set(call, &dx->sleeps_by_dtr, dx->sleeps);
}

/* ---- the table ---- */

static const struct at_param flag_params[] = {{.name = "n", .type = AT_INT, .max = 1}};

static const struct at_command rows[] = {
    {.name = "+GMR", .forms = AT_EXECUTE, .execute = version, .help = "version"},
    {.name = "+GSN", .forms = AT_EXECUTE, .execute = cellular_serial_number, .help = "IMEI"},
    {.name = "I",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     .execute = cellular_identification,
     .help = "manufacturer, model, revision"},
    {.name = "+RST", .forms = AT_EXECUTE, .execute = restart, .help = "restart"},
    {.name = "+RESTORE",
     .forms = AT_EXECUTE,
     .execute = restore,
     .help = "factory values, then restart"},
    {.name = "+QCCID", .forms = AT_EXECUTE, .execute = card, .help = "ICCID of the SIM"},
    {.name = "+IPR",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(ipr_params),
     .read = ipr_read,
     .set = ipr_set,
     .help = "speed and format of the line; kept, then restart"},
    {.name = "+SINGLESIM",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(flag_params),
     .read = singlesim_read,
     .set = singlesim_set,
     .help = "slot of the SIM; kept, then restart"},
    {.name = "+SYSSLEEP",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(flag_params),
     .read = syssleep_read,
     .set = syssleep_set,
     .help = "sleep when idle: remembered, nothing sleeps"},
    {.name = "+CSCLK",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(flag_params),
     .read = csclk_read,
     .set = csclk_set,
     .help = "sleep by DTR: remembered, DTR is not looked at"},
};

const struct at_table dx_system_table = {rows, sizeof rows / sizeof *rows};
