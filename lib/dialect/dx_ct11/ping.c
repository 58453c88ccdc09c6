/* QPING: echo requests. */
#include "service/ping/ping.h"

#include <ctype.h>
#include <stdio.h>

#include "dialect/dx_ct11/instance.h"

enum { HOST_MAX = 255, COUNT = 4, INTERVAL_MS = 1000, TIMEOUT_MS = 4000, RESOLVE_MS = 10000 };

/* In capitals, as the manual shows IPv6 addresses. */
static void reply(void *ctx, const struct ping_reply *reply)
{
    const struct dx *dx = ctx;
    char address[64];
    size_t len = 0;
    for (const char *c = reply->address; *c && len < sizeof address - 1; c++) {
        address[len++] = (char)toupper((unsigned char)*c);
    }
    address[len] = '\0';
    if (reply->ok) {
        at_info(dx->env.at, dx->waiting, "+CIPPING:\"%s\",%.0f,%d", address, reply->ms, reply->ttl);
    } else {
        at_info(dx->env.at, dx->waiting, "+CIPPING:\"%s\",-1,0", address);
    }
}

static void done(void *ctx)
{
    struct dx *dx = ctx;
    dx->ping = NULL;
    at_finish(dx->env.at, dx->waiting, AT_OK);
}

static void failed(void *ctx, enum ping_failure failure, const char *why)
{
    struct dx *dx = ctx;
    (void)why;
    dx->ping = NULL;
    at_finish(dx->env.at, dx->waiting, failure == PING_FAILED_DENIED ? DX_STATE : DX_NO_SERVER);
}

static const struct ping_events events = {.reply = reply, .done = done, .failed = failed};

static at_result ping_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    const struct at_value *count = &call->params[1];
    dx->waiting = call->ticket;
    dx->ping = ping_start(dx->env.services,
                          &(struct ping_options){
                              .host = call->params[0].text,
                              .count = count->present ? (unsigned)count->number : COUNT,
                              .interval_ms = INTERVAL_MS,
                              .timeout_ms = TIMEOUT_MS,
                              .resolve_timeout_ms = RESOLVE_MS,
                          },
                          &events, dx);
    return AT_PENDING;
}

static const struct at_param params[] = {
    {.name = "addr", .type = AT_STRING, .max = HOST_MAX, .valid = text_not_empty},
    {.name = "num_pings", .type = AT_INT, .min = 1, .max = 10, .flags = AT_OPTIONAL},
};

static const struct at_command rows[] = {
    {.name = "+QPING",
     .forms = AT_SET,
     AT_PARAMS(params),
     .set = ping_set,
     .help = "echo requests, and how long their replies take"},
};

const struct at_table dx_ping_table = {rows, sizeof rows / sizeof *rows};
