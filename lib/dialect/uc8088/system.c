/* CFUN, CELLLOCK, LPM. */
#include "dialect/uc8088/instance.h"

/* ---- CFUN ---- */

at_result uc_always_needs_power(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    return uc->powered || call->form == AT_READ ? AT_OK : UC_NO_POWER;
}

at_result uc_needs_power(void *ctx, struct at_call *call)
{
    return call->form == AT_TEST ? AT_OK : uc_always_needs_power(ctx, call);
}

void uc_set_power(struct uc *uc, const struct at_call *call, bool on)
{
    if (!on) {
        uc_detach(uc, call);
    }
    uc->powered = on;
    network_set_radio(uc->env.network, on);
}

static at_result function_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+CFUN: %d", uc->powered);
    return AT_OK;
}

/* With a reset everything is as at power-on before the OK leaves, so that nothing that the host
 * sends upon it is lost. */
static at_result function_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    bool on = call->params[0].number == 1;
    if (on && !network_has_sim(uc->env.network)) {
        return CME_NO_SIM;
    }
    if (call->params[1].number == 1) {
        uc_restart(uc);
        call = NULL;
    }
    uc_set_power(uc, call, on);
    return AT_OK;
}

/* ---- CELLLOCK ---- */

/* E-GSM 900, DCS 1800, PCS 1900: up and down, in Hz. */
static bool in_band(int64_t frequency)
{
    static const int64_t bands[][2] = {
        {880000000, 915000000},   {925000000, 960000000},   {1710000000, 1785000000},
        {1805000000, 1880000000}, {1850000000, 1910000000}, {1930000000, 1990000000},
    };
    size_t i = 0;
    while (i < sizeof bands / sizeof *bands &&
           (frequency < bands[i][0] || frequency > bands[i][1])) {
        i++;
    }
    return i < sizeof bands / sizeof *bands;
}

static at_result lock_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+CELLLOCK: %d,%ld", uc->locked, uc->frequency);
    return AT_OK;
}

static at_result lock_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    bool lock = call->params[0].number == 1;
    const struct at_value *frequency = &call->params[1];
    if (lock && (!frequency->present || !in_band(frequency->number))) {
        return UC_PARAMETER;
    }
    if (pdp_attached(uc->env.pdp)) {
        return CME_NOT_ALLOWED;
    }
    uc->locked = lock;
    uc->frequency = lock ? (long)frequency->number : 0;
    return AT_OK;
}

/* ---- LPM ---- */

enum { AWAKE_MS = 1000 };
enum { LPM_SLEEP, LPM_RETENTION };

static void woken(void *ctx)
{
    uc_restart(ctx);
}

static const struct at_doze sleep_doze = {.loses_line = true, .woken = woken};
static const struct at_doze retention_doze = {.after_ms = AWAKE_MS};

static at_result lpm_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+LPM: %d,%d", uc->lpm_mode, uc->lpm_control);
    return AT_OK;
}

/* <control> 0 allows it. */
static at_result lpm_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->lpm_mode = (int)call->params[0].number;
    uc->lpm_control = (int)call->params[1].number;
    bool sleeps = uc->settings->sleep && uc->lpm_control == 0;
    at_set_doze(call->at, !sleeps                     ? NULL
                          : uc->lpm_mode == LPM_SLEEP ? &sleep_doze
                                                      : &retention_doze);
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_param function_params[] = {
    {.name = "fun", .type = AT_INT, .max = 1},
    {.name = "rst", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
};
static const struct at_param lock_params[] = {
    {.name = "state", .type = AT_INT, .max = 1},
    {.name = "freq", .type = AT_INT, .max = INT64_MAX, .flags = AT_OPTIONAL},
};
static const struct at_param lpm_params[] = {
    {.name = "mode", .type = AT_INT, .max = LPM_RETENTION},
    {.name = "control", .type = AT_INT, .max = 1},
};

static const struct at_command rows[] = {
    {.name = "+CFUN",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(function_params),
     .test = "+CFUN: (0,1),(0)",
     .read = function_read,
     .set = function_set,
     .help = "everything off (0) or on (1); with rst 1 a restart before"},
    {.name = "+CELLLOCK",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(lock_params),
     .test = "+CELLLOCK: (0,1),freq",
     .read = lock_read,
     .set = lock_set,
     .help = "stay on a frequency, in Hz"},
    {.name = "+LPM",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(lpm_params),
     .test = "+LPM: (0,1),(0,1)",
     .read = lpm_read,
     .set = lpm_set,
     .help = "low power: sleep (0) or retention (1), allowed (0) or not (1)"},
};

const struct at_table uc_system_table = {rows, sizeof rows / sizeof *rows};
