#include "service/http/http_redirect.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/http/http_headers.h"
#include "service/http/http_transfer.h"

/* What one server may know and another may not; "password" is what Alibaba Cloud's HTTP login
 * carries its token in. */
static const char *const personal[] = {
    "Authorization", "Proxy-Authorization", "Cookie", "password", "Host", NULL};
static const char *const of_the_body[] = {"Content-", NULL};

static bool becomes_get(int status, enum http_method method)
{
    if (status == 303) {
        return method != HTTP_HEAD;
    }
    return (status == 301 || status == 302) && method == HTTP_POST;
}

/* What the response of the redirect has left. */
static void forget_response(struct http_transfer *transfer)
{
    http_head_free(&transfer->head);
    free(transfer->location);
    transfer->location = NULL;
    transfer->skipped = 0;
    transfer->status = 0;
    *transfer->error = '\0';
}

bool http_redirect_follow(struct http_transfer *transfer)
{
    struct http_url url = {0};
    char *text = http_url_join(&transfer->url, transfer->location);
    bool ok = text && http_url_parse(&url, text, strlen(text));
    free(text);
    if (!ok) {
        http_transfer_note(transfer, HTTP_REDIRECTS, "a redirect to what is no http(s) URL");
        return false;
    }
    log_write(transfer->env->log, LEVEL_REQUEST, "http: %d: on to %.*s", transfer->status,
              http_url_shown(url.text), url.text);
    if (!http_url_same_origin(&url, &transfer->url)) {
        http_headers_drop(&transfer->given, personal);
    }
    if (becomes_get(transfer->status, transfer->method)) {
        transfer->method = HTTP_GET;
        transfer->len = 0;
        http_headers_drop(&transfer->given, of_the_body);
    }
    http_url_free(&transfer->url);
    transfer->url = url;
    transfer->followed++;
    forget_response(transfer);
    return true;
}
