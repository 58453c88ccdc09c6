#include "service/coap/coap_client.h"

#include <ev.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "service/coap/coap_state.h"
#include "service/env.h"

/* Seconds after the last request for which a session is kept: a DTLS handshake is dear. */
static const double IDLE_PLAIN = 60;
static const double IDLE_SECURE = 300;

void coap_client_need_work(struct coap_client *client)
{
    if (!ev_is_pending(&client->work)) {
        ev_feed_event(client->env->loop, &client->work, EV_CUSTOM);
    }
}

static void set_idle(struct coap_client *client)
{
    bool secure = client->options.security != COAP_CLIENT_PLAIN;
    ev_timer_stop(client->env->loop, &client->idle);
    if (client->link && !client->requests) {
        ev_timer_set(&client->idle, secure ? IDLE_SECURE : IDLE_PLAIN, 0);
        ev_timer_start(client->env->loop, &client->idle);
    }
}

static void on_idle(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct coap_client *client = timer->data;
    coap_ways_end(client);
}

/* What is under way ends with the network, sessions too. */
static void cut(struct coap_client *client)
{
    client->cut = false;
    if (client->requests) {
        coap_outcome_log(client, true, NETWORK_MISSING);
    }
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (!request->finished) {
            coap_outcome_set(request, COAP_CLIENT_UNREACHABLE, NETWORK_MISSING);
        }
    }
    coap_ways_end(client);
}

static void on_network(void *ctx)
{
    struct coap_client *client = ctx;
    if (!network_usable(client->env->network)) {
        client->cut = true;
        coap_client_need_work(client);
    }
}

static void on_work(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct coap_client *client = timer->data;
    if (client->cut) {
        cut(client);
    }
    coap_ways_go(client);
    if (coap_outcome_deliver(client)) {
        coap_ways_tidy(client);
        set_idle(client);
    }
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct coap_request *request = timer->data;
    struct coap_client *client = request->client;
    double left = request->deadline - clock_seconds();
    if (left > 0) { /* the loop's time was old when the timer was set */
        ev_timer_set(timer, left, 0);
        ev_timer_start(loop, timer);
        return;
    }
    const char *why = "no time was left for it";
    enum coap_client_outcome outcome = COAP_CLIENT_TIMEOUT;
    if (request->link) {
        outcome = coap_link_stage(request->link, &why);
        if (!coap_link_peer(request->link)) {
            coap_outcome_log(client, true, why);
        }
        coap_ways_doubt(client, request);
    }
    coap_outcome_set(request, outcome, why);
}

static void log_request(const struct coap_request *request)
{
    struct log *log = request->client->env->log;
    char text[120];
    if (log_wants(log, LEVEL_REQUEST)) {
        log_write(log, LEVEL_REQUEST, "coap: %u: %s%s, %zu bytes", request->number,
                  coap_request_text(request, text, sizeof text),
                  request->confirmable ? "" : " (NON)", request->blocks.len);
    }
}

static uint16_t start(struct coap_client *client, struct coap_request *request, unsigned timeout_ms,
                      coap_client_done done, void *ctx)
{
    struct ev_loop *loop = client->env->loop;
    request->client = client;
    request->done = done;
    request->ctx = ctx;
    request->number = request->token = coap_ways_new_token(client);
    request->deadline = clock_seconds() + timeout_ms / 1000.0;
    ev_timer_init(&request->timer, on_timeout, timeout_ms / 1000.0, 0);
    request->timer.data = request;
    ev_timer_start(loop, &request->timer);
    ev_timer_stop(loop, &client->idle);
    struct coap_request **end = &client->requests;
    while (*end) {
        end = &(*end)->next;
    }
    *end = request;
    client->count++;
    log_request(request);
    if (!network_usable(client->env->network)) {
        coap_outcome_log(client, true, NETWORK_MISSING);
        coap_outcome_set(request, COAP_CLIENT_UNREACHABLE, NETWORK_MISSING);
        return request->number;
    }
    coap_ways_go(client); /* at once: the answer is on its way while the caller goes on */
    return request->number;
}

uint16_t coap_client_send(struct coap_client *client, const struct coap_client_request *request,
                          coap_client_done done, void *ctx)
{
    if (client->count >= COAP_CLIENT_REQUESTS_MAX || request->len > COAP_CLIENT_BODY_MAX) {
        return 0;
    }
    return start(client, coap_request_create(request, client->options.host), request->timeout_ms,
                 done, ctx);
}

uint16_t coap_client_ping(struct coap_client *client, unsigned timeout_ms, coap_client_done done,
                          void *ctx)
{
    if (client->count >= COAP_CLIENT_REQUESTS_MAX) {
        return 0;
    }
    return start(client, coap_request_create_ping(), timeout_ms, done, ctx);
}

size_t coap_client_outstanding(const struct coap_client *client)
{
    return client->count;
}

/* ---- life ---- */

static void copy_options(struct coap_client_options *to, const struct coap_client_options *from)
{
    *to = *from;
    to->host = mem_string(from->host);
    to->tls = service_tls_copy(&from->tls);
    to->psk_identity = mem_string(from->psk_identity);
    to->psk_key = mem_copy(from->psk_key, from->psk_key_len);
}

static void free_text(const void *text)
{
    free((void *)(uintptr_t)text);
}

static void free_options(struct coap_client_options *options)
{
    mem_wipe((void *)(uintptr_t)options->psk_key, options->psk_key_len);
    free_text(options->host);
    service_tls_free(&options->tls);
    free_text(options->psk_identity);
    free_text(options->psk_key);
}

struct coap_client *coap_client_create(const struct service_env *env,
                                       const struct coap_client_options *options)
{
    struct coap_client *client = mem_zeroed(sizeof *client);
    client->env = env;
    copy_options(&client->options, options);
    ev_init(&client->work, on_work);
    client->work.data = client;
    ev_init(&client->idle, on_idle);
    client->idle.data = client;
    client->network = (struct network_listener){.changed = on_network, .ctx = client};
    network_listen(env->network, &client->network);
    return client;
}

void coap_client_destroy(struct coap_client *client)
{
    if (!client) {
        return;
    }
    if (client->gone) {
        *client->gone = true;
    }
    network_unlisten(client->env->network, &client->network);
    ev_clear_pending(client->env->loop, &client->work);
    ev_timer_stop(client->env->loop, &client->idle);
    coap_ways_end(client);
    while (client->requests) {
        struct coap_request *request = client->requests;
        client->requests = request->next;
        ev_timer_stop(client->env->loop, &request->timer);
        coap_request_destroy(request);
    }
    free_options(&client->options);
    free(client);
}
