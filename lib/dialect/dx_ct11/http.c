/* HTTPPARA, HTTPRQH, HTTPDATA: what HTTPACTION will ask for. */
#include "dialect/dx_ct11/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"

enum { URL_MAX = 512, KEY_MAX = 50, VALUE_MAX = 255, BODY_MAX = 1024 };

/* ---- HTTPPARA ---- */

static at_result para_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    return dx_fields_read(&dx->http.server, call);
}

static at_result para_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    dx_fields_take(&dx->http.server, call);
    return AT_OK;
}

/* ---- HTTPRQH ---- */

static size_t find(const struct dx_http *http, const char *key)
{
    size_t i = 0;
    while (i < http->header_count && strcasecmp(http->headers[i].key, key) != 0) {
        i++;
    }
    return i;
}

static void drop(struct dx_http *http, size_t i)
{
    free(http->headers[i].key);
    free(http->headers[i].value);
    http->header_count--;
    memmove(&http->headers[i], &http->headers[i + 1],
            (http->header_count - i) * sizeof http->headers[0]);
}

static at_result header_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    for (size_t i = 0; i < dx->http.header_count; i++) {
        char *line =
            mem_printf("+HTTPRQH:%s:%s", dx->http.headers[i].key, dx->http.headers[i].value);
        at_info_bytes(call->at, call->ticket, line, strlen(line), true);
        free(line);
    }
    return AT_OK;
}

/* An empty value takes the header out. */
static at_result header_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    struct dx_http *http = &dx->http;
    const char *key = call->params[0].text;
    const char *value = call->params[1].text;
    size_t i = find(http, key);
    if (!*value) {
        if (i < http->header_count) {
            drop(http, i);
        }
        return AT_OK;
    }
    if (i == DX_HEADERS_MAX) {
        return DX_STATE;
    }
    if (i == http->header_count) {
        http->headers[http->header_count++] = (struct dx_header){0};
    }
    free(http->headers[i].key);
    free(http->headers[i].value);
    http->headers[i] = (struct dx_header){mem_string(key), mem_string(value)};
    return AT_OK;
}

/* ---- HTTPDATA ---- */

static at_result body_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    size_t len = (size_t)call->params[0].number;
    if (len == 0) {
        buf_free(&dx->http.body);
        return AT_OK;
    }
    at_open_data(call, AT_END_COUNT, len, AT_PROMPT_CHEVRON);
    return AT_DATA;
}

static at_result body_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    struct dx *dx = ctx;
    (void)call;
    buf_clear(&dx->http.body);
    buf_add(&dx->http.body, bytes, len);
    return AT_OK;
}

/* ---- life ---- */

void dx_http_power_on(struct dx *dx)
{
    dx->http.service = http_create(dx->env.services);
}

void dx_http_power_off(struct dx *dx)
{
    struct dx_http *http = &dx->http;
    http_destroy(http->service);
    dx_fields_free(&http->server);
    while (http->header_count) {
        drop(http, http->header_count - 1);
    }
    buf_free(&http->body);
    *http = (struct dx_http){0};
}

/* ---- the table ---- */

static bool url_valid(const char *bytes, size_t len)
{
    char *url = len && text_no_nul(bytes, len) ? http_url_with(bytes, false, 0) : NULL;
    bool good = url != NULL;
    free(url);
    return good;
}

/* A field name of RFC 9110 5.1. */
static bool key_valid(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!letter && (!c || !strchr("!#$%&'*+-.^_`|~", c))) {
            return false;
        }
    }
    return len > 0;
}

static bool value_valid(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static const struct at_param para_params[] = {
    {.name = "url", .type = AT_STRING, .max = URL_MAX, .valid = url_valid},
    {.name = "port", .type = AT_INT, .max = 65535},
    {.name = "type", .type = AT_INT, .max = 1},
    {.name = "cert", .type = AT_INT, .max = 1},
};
static const struct at_param header_params[] = {
    {.name = "key", .type = AT_STRING, .max = KEY_MAX, .valid = key_valid},
    {.name = "value",
     .type = AT_STRING,
     .max = VALUE_MAX,
     .flags = AT_FREE | AT_EMPTY | AT_SECRET, /* Authorization is one of them */
     .valid = value_valid},
};
static const struct at_param body_params[] = {
    {.name = "data_len", .type = AT_INT, .max = BODY_MAX},
};
static const struct at_param action_params[] = {
    {.name = "request", .type = AT_INT, .max = 4},
};

static const struct at_command rows[] = {
    {.name = "+HTTPPARA",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(para_params),
     .read = para_read,
     .set = para_set,
     .help = "URL, port, HTTP or HTTPS, whether the server is verified"},
    {.name = "+HTTPRQH",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(header_params),
     .read = header_read,
     .set = header_set,
     .help = "a header of requests; an empty value takes it out"},
    {.name = "+HTTPDATA",
     .forms = AT_SET,
     AT_PARAMS(body_params),
     .set = body_set,
     .data = body_data,
     .help = "the body of POST and PUT; 0: none"},
    {.name = "+HTTPACTION",
     .forms = AT_SET,
     AT_PARAMS(action_params),
     .set = dx_httpaction_set,
     .help = "a request: GET (0), POST, PUT, DELETE, HEAD (4)"},
};

const struct at_table dx_http_table = {rows, sizeof rows / sizeof *rows};
