/* QMTCFG, QMTCONNCFG, QMTSTART: who the module is, where it goes and how. Kept in simple mode 2. */
#include <stdlib.h>
#include <string.h>

#include "dialect/dx_ct11/instance.h"

enum { TEXT_MAX = 256 };

/* Empty: no will. */
static bool will_topic_valid(const char *bytes, size_t len)
{
    return !len || mqtt_topic_valid(bytes, len);
}

#define TEXT(n, more, check)                                                                       \
    {                                                                                              \
        .name = (n), .type = AT_STRING, .max = TEXT_MAX, .flags = (more), .valid = (check)         \
    }

const struct at_param dx_qmtcfg_params[7] = {
    TEXT("clientid", 0, text_not_empty),
    TEXT("username", AT_OPTIONAL | AT_EMPTY, text_no_nul),
    TEXT("password", AT_OPTIONAL | AT_EMPTY | AT_SECRET, text_no_nul),
    {.name = "will_qos", .type = AT_INT, .max = 2, .flags = AT_OPTIONAL},
    {.name = "will_retain", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
    TEXT("will_topic", AT_OPTIONAL | AT_EMPTY, will_topic_valid),
    TEXT("will_message", AT_OPTIONAL | AT_EMPTY | AT_FREE, text_no_nul),
};
const struct at_param dx_qmtconncfg_params[3] = {
    TEXT("address", 0, text_not_empty),
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535},
    {.name = "reconnect", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
};
const struct at_param dx_qmtstart_params[2] = {
    {.name = "clean_session", .type = AT_INT, .max = 1},
    {.name = "keepalive", .type = AT_INT, .max = 7200},
};

/* ---- keeping ---- */

static const struct setup {
    enum dx_kept kept;
    size_t offset; /* in struct dx_mqtt */
    const struct at_param *params;
    size_t count;
} setups[] = {
    {DX_QMTCFG, offsetof(struct dx_mqtt, config), dx_qmtcfg_params, 7},
    {DX_QMTCONNCFG, offsetof(struct dx_mqtt, server), dx_qmtconncfg_params, 3},
    {DX_QMTSTART, offsetof(struct dx_mqtt, start), dx_qmtstart_params, 2},
};

static struct dx_fields *fields_of(struct dx *dx, const struct setup *setup)
{
    return (struct dx_fields *)(void *)((char *)&dx->mqtt + setup->offset);
}

void dx_setup_load(struct dx *dx)
{
    for (size_t i = 0; dx_simple(dx) == DX_SIMPLE_MQTT && i < sizeof setups / sizeof *setups; i++) {
        dx_fields_load(fields_of(dx, &setups[i]), kept_text(&dx->kept, setups[i].kept),
                       setups[i].params, setups[i].count);
    }
}

/* Remembers what the command gave, and in simple mode 2 keeps it: what its handler returns, unless
 * done is given, which then ends the command. */
static at_result remember(struct dx *dx, const struct at_call *call, const struct setup *setup,
                          nvram_done done)
{
    struct dx_fields *fields = fields_of(dx, setup);
    dx_fields_take(fields, call);
    if (dx_simple(dx) != DX_SIMPLE_MQTT) {
        return AT_OK;
    }
    struct kept_changes set = {.kept = &dx->kept};
    char *json = dx_fields_save(fields, setup->params);
    kept_change_text(&set, setup->kept, json, strlen(json));
    dx->waiting = call->ticket;
    bool pending = done ? kept_store(&set, done, dx) : false;
    at_result result = done ? (pending ? AT_PENDING : AT_OK) : kept_save(&set, call);
    free(json);
    return result;
}

/* ---- QMTCFG ---- */

at_result dx_qmtcfg_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    return dx_fields_read(&dx->mqtt.config, call);
}

/* The client id alone, or with name and password, or with a will as well. */
at_result dx_qmtcfg_set(void *ctx, struct at_call *call)
{
    size_t given = 0;
    while (given < call->command->param_count && call->params[given].present) {
        given++;
    }
    bool whole = given == 1 || given == 3 || given == 7;
    return whole ? remember(ctx, call, &setups[0], NULL) : DX_LENGTH;
}

/* ---- QMTSTART ---- */

at_result dx_qmtstart_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    if (dx->mqtt.start.count) {
        return dx_fields_read(&dx->mqtt.start, call);
    }
    at_info(call->at, call->ticket, "+QMTSTART:1,60");
    return AT_OK;
}

at_result dx_qmtstart_set(void *ctx, struct at_call *call)
{
    return remember(ctx, call, &setups[2], NULL);
}

/* ---- QMTCONNCFG ---- */

at_result dx_qmtconncfg_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    return dx_fields_read(&dx->mqtt.server, call);
}

static void server_kept(void *ctx, bool ok)
{
    struct dx *dx = ctx;
    at_finish(dx->env.at, dx->waiting, ok ? AT_OK : DX_STATE);
    if (ok) {
        dx_session_open(dx);
    }
}

/* OK at once; what comes of the attempt is told later. */
at_result dx_qmtconncfg_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (!dx_session_is_down(dx)) {
        return DX_EXISTS;
    }
    at_result result = remember(dx, call, &setups[1], server_kept);
    if (result == AT_OK) {
        dx_session_open(dx);
    }
    return result;
}
