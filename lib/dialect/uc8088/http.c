/* The HTTP family: its small commands, its table, its life. */
#include "dialect/uc8088/http.h"

#include <stdlib.h>

#include "dialect/uc8088/instance.h"
#include "dialect/uc8088/value.h"

enum { BODY_MAX = 512, TIMEOUT_S = 50 };

/* ---- HTTPTLS ---- */

static at_result tls_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    at_info(call->at, call->ticket, "+HTTPTLS: %d", uc->http.tls);
    return AT_OK;
}

static at_result tls_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->http.tls = call->params[0].number == 1;
    return AT_OK;
}

/* ---- HTTPINIT, HTTPTERM, HTTPDATA ---- */

/* The parameters are as they are. */
static at_result init(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return AT_OK;
}

static at_result term(void *ctx, struct at_call *call)
{
    (void)call;
    uc_http_forget(ctx);
    return AT_OK;
}

static at_result data_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct buf body = {0};
    if (!uc_measured_value(&body, UC_VALUE_TEXT, call->params[1].text, call->params[1].len,
                           (size_t)call->params[0].number)) {
        buf_free(&body);
        return UC_CORRUPTED;
    }
    buf_free(&uc->http.body);
    uc->http.body = body;
    return AT_OK;
}

/* ---- life ---- */

void uc_http_forget(struct uc *uc)
{
    struct uc_http *http = &uc->http;
    free(http->url);
    free(http->path);
    http->url = http->path = NULL;
    http->port = 0;
    while (http->header_count) {
        free(http->headers[--http->header_count]);
    }
    buf_free(&http->body);
    buf_free(&http->answer);
    http->answered = false;
}

void uc_http_power_on(struct uc *uc)
{
    uc->http.service = http_create(uc->env.services);
    uc->http.timeout_s = TIMEOUT_S;
}

void uc_http_power_off(struct uc *uc)
{
    http_destroy(uc->http.service);
    uc_http_forget(uc);
    uc->http = (struct uc_http){0};
}

/* ---- the table ---- */

static const struct at_param tls_params[] = {{.name = "tls", .type = AT_INT, .max = 1}};
static const struct at_param data_params[] = {
    {.name = "lent", .type = AT_INT, .max = BODY_MAX},
    {.name = "data", .type = AT_STRING, .max = INT32_MAX, .flags = AT_FREE | AT_EMPTY},
};
static const struct at_param action_params[] = {{.name = "method", .type = AT_INT, .max = 3}};

static const struct at_command rows[] = {
    {.name = "+HTTPTLS",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(tls_params),
     .test = "+HTTPTLS: (0-1)",
     .read = tls_read,
     .set = tls_set,
     .help = "HTTP (0) or HTTPS (1)"},
    {.name = "+HTTPPARA",
     .aliases = "+HTTTPARA +HTTPARA",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(uc_httppara_params),
     .test = "+HTTPPARA: [<httpparatag>:<httpparavalue>]",
     .read = uc_httppara_read,
     .set = uc_httppara_set,
     .help = "what HTTPACTION asks for: URL, PATH, PORT, TIMEOUT, USER, BODY, MODE"},
    {.name = "+HTTPINIT",
     .flags = AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     .execute = init,
     .help = "prepare a session"},
    {.name = "+HTTPTERM",
     .flags = AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     .execute = term,
     .help = "end a session: forget its parameters and answer"},
    {.name = "+HTTPDATA",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(data_params),
     .test = "+HTTPDATA: <lent>,<data>",
     .set = data_set,
     .help = "the body of PUT and POST, with its length"},
    {.name = "+HTTPACTION",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(action_params),
     .guard = uc_needs_power,
     .test = "+HTTPACTION: (0-3)",
     .set = uc_httpaction_set,
     .help = "a request: GET (0), HEAD, PUT, POST (3)"},
    {.name = "+HTTPREAD",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+HTTPREAD",
     .execute = uc_httpread,
     .help = "the body of the answer"},
};

const struct at_table uc_http_table = {rows, sizeof rows / sizeof *rows};
