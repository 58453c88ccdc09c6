#include "service/http/http_transfer.h"

#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "service/env.h"
#include "service/http/http_headers.h"
#include "service/http/http_multi.h"
#include "service/http/http_options.h"
#include "service/http/http_outcome.h"

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = {
        [HTTP_GET] = "GET",       [HTTP_POST] = "POST", [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE", [HTTP_HEAD] = "HEAD", [HTTP_PATCH] = "PATCH",
    };
    return names[method];
}

void http_transfer_note(struct http_transfer *transfer, enum http_outcome outcome,
                        const char *format, ...)
{
    if (transfer->noted) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(transfer->why, sizeof transfer->why, format, args);
    va_end(args);
    transfer->outcome = outcome;
    transfer->noted = true;
}

/* ---- time ---- */

static void sooner(int64_t *due, int64_t from, unsigned limit)
{
    if (limit && (!*due || from + limit < *due)) {
        *due = from + limit;
    }
}

/* When the first of the limits is reached, as things are now; 0: never. */
static int64_t next_due(const struct http_transfer *transfer)
{
    const struct http_request *request = &transfer->request;
    int64_t due = 0;
    sooner(&due, transfer->begun, request->timeout_ms);
    if (transfer->stage == HTTP_CONNECTING) {
        sooner(&due, transfer->dialled, request->connect_timeout_ms);
    } else {
        sooner(&due, transfer->touched, request->stall_timeout_ms);
    }
    return due;
}

static void set_timer(struct http_transfer *transfer)
{
    struct ev_loop *loop = transfer->env->loop;
    int64_t due = next_due(transfer);
    ev_timer_stop(loop, &transfer->timer);
    if (due) {
        int64_t left = due - clock_ms();
        ev_now_update(loop);
        ev_timer_set(&transfer->timer, left > 0 ? (double)left / 1000. : 0., 0.);
        ev_timer_start(loop, &transfer->timer);
    }
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct http_transfer *transfer = timer->data;
    if (transfer->stage == HTTP_UNFIT) {
        transfer->stage = HTTP_ENDED;
        http_settle(transfer->http);
        return;
    }
    /* Bytes have moved the moment meanwhile. */
    if (next_due(transfer) > clock_ms()) {
        set_timer(transfer);
        return;
    }
    http_transfer_note(transfer, HTTP_TIMEOUT, "no answer in time: waited for %s",
                       http_outcome_waiting(transfer));
    transfer->stage = HTTP_ENDED;
    http_settle(transfer->http);
}

static void touch(struct http_transfer *transfer)
{
    transfer->touched = clock_ms();
}

/* ---- libcurl's callbacks ---- */

static const char *tls_version(const struct http_transfer *transfer)
{
    const struct curl_tlssessioninfo *session = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_TLS_SSL_PTR, &session);
    bool known = session && session->backend == CURLSSLBACKEND_OPENSSL && session->internals;
    return known ? SSL_get_version(session->internals) : "TLS";
}

/* The request is about to go out. */
static int on_connected(void *ctx, char *address, char *own_address, int port, int own_port)
{
    (void)own_address;
    (void)own_port;
    struct http_transfer *transfer = ctx;
    log_write(transfer->env->log, LEVEL_STATE, "http: connection to %s:%d (%s:%d)%s%s",
              transfer->url.host, transfer->url.port, address, port,
              transfer->url.secure ? ", " : "", transfer->url.secure ? tls_version(transfer) : "");
    if (transfer->stage == HTTP_CONNECTING) {
        transfer->stage = HTTP_CONNECTED;
        touch(transfer);
        set_timer(transfer);
    }
    return CURL_PREREQFUNC_OK;
}

/* The only one that hears of the bytes of a request. */
static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total;
    (void)up_total;
    struct http_transfer *transfer = ctx;
    if (transfer->moved != down + up) {
        transfer->moved = down + up;
        touch(transfer);
    }
    return 0;
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* False ends the transfer. */
static bool take_redirect(struct http_transfer *transfer, char *location)
{
    transfer->location = location;
    if (transfer->followed == transfer->request.redirects) {
        http_transfer_note(transfer, HTTP_REDIRECTS, "more than %u redirects",
                           transfer->request.redirects);
        return false;
    }
    return true;
}

/* Whether the length in the head is that of bytes that come. */
static bool has_body(const struct http_transfer *transfer)
{
    return transfer->method != HTTP_HEAD && transfer->status != 204 && transfer->status != 304;
}

/* The head of a response that is no redirect to follow is in. */
static bool take_final_head(struct http_transfer *transfer)
{
    const struct http_request *request = &transfer->request;
    struct http_head head = {.status = transfer->status,
                             .length = http_head_length(&transfer->head)};
    http_head_range(&transfer->head, &head.range_from, &head.range_size);
    if (request->on_head && request->on_head(transfer->ctx, &head) == HTTP_STOP) {
        http_transfer_note(transfer, HTTP_STOPPED, "stopped");
        return false;
    }
    if (!request->on_body && has_body(transfer) && head.length >= 0 &&
        (uint64_t)head.length > request->body_max) {
        http_transfer_note(transfer, HTTP_TOO_LARGE, "the body is announced with %lld bytes",
                           (long long)head.length);
        return false;
    }
    return true;
}

static bool take_head(struct http_transfer *transfer)
{
    if (transfer->request.redirects && is_redirect(transfer->status)) {
        char *location = http_head_copy(&transfer->head, "Location");
        if (location) {
            return take_redirect(transfer, location);
        }
    }
    return take_final_head(transfer);
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct http_transfer *transfer = ctx;
    size_t len = size * count;
    if (transfer->stage != HTTP_CONNECTED) {
        return 0;
    }
    touch(transfer);
    if (!transfer->head.complete) {
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        transfer->status = (int)status;
    }
    enum http_head_step step = http_head_take(&transfer->head, line, len, transfer->status);
    if (step == HTTP_HEAD_TOO_LONG) {
        http_transfer_note(transfer, HTTP_BROKEN, "the head of the response is too long");
        return 0;
    }
    return step == HTTP_HEAD_COMPLETE && !take_head(transfer) ? 0 : len;
}

/* Of a redirect: read, so that the connection can be used again, unless it is long. */
static bool skip_body(struct http_transfer *transfer, size_t len)
{
    enum { SKIPPED_MAX = 64 * 1024 };
    transfer->skipped += len;
    return transfer->skipped <= SKIPPED_MAX;
}

static bool take_body(struct http_transfer *transfer, const char *bytes, size_t len)
{
    const struct http_request *request = &transfer->request;
    if (transfer->location) {
        return skip_body(transfer, len);
    }
    transfer->received += len;
    if (request->on_body) {
        if (request->on_body(transfer->ctx, bytes, len) == HTTP_STOP) {
            http_transfer_note(transfer, HTTP_STOPPED, "stopped");
            return false;
        }
        return true;
    }
    if (len > request->body_max - buf_len(&transfer->bytes)) {
        http_transfer_note(transfer, HTTP_TOO_LARGE, "the body is longer than %zu bytes",
                           request->body_max);
        return false;
    }
    buf_add(&transfer->bytes, bytes, len);
    return true;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
    struct http_transfer *transfer = ctx;
    size_t len = size * count;
    touch(transfer);
    return transfer->stage == HTTP_CONNECTED && take_body(transfer, bytes, len) ? len : 0;
}

/* ---- life ---- */

static void copy_request(struct http_transfer *transfer, const struct http_request *request)
{
    transfer->method = request->method;
    transfer->body = mem_copy(request->body, request->len);
    transfer->len = request->len;
    transfer->request = *request;
    transfer->request.url = NULL;
    transfer->request.headers = NULL;
    transfer->request.body = NULL;
    transfer->request.tls = service_tls_copy(&request->tls);
    if (!http_url_parse(&transfer->url, request->url, strlen(request->url))) {
        http_transfer_note(transfer, HTTP_FAILED_SETUP, "not a URL that can be asked for");
    } else if (!http_headers_copy(&transfer->given, request->headers)) {
        http_transfer_note(transfer, HTTP_FAILED_SETUP, "a header line is not one");
    } else if (!network_usable(transfer->env->network)) {
        http_transfer_note(transfer, HTTP_FAILED_CONNECT, NETWORK_MISSING);
    }
}

struct http_transfer *http_transfer_create(const struct service_env *env, struct http *http,
                                           const struct http_request *request, http_done done,
                                           void *ctx)
{
    struct http_transfer *transfer = mem_zeroed(sizeof *transfer);
    transfer->env = env;
    transfer->http = http;
    transfer->done = done;
    transfer->ctx = ctx;
    transfer->begun = clock_ms();
    ev_timer_init(&transfer->timer, on_timer, 0., 0.);
    transfer->timer.data = transfer;
    copy_request(transfer, request);
    transfer->stage = transfer->noted ? HTTP_UNFIT : HTTP_CONNECTING;
    return transfer;
}

void http_transfer_remove(struct http_transfer *transfer)
{
    struct http_multi *multi = transfer->multi;
    ev_timer_stop(transfer->env->loop, &transfer->timer);
    if (multi) {
        transfer->multi = NULL;
        http_multi_remove(multi, transfer->easy);
        transfer->easy = NULL;
    }
}

void http_transfer_free(struct http_transfer *transfer)
{
    http_transfer_remove(transfer);
    curl_slist_free_all(transfer->given);
    curl_slist_free_all(transfer->headers);
    curl_slist_free_all(transfer->detour);
    http_url_free(&transfer->url);
    http_head_free(&transfer->head);
    buf_free(&transfer->bytes);
    free(transfer->location);
    free(transfer->body);
    service_tls_free(&transfer->request.tls);
    free(transfer);
}

static void set_callbacks(struct http_transfer *transfer)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
}

void http_transfer_begin(struct http_transfer *transfer, struct http_multi *multi)
{
    if (transfer->stage == HTTP_UNFIT) {
        ev_timer_start(transfer->env->loop, &transfer->timer);
        return;
    }
    transfer->stage = HTTP_CONNECTING;
    transfer->dialled = clock_ms();
    transfer->moved = 0;
    transfer->easy = http_multi_easy(multi);
    set_callbacks(transfer);
    http_options_set(transfer);
    set_timer(transfer);
    transfer->multi = multi;
    /* On a kept connection that saves a turn of the loop; elsewhere it would not count. */
    http_multi_add(multi, transfer->easy,
                   transfer->request.keep_alive && !transfer->request.on_body);
}

void http_transfer_end(struct http_transfer *transfer, CURLcode code)
{
    if (transfer->stage == HTTP_DOOMED || transfer->stage == HTTP_ENDED) {
        return;
    }
    bool connected = transfer->stage == HTTP_CONNECTED;
    transfer->stage = HTTP_ENDED;
    if (transfer->location && !transfer->noted && (code == CURLE_OK || code == CURLE_WRITE_ERROR)) {
        return; /* it is followed */
    }
    http_outcome_note(transfer, code, connected);
}
