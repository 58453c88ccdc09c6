/* The OTA family: its table, parameters and life. */
#include "dialect/ica/ota.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "dialect/ica/instance.h"
#include "service/env.h"

enum { VERSION_MAX = 64, DESC_MAX = 128 };

/* ---- life ---- */

void ica_ota_power_on(struct ica *ica)
{
    struct ica_ota *ota = &ica->ota;
    ev_timer_init(&ota->query, ica_ota_query_tick, 0., 0.);
    ev_timer_init(&ota->limit, ica_ota_limit_tick, 0., 0.);
    ota->query.data = ota->limit.data = ica;
}

void ica_ota_power_off(struct ica *ica)
{
    struct ica_ota *ota = &ica->ota;
    ica_ota_drop(ica);
    ev_timer_stop(ica->env.services->loop, &ota->query);
    ota_agent_destroy(ota->agent);
    free(ota->version);
    *ota = (struct ica_ota){0};
}

/* ---- IOTAPARA ---- */

enum { PARA_DURATION, PARA_BLOCKSIZE };
static const struct at_param para_tags[] = {
    [PARA_DURATION] = {.name = "DURATION", .type = AT_INT, .min = 60, .max = 31536000},
    [PARA_BLOCKSIZE] = {.name = "BLOCKSIZE", .type = AT_INT, .min = 16, .max = 8192},
};

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+IOTAPARA:\"DURATION\",%ld,\"BLOCKSIZE\",%ld",
            kept_number(&ica->kept, ICA_OTA_DURATION), kept_number(&ica->kept, ICA_OTA_BLOCKSIZE));
    return AT_OK;
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_given_number(&set, ICA_OTA_DURATION, &call->tags[PARA_DURATION]);
    kept_change_given_number(&set, ICA_OTA_BLOCKSIZE, &call->tags[PARA_BLOCKSIZE]);
    return kept_save(&set, call);
}

/* ---- IOTAVER, IOTANEWVER, IOTAPGS, IOTABORT ---- */

static at_result version_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+IOTAVER:\"%s\"", ica->ota.version ? ica->ota.version : "");
    return AT_OK;
}

static at_result version_set(void *ctx, struct at_call *call)
{
    return ica_ota_report(ctx, call->params[0].text);
}

static at_result new_version_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    const struct ota_announcement *pending = ica->ota.pending;
    if (pending) {
        at_info(call->at, call->ticket, "+IOTANEWVER:\"%s\",%llu,\"%s\"", pending->version,
                (unsigned long long)pending->size, pending->given);
    }
    return AT_OK;
}

static at_result progress_set(void *ctx, struct at_call *call)
{
    const struct at_value *desc = &call->params[1];
    ica_ota_progress(ctx, (int)call->params[0].number, desc->present ? desc->text : "");
    return AT_OK;
}

static at_result abort_execute(void *ctx, struct at_call *call)
{
    (void)call;
    ica_ota_drop(ctx);
    return AT_OK;
}

/* ---- the table ---- */

/* It goes into JSON. */
static bool text_valid(const char *bytes, size_t len)
{
    return utf8_valid(bytes, len) && ica_no_nul(bytes, len);
}

static const struct at_param version_params[] = {
    {.name = "version", .type = AT_STRING, .min = 1, .max = VERSION_MAX, .valid = text_valid}};
static const struct at_param progress_params[] = {
    {.name = "progress", .type = AT_INT, .min = OTA_STEP_FLASH_FAILED, .max = 100},
    {.name = "desc", .type = AT_STRING, .max = DESC_MAX, .flags = AT_OPTIONAL, .valid = text_valid},
};
static const struct at_param block_params[] = {{.name = "type", .type = AT_INT, .max = 1}};

static const struct at_command rows[] = {
    {.name = "+IOTAPARA",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_TAGS(para_tags),
     .read = para_read,
     .set = para_set,
     .help = "period of the query for new firmware over CoAP in seconds, block size"},
    {.name = "+IOTAVER",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(version_params),
     .read = version_read,
     .set = version_set,
     .help = "report the version to the cloud and listen for new firmware"},
    {.name = "+IOTANEWVER",
     .forms = AT_TEST | AT_READ,
     .read = new_version_read,
     .help = "the new firmware that was announced"},
    {.name = "+IOTAPGS",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(progress_params),
     .set = progress_set,
     .help = "report the progress: percent, or -1 upgrade, -2 download, -3 check, -4 flash failed"},
    {.name = "+IOTABLOCK",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(block_params),
     .test = "",
     .set = ica_ota_block_set,
     .help = "the next block of the new firmware (0), the last one again (1)"},
    {.name = "+IOTABORT",
     .forms = AT_TEST | AT_EXECUTE,
     .execute = abort_execute,
     .help = "drop the new firmware"},
};

const struct at_table ica_ota_table = {rows, sizeof rows / sizeof *rows};
