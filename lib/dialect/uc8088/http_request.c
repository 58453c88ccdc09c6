/* HTTPACTION: the request and its answer; HTTPREAD. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/uc8088/http.h"
#include "dialect/uc8088/instance.h"
#include "settings/settings.h"

enum { ANSWER_MAX = 1024 * 1024 };

/* States of +HTTPACTION, of the manual's table. */
enum http_state {
    STATE_DONE = 0,
    STATE_PARAMETER = 101,
    STATE_TOO_LARGE = 105,
    STATE_NETWORK = 202,
    STATE_CONNECTION = 203,
    STATE_TLS = 206,
    STATE_TIMEOUT = 208,
    STATE_PROTOCOL = 209,
};

/* ---- where to ---- */

struct parts {
    bool secure;
    const char *authority;
    size_t authority_len;
    bool has_port;
    const char *rest;
};

static bool begins(const char *text, const char *word, size_t *len)
{
    *len = strlen(word);
    return strncasecmp(text, word, *len) == 0;
}

/* With a scheme, whose slashes may lean the other way, or without one. */
static struct parts split(const char *url)
{
    struct parts parts = {0};
    size_t len;
    parts.secure = begins(url, "https://", &len) || begins(url, "https:\\\\", &len);
    if (parts.secure || begins(url, "http://", &len) || begins(url, "http:\\\\", &len)) {
        url += len;
    }
    parts.authority = url;
    parts.authority_len = strcspn(url, "/?#");
    parts.rest = url + parts.authority_len;
    size_t colon = parts.authority_len;
    while (colon && parts.authority[colon - 1] != ':' && parts.authority[colon - 1] != ']') {
        colon--;
    }
    parts.has_port = colon && parts.authority[colon - 1] == ':';
    return parts;
}

/* A URL of these, of path and port what it lacks. The caller frees. */
static char *join(const char *url, bool secure, int port, const char *path)
{
    struct parts parts = split(url);
    struct buf text = {0};
    if (!parts.authority_len || parts.authority[parts.authority_len - 1] == ':') {
        return NULL; /* another scheme, mostly */
    }
    buf_add_text(&text, secure || parts.secure ? "https://" : "http://");
    buf_add(&text, parts.authority, parts.authority_len);
    if (port && !parts.has_port) {
        buf_printf(&text, ":%d", port);
    }
    if (path && *parts.rest != '/') {
        buf_add_text(&text, *path == '/' ? "" : "/");
        buf_add_text(&text, path);
    }
    buf_add_text(&text, parts.rest);
    char *joined =
        http_url_valid(buf_text(&text), buf_len(&text)) ? mem_string(buf_text(&text)) : NULL;
    buf_free(&text);
    return joined;
}

bool uc_http_url_valid(const char *text)
{
    char *url = *text ? join(text, false, 0, NULL) : NULL;
    bool valid = url || !*text;
    free(url);
    return valid;
}

char *uc_http_url(const struct uc_http *http)
{
    return join(http->url, http->tls, http->port, http->path);
}

/* ---- the answer ---- */

/* +HTTPREAD:<len>, and the body, in one piece: nothing falls between. */
static void make_block(const struct uc *uc, struct buf *block)
{
    const struct buf *answer = &uc->http.answer;
    bool split_up = uc->settings->httpread == UC_HTTPREAD_SPLIT && buf_len(answer);
    buf_printf(block, "+HTTPREAD:%zu,%s", buf_len(answer), split_up ? "\r\n" : "");
    buf_add(block, buf_bytes(answer), buf_len(answer));
}

at_result uc_httpread(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    struct buf block = {0};
    if (!uc->http.answered) {
        return UC_NOT_FOUND;
    }
    make_block(uc, &block);
    at_info_bytes(call->at, call->ticket, buf_bytes(&block), buf_len(&block), false);
    buf_free(&block);
    return AT_OK;
}

static void report(const struct uc *uc)
{
    struct buf block = {0};
    make_block(uc, &block);
    at_urc(uc->env.at, &(struct at_urc){.line = buf_bytes(&block), .len = buf_len(&block)});
    buf_free(&block);
}

static enum http_state state_of(const struct uc *uc, const struct http_response *response)
{
    if (!network_usable(uc->env.network)) {
        return STATE_NETWORK;
    }
    switch (response->outcome) {
    case HTTP_DONE:
        return STATE_DONE;
    case HTTP_FAILED_SETUP:
        return STATE_PARAMETER;
    case HTTP_FAILED_RESOLVE:
        return STATE_NETWORK;
    case HTTP_FAILED_CONNECT:
    case HTTP_FAILED_SEND:
        return STATE_CONNECTION;
    case HTTP_FAILED_TLS:
        return STATE_TLS;
    case HTTP_TIMEOUT:
        return STATE_TIMEOUT;
    case HTTP_TOO_LARGE:
        return STATE_TOO_LARGE;
    case HTTP_BROKEN:
    case HTTP_REDIRECTS:
    case HTTP_STOPPED:
        break;
    }
    return STATE_PROTOCOL;
}

static void answered(void *ctx, const struct http_response *response)
{
    struct uc *uc = ctx;
    struct uc_http *http = &uc->http;
    enum http_state state = response->outcome == HTTP_DONE ? STATE_DONE : state_of(uc, response);
    if (state == STATE_DONE) {
        http->answered = true;
        buf_add(&http->answer, response->bytes, response->len);
    }
    at_info(uc->env.at, uc->waiting, "+HTTPACTION:%d,%zu", (int)state, buf_len(&http->answer));
    at_finish(uc->env.at, uc->waiting, state == STATE_DONE ? AT_OK : AT_ERROR);
    if (state == STATE_DONE && http->mode) {
        report(uc);
    }
}

/* ---- the request ---- */

static const enum http_method methods[] = {HTTP_GET, HTTP_HEAD, HTTP_PUT, HTTP_POST};

static void send_request(struct uc *uc, enum http_method method, const char *url)
{
    struct uc_http *http = &uc->http;
    const struct http_settings *settings = settings_of(uc->env.settings, &http_settings_group);
    bool body = method == HTTP_PUT || method == HTTP_POST;
    const char *lines[UC_HEADERS_MAX + 1] = {0};
    for (size_t i = 0; i < http->header_count; i++) {
        lines[i] = http->headers[i];
    }
    http_send(http->service,
              &(struct http_request){
                  .method = method,
                  .url = url,
                  .headers = lines,
                  .body = body ? buf_bytes(&http->body) : NULL,
                  .len = body ? buf_len(&http->body) : 0,
                  .http1 = true,
                  .timeout_ms = (unsigned)http->timeout_s * 1000,
                  .body_max = ANSWER_MAX,
                  .range_from = -1,
                  .tls = {.ca_file = settings->ca_file, .insecure = settings->insecure},
              },
              answered, uc);
}

static at_result refuse(struct at_call *call, enum http_state state)
{
    at_info(call->at, call->ticket, "+HTTPACTION:%d,0", (int)state);
    return AT_ERROR;
}

/* A name of Alibaba's cloud leads to http.uri, where that is set. */
at_result uc_httpaction_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_http *http = &uc->http;
    const struct http_settings *settings = settings_of(uc->env.settings, &http_settings_group);
    if (!http->url) {
        return UC_PARAMETER;
    }
    buf_clear(&http->answer);
    http->answered = false;
    if (uc_activate_any(uc, call) != AT_OK) {
        return refuse(call, STATE_NETWORK);
    }
    char *url = uc_http_url(http);
    if (!url) {
        return refuse(call, STATE_PARAMETER);
    }
    char *target = aliyun_rewrite_url(url, settings->uri);
    uc->waiting = call->ticket;
    send_request(uc, methods[call->params[0].number], target);
    free(target);
    free(url);
    return AT_PENDING;
}
