#include "service/http/http.h"
#include "service/counters.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "service/env.h"
#include "service/http/http_multi.h"
#include "service/http/http_redirect.h"
#include "service/http/http_transfer.h"

/* Connections that no transfer used for so many seconds are closed. libcurl alone would do so at
 * the next transfer, and would hold those that the server has closed until then. */
static const double idle_max = 118.;

struct http {
    const struct service_env *env;
    struct http_multi *multi; /* for the next transfer; NULL before the first */
    bool keeps;               /* it may have connections without a transfer */
    struct http_transfer *first;
    struct http_transfer *last;
    size_t count;
    ev_timer idle;
    double idle_s;
    char *last_failure; /* a failure that repeats itself is no news */
    bool *gone;         /* on the stack of http_settle() */
    struct network_listener network;
    ev_timer cut; /* never started: an event on it tells the loop that the network has gone */
};

void http_library_init(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        abort(); /* no memory */
    }
}

void http_library_cleanup(void)
{
    curl_global_cleanup();
}

static void on_idle(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    http_close_idle(timer->data);
}

/* ---- the network ---- */

static void cut_transfer(struct http_transfer *transfer)
{
    bool connected = transfer->stage == HTTP_CONNECTED;
    if (connected || transfer->stage == HTTP_CONNECTING) {
        http_transfer_note(transfer,
                           !connected         ? HTTP_FAILED_CONNECT
                           : transfer->status ? HTTP_BROKEN
                                              : HTTP_FAILED_SEND,
                           NETWORK_MISSING);
        transfer->stage = HTTP_ENDED;
    }
}

static void on_cut(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct http *http = timer->data;
    for (struct http_transfer *transfer = http->first; transfer; transfer = transfer->next) {
        cut_transfer(transfer);
    }
    http_close_idle(http);
    http_settle(http);
}

static void on_network(void *ctx)
{
    struct http *http = ctx;
    if (!network_usable(http->env->network)) {
        ev_feed_event(http->env->loop, &http->cut, EV_CUSTOM);
    }
}

struct http *http_create(const struct service_env *env)
{
    struct http *http = mem_zeroed(sizeof *http);
    http->env = env;
    ev_init(&http->idle, on_idle);
    http->idle_s = idle_max;
    http->idle.data = http;
    ev_init(&http->cut, on_cut);
    http->cut.data = http;
    http->network = (struct network_listener){.changed = on_network, .ctx = http};
    network_listen(env->network, &http->network);
    return http;
}

/* ---- the list ---- */

static void link_transfer(struct http *http, struct http_transfer *transfer)
{
    transfer->previous = http->last;
    if (http->last) {
        http->last->next = transfer;
    } else {
        http->first = transfer;
    }
    http->last = transfer;
    http->count++;
}

static void unlink_transfer(struct http *http, struct http_transfer *transfer)
{
    if (transfer->previous) {
        transfer->previous->next = transfer->next;
    } else {
        http->first = transfer->next;
    }
    if (transfer->next) {
        transfer->next->previous = transfer->previous;
    } else {
        http->last = transfer->previous;
    }
    http->count--;
}

void http_destroy(struct http *http)
{
    if (!http) {
        return;
    }
    if (http->gone) {
        *http->gone = true;
    }
    network_unlisten(http->env->network, &http->network);
    ev_clear_pending(http->env->loop, &http->cut);
    while (http->first) {
        struct http_transfer *transfer = http->first;
        unlink_transfer(http, transfer);
        http_transfer_free(transfer);
    }
    http_close_idle(http);
    free(http->last_failure);
    free(http);
}

/* ---- the end of a transfer ---- */

static void log_outcome(struct http *http, const struct http_transfer *transfer)
{
    struct log *log = http->env->log;
    bool ok = transfer->outcome == HTTP_DONE;
    const char *url = transfer->url.text ? transfer->url.text : "?";
    int shown = http_url_shown(url);
    const char *method = http_method_name(transfer->method);
    if (ok) {
        log_write(log, LEVEL_REQUEST, "http: %s %.*s: %d, %zu bytes", method, shown, url,
                  transfer->status, transfer->received);
        free(http->last_failure);
        http->last_failure = NULL;
        return;
    }
    char *text = mem_printf("http: %s %.*s: %s", method, shown, url, transfer->why);
    bool known = http->last_failure && strcmp(text, http->last_failure) == 0;
    bool asked = transfer->outcome == HTTP_STOPPED;
    log_write(log, known || asked ? LEVEL_REQUEST : LEVEL_WARNING, "%s", text);
    if (!asked) {
        free(http->last_failure);
        http->last_failure = text;
        text = NULL;
    }
    free(text);
}

static void deliver(struct http *http, struct http_transfer *transfer)
{
    unlink_transfer(http, transfer);
    http_transfer_remove(transfer);
    log_outcome(http, transfer);
    if (transfer->outcome == HTTP_DONE) {
        SERVICE_COUNT(http->env, http_done);
    } else {
        SERVICE_COUNT(http->env, http_failed);
    }
    struct http_response response = {
        .outcome = transfer->outcome,
        .status = transfer->status,
        .line = buf_text(&transfer->head.line),
        .head = buf_text(&transfer->head.text),
        .head_len = buf_len(&transfer->head.text),
        .bytes = buf_text(&transfer->bytes),
        .len = buf_len(&transfer->bytes),
        .why = transfer->why,
    };
    transfer->done(transfer->ctx, &response); /* may have freed http */
    http_transfer_free(transfer);
}

/* One that has ended, or NULL. */
static struct http_transfer *take_ended(const struct http *http)
{
    struct http_transfer *transfer = http->first;
    while (transfer && transfer->stage != HTTP_ENDED && transfer->stage != HTTP_DOOMED) {
        transfer = transfer->next;
    }
    return transfer;
}

static void on_ended(CURL *easy, CURLcode code)
{
    char *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    http_transfer_end((struct http_transfer *)(void *)transfer, code);
}

static void on_settled(void *ctx)
{
    http_settle(ctx);
}

static const struct http_multi_events multi_events = {on_ended, on_settled};

static void begin(struct http *http, struct http_transfer *transfer)
{
    if (!http->multi && transfer->stage != HTTP_UNFIT) {
        http->multi = http_multi_create(http->env->loop, &multi_events, http);
        http->keeps = false;
    }
    http->keeps |= transfer->request.keep_alive;
    http_transfer_begin(transfer, http->multi);
}

static void take_up(struct http *http, struct http_transfer *transfer)
{
    if (transfer->stage == HTTP_DOOMED) {
        unlink_transfer(http, transfer);
        http_transfer_free(transfer);
    } else if (!transfer->noted && http_redirect_follow(transfer)) {
        http_transfer_remove(transfer);
        begin(http, transfer);
    } else {
        deliver(http, transfer);
    }
}

/* Nothing is under way: what can be given back is. */
static void rest(struct http *http)
{
    if (!http->keeps) {
        http_close_idle(http);
    } else if (http->multi) {
        ev_timer_stop(http->env->loop, &http->idle);
        ev_timer_set(&http->idle, http->idle_s, 0.);
        ev_timer_start(http->env->loop, &http->idle);
    }
}

void http_settle(struct http *http)
{
    bool gone = false;
    struct http_transfer *transfer;
    http->gone = &gone;
    while (!gone && (transfer = take_ended(http))) {
        take_up(http, transfer);
    }
    if (gone) {
        return;
    }
    http->gone = NULL;
    if (!http->first) {
        rest(http);
    }
}

/* ---- the interface ---- */

struct http_transfer *http_send(struct http *http, const struct http_request *request,
                                http_done done, void *ctx)
{
    struct http_transfer *transfer = http_transfer_create(http->env, http, request, done, ctx);
    link_transfer(http, transfer);
    ev_timer_stop(http->env->loop, &http->idle);
    begin(http, transfer);
    return transfer;
}

void http_cancel(struct http_transfer *transfer)
{
    if (!transfer) {
        return;
    }
    struct http *http = transfer->http;
    if (transfer->multi && http_multi_busy(transfer->multi)) {
        transfer->stage = HTTP_DOOMED;
        return;
    }
    unlink_transfer(http, transfer);
    http_transfer_free(transfer);
    if (!http->first) {
        rest(http);
    }
}

void http_close_idle(struct http *http)
{
    ev_timer_stop(http->env->loop, &http->idle);
    http_multi_retire(http->multi);
    http->multi = NULL;
}

void http_keep_for(struct http *http, double seconds)
{
    http->idle_s = seconds;
}

size_t http_outstanding(const struct http *http)
{
    return http->count;
}
