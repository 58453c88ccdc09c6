/* HTTPC: one HTTP request. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "settings/settings.h"

enum { URL_MAX = 1024, DATA_MAX = 4096, BODY_MAX = 1024 * 1024, LIMIT_MS = 9000 };

static const struct http_settings *settings(const struct aw *aw)
{
    return settings_of(aw->env.settings, &http_settings_group);
}

struct service_tls aw_http_tls(const struct aw *aw)
{
    const struct http_settings *http = settings(aw);
    return (struct service_tls){.ca_file = http->ca_file, .insecure = http->insecure};
}

char *aw_http_url(const struct aw *aw, const char *url)
{
    return aliyun_rewrite_url(url, settings(aw)->uri);
}

static bool has_scheme(const char *text)
{
    return strncmp(text + strcspn(text, ":/?#"), "://", 3) == 0;
}

/* `http://` may be left out. The caller frees it. */
static char *whole_url(const char *text)
{
    bool whole = has_scheme(text);
    return mem_printf("%s%s", whole ? "" : "http://", text);
}

static bool url_valid(const char *bytes, size_t len)
{
    if (!text_no_nul(bytes, len)) {
        return false;
    }
    char *url = whole_url(bytes);
    bool valid = http_url_valid(url, strlen(url));
    free(url);
    return valid;
}

static void answered(void *ctx, const struct http_response *response)
{
    struct aw *aw = ctx;
    if (response->outcome != HTTP_DONE) {
        at_finish(aw->env.at, aw->waiting, AW_HTTP_FAILED);
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "+HTTPC:%zu,", response->len);
    buf_add(&line, response->bytes, response->len);
    at_info_bytes(aw->env.at, aw->waiting, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    at_finish(aw->env.at, aw->waiting, AT_OK);
}

static at_result request_set(void *ctx, struct at_call *call)
{
    static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE,
                                               HTTP_HEAD};
    static const char *const types[] = {
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: application/json",
        "Content-Type: multipart/form-data",
        "Content-Type: text/xml",
    };
    struct aw *aw = ctx;
    enum http_method method = methods[call->params[0].number];
    bool body = method == HTTP_POST || method == HTTP_PUT;
    const char *const headers[] = {types[call->params[1].number], NULL};
    char *whole = whole_url(call->params[2].text);
    char *url = aw_http_url(aw, whole);
    aw->waiting = call->ticket;
    http_send(aw->http,
              &(struct http_request){
                  .method = method,
                  .url = url,
                  .headers = body ? headers : NULL,
                  .body = body ? call->params[3].text : NULL,
                  .len = body ? call->params[3].len : 0,
                  .timeout_ms = LIMIT_MS,
                  .body_max = BODY_MAX,
                  .range_from = -1,
                  .tls = aw_http_tls(aw),
              },
              answered, aw);
    free(url);
    free(whole);
    return AT_PENDING;
}

static const struct at_param params[] = {
    {.name = "opt", .type = AT_INT, .max = 4},
    {.name = "content-type", .type = AT_INT, .max = 3},
    {.name = "url", .type = AT_STRING, .min = 1, .max = URL_MAX, .valid = url_valid},
    {.name = "data", .type = AT_STRING, .max = DATA_MAX, .flags = AT_FREE | AT_OPTIONAL},
};

static const struct at_command rows[] = {
    {.name = "+HTTPC",
     .forms = AT_SET,
     AT_PARAMS(params),
     .set = request_set,
     .help = "one HTTP request: GET (0), POST, PUT, DELETE, HEAD (4)"},
};

const struct at_table aw_http_table = {rows, sizeof rows / sizeof *rows};
