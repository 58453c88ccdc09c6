/* HTTPACTION: the request and its response. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/dx_ct11/instance.h"
#include "settings/settings.h"

enum { LIMIT_MS = 60000, BODY_MAX = 1024 * 1024, BLOCK = 1024 };
enum { PARA_URL, PARA_PORT, PARA_SECURE, PARA_VERIFIED };

static const enum http_method methods[] = {HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_HEAD};

/* ---- the response ---- */

static void show_lines(const struct dx *dx, const char *lines)
{
    while (*lines) {
        size_t len = strcspn(lines, "\r");
        at_info_bytes(dx->env.at, dx->waiting, lines, len, false);
        lines += len;
        lines += strspn(lines, "\r\n");
    }
}

/* `$HTTPRECV:DATA,<n>` and n bytes as they are, in one piece: nothing falls between. */
static void show_block(const struct dx *dx, const char *bytes, size_t len)
{
    struct buf block = {0};
    buf_printf(&block, "$HTTPRECV:DATA,%zu\r\n", len);
    buf_add(&block, bytes, len);
    at_info_bytes(dx->env.at, dx->waiting, buf_bytes(&block), buf_len(&block), false);
    buf_free(&block);
}

static void answered(void *ctx, const struct http_response *response)
{
    struct dx *dx = ctx;
    if (response->outcome != HTTP_DONE) {
        at_finish(dx->env.at, dx->waiting, DX_NO_SERVER);
        return;
    }
    show_lines(dx, response->line);
    show_lines(dx, response->head);
    for (size_t at = 0; at < response->len; at += BLOCK) {
        size_t left = response->len - at;
        show_block(dx, response->bytes + at, left < BLOCK ? left : BLOCK);
    }
    at_finish(dx->env.at, dx->waiting, AT_OK);
}

/* ---- the request ---- */

/* A name of Alibaba's cloud leads to http.uri, where that is set. The caller frees. */
static char *url_of(const struct dx *dx, const struct http_settings *http)
{
    const struct dx_fields *server = &dx->http.server;
    char *url = http_url_with(dx_field(server, PARA_URL), dx_field_number(server, PARA_SECURE) == 1,
                              (int)dx_field_number(server, PARA_PORT));
    char *target = aliyun_rewrite_url(url, http->uri);
    free(url);
    return target;
}

static bool typed(const struct dx_http *http)
{
    size_t i = 0;
    while (i < http->header_count && strcasecmp(http->headers[i].key, "Content-Type") != 0) {
        i++;
    }
    return i < http->header_count;
}

/* Lines, NULL at the end; the caller frees each. */
static void lines_of(const struct dx_http *http, bool body, char *lines[DX_HEADERS_MAX + 2])
{
    size_t count = 0;
    for (size_t i = 0; i < http->header_count; i++) {
        lines[count++] = mem_printf("%s: %s", http->headers[i].key, http->headers[i].value);
    }
    if (body && !typed(http)) {
        lines[count++] = mem_string("Content-Type: application/octet-stream");
    }
    lines[count] = NULL;
}

at_result dx_httpaction_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    const struct http_settings *http = settings_of(dx->env.settings, &http_settings_group);
    if (!dx->http.server.count) {
        return DX_STATE;
    }
    enum http_method method = methods[call->params[0].number];
    bool body = method == HTTP_POST || method == HTTP_PUT;
    bool verified = dx_field_number(&dx->http.server, PARA_VERIFIED) == 1;
    char *url = url_of(dx, http);
    char *lines[DX_HEADERS_MAX + 2];
    lines_of(&dx->http, body, lines);
    dx->waiting = call->ticket;
    http_send(dx->http.service,
              &(struct http_request){
                  .method = method,
                  .url = url,
                  .headers = (const char *const *)lines,
                  .body = body ? buf_bytes(&dx->http.body) : NULL,
                  .len = body ? buf_len(&dx->http.body) : 0,
                  .http1 = true,
                  .timeout_ms = LIMIT_MS,
                  .body_max = BODY_MAX,
                  .range_from = -1,
                  .tls = {.ca_pem = kept_text(&dx->kept, DX_HTTP_CERT),
                          .ca_file = http->ca_file,
                          .insecure = http->insecure || !verified},
              },
              answered, dx);
    for (size_t i = 0; lines[i]; i++) {
        free(lines[i]);
    }
    free(url);
    return AT_PENDING;
}
