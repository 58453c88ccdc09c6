/* Log level, reboot, factory reset, identity. */
#include "base/log.h"
#include "dialect/cellular_base.h"
#include "dialect/ica/instance.h"

/* ---- ILOGLVL ---- */

void ica_apply_log_level(struct ica *ica)
{
    log_set_detail(ica->env.log, (int)kept_number(&ica->kept, ICA_LOG_LEVEL));
    at_set_tracing(ica->env.at, log_wants(ica->env.log, LEVEL_LINE));
}

static at_result log_level_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+ILOGLVL:%ld", kept_number(&ica->kept, ICA_LOG_LEVEL));
    return AT_OK;
}

static void level_saved(void *ctx, bool ok)
{
    struct ica *ica = ctx;
    ica_apply_log_level(ica);
    at_finish(ica->env.at, ica->waiting, ok ? AT_OK : ICA_MEMORY_FULL);
}

static at_result log_level_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_number(&set, ICA_LOG_LEVEL, (long)call->params[0].number);
    ica->waiting = call->ticket;
    return kept_store(&set, level_saved, ica) ? AT_PENDING : AT_OK;
}

/* ---- reboot ---- */

bool ica_all_sent(void *ctx)
{
    const struct ica *ica = ctx;
    return mqtt_outstanding(ica->mqtt.service) == 0 && ica_coap_outstanding(ica) == 0 &&
           ica_http_outstanding(ica) == 0;
}

/* 0: at once; 1: when what is being sent is finished, after TIMEOUT at the latest. */
static at_result reboot_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    bool wait = call->params[0].number == 1;
    reboot_begin(&ica->reboot, wait ? (unsigned)kept_number(&ica->kept, ICA_MQTT_TIMEOUT) : 0);
    return AT_OK;
}

/* ---- factory reset ---- */

static void erased(void *ctx, bool ok)
{
    struct ica *ica = ctx;
    if (ok) {
        reboot_begin(&ica->reboot, 0);
    }
    at_finish(ica->env.at, ica->waiting, ok ? AT_OK : ICA_MEMORY_FULL);
}

static at_result factory_reset(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    ica->waiting = call->ticket;
    if (nvram_erase(ica->env.nvram, NULL, erased, ica)) {
        return AT_PENDING;
    }
    reboot_begin(&ica->reboot, 0); /* nothing is stored */
    return AT_OK;
}

/* ---- the table ---- */

static const struct at_param level_params[] = {{.name = "level", .type = AT_INT, .max = 5}};
static const struct at_param mode_params[] = {{.name = "mode", .type = AT_INT, .max = 1}};

static const struct at_command rows[] = {
    {.name = "+ILOGLVL",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(level_params),
     .read = log_level_read,
     .set = log_level_set,
     .help = "detail that this modem adds to the log, 0 to 5"},
    {.name = "+IREBOOT",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(mode_params),
     .test = "",
     .set = reboot_set,
     .help = "reboot at once (0) or when what is being sent is finished (1)"},
    {.name = "+IDEFAULT",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = factory_reset,
     .help = "factory values, then reboot"},
    {.name = "+CGMI",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = cellular_manufacturer,
     .help = "manufacturer"},
    {.name = "+CGMM", .forms = AT_TEST | AT_EXECUTE, .execute = cellular_model, .help = "model"},
    {.name = "+CGMR",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = cellular_revision,
     .help = "revision"},
    {.name = "I",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     .execute = cellular_identification,
     .help = "manufacturer, model, revision"},
};

const struct at_table ica_system_table = {rows, sizeof rows / sizeof *rows};
