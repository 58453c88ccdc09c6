/* QNTP, QLTS: the time of a server; the clock of the machine is not touched. */
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"
#include "service/sntp/sntp.h"

enum { HOST_MAX = 255, TIMEOUT_MS = 5000, BEIJING_S = 8 * 3600 };

static void put_time(const struct dx *dx, at_ticket ticket, const char *name)
{
    struct timespec now;
    struct tm local;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + dx->clock.offset_us;
    time_t seconds = (time_t)(us / 1000000) + BEIJING_S;
    gmtime_r(&seconds, &local);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    at_info(dx->env.at, ticket, "%s:%s", name, text);
}

static void done(void *ctx, const struct sntp_result *result)
{
    struct dx *dx = ctx;
    dx->clock.query = NULL;
    if (result->ok) {
        dx->clock.offset_us = result->offset_us;
        put_time(dx, dx->waiting, "+QNTP");
    }
    at_finish(dx->env.at, dx->waiting, result->ok ? AT_OK : DX_NO_SERVER);
}

void dx_clock_stop(struct dx *dx)
{
    sntp_cancel(dx->clock.query);
    dx->clock.query = NULL;
    free(dx->clock.host);
    dx->clock.host = NULL;
}

static at_result qntp_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    const struct dx_clock *clock = &dx->clock;
    at_info(call->at, call->ticket, "+QNTP:%s,%d", clock->host ? clock->host : "cn.pool.ntp.org",
            clock->host ? clock->port : SNTP_PORT);
    return AT_OK;
}

static at_result qntp_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    dx_clock_stop(dx);
    dx->clock.host = mem_string(call->params[0].text);
    dx->clock.port = call->params[1].present ? (int)call->params[1].number : SNTP_PORT;
    dx->waiting = call->ticket;
    dx->clock.query =
        sntp_query(dx->env.services, dx->clock.host, dx->clock.port, TIMEOUT_MS, done, dx);
    return AT_PENDING;
}

static at_result qlts_read(void *ctx, struct at_call *call)
{
    put_time(ctx, call->ticket, "+QLTS");
    return AT_OK;
}

static const struct at_param qntp_params[] = {
    {.name = "serverAddr", .type = AT_STRING, .max = HOST_MAX, .valid = text_not_empty},
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535, .flags = AT_OPTIONAL},
};

static const struct at_command rows[] = {
    {.name = "+QNTP",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(qntp_params),
     .read = qntp_read,
     .set = qntp_set,
     .help = "the time of an SNTP server"},
    {.name = "+QLTS", .forms = AT_READ, .read = qlts_read, .help = "the time, of Beijing"},
};

const struct at_table dx_time_table = {rows, sizeof rows / sizeof *rows};
