#include "service/coap/coap_client.h"

#include <ev.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/coap/coap_link.h"
#include "service/coap/coap_request.h"
#include "service/env.h"

/* Seconds after the last request for which a session is kept: a DTLS handshake is dear. */
static const double IDLE_PLAIN = 60;
static const double IDLE_SECURE = 300;

/* A link that takes no new requests but still has some. */
struct retired {
    struct retired *next;
    struct coap_link *link;
};

struct coap_client {
    const struct service_env *env;
    struct coap_client_options options;
    struct coap_request *requests; /* in the order in which they were sent */
    size_t count;
    struct coap_link *link; /* for new requests; NULL: to be made */
    struct retired *retired;
    unsigned first; /* of the addresses, the one to begin with */
    ev_timer work;  /* there is something to do, from the loop */
    ev_timer idle;
    bool *gone;       /* set by coap_client_destroy() inside a callback */
    char warned[300]; /* the last failure that was told as a warning */
};

static void need_work(struct coap_client *client)
{
    ev_timer_start(client->env->loop, &client->work);
}

/* ---- outcomes ---- */

static void finish(struct coap_request *request, enum coap_client_outcome outcome, const char *why)
{
    ev_timer_stop(request->client->env->loop, &request->timer);
    request->finished = true;
    request->due = false;
    request->link = NULL;
    request->outcome = outcome;
    snprintf(request->why, sizeof request->why, "%s", why);
    need_work(request->client);
}

static void log_outcome(const struct coap_request *request)
{
    struct log *log = request->client->env->log;
    const struct coap_blocks *blocks = &request->blocks;
    if (request->outcome == COAP_CLIENT_RESPONSE) {
        log_write(log, LEVEL_REQUEST, "coap: %u: %d.%02d, %zu bytes", request->number,
                  blocks->code / 100, blocks->code % 100, buf_len(&blocks->answer));
    } else {
        log_write(log, LEVEL_REQUEST, "coap: %u: %s", request->number, request->why);
    }
}

static void deliver(struct coap_request *request)
{
    struct coap_blocks *blocks = &request->blocks;
    bool response = request->outcome == COAP_CLIENT_RESPONSE;
    if (!response) {
        coap_blocks_restart(blocks); /* nothing of half a response */
    }
    struct coap_client_response told = {
        .outcome = request->outcome,
        .code = blocks->code,
        .bytes = buf_text(&blocks->answer),
        .len = buf_len(&blocks->answer),
        .options = blocks->options,
        .option_count = blocks->option_count,
        .why = request->why,
    };
    log_outcome(request);
    request->done(request->ctx, request->number, &told);
    coap_request_destroy(request);
}

static void remove_request(struct coap_client *client, struct coap_request *request)
{
    struct coap_request **at = &client->requests;
    while (*at != request) {
        at = &(*at)->next;
    }
    *at = request->next;
    client->count--;
}

/* False: the client is gone. */
static bool deliver_all(struct coap_client *client)
{
    bool gone = false;
    client->gone = &gone;
    for (struct coap_request *request = client->requests; request && !gone;) {
        if (!request->finished) {
            request = request->next;
            continue;
        }
        remove_request(client, request);
        deliver(request);
        request = gone ? NULL : client->requests;
    }
    if (!gone) {
        client->gone = NULL;
    }
    return !gone;
}

/* ---- links ---- */

static bool has_requests(const struct coap_client *client, const struct coap_link *link)
{
    for (const struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            return true;
        }
    }
    return false;
}

/* New requests get a new one: another look-up, another socket, another handshake. */
static void retire(struct coap_client *client, struct coap_link *link)
{
    if (client->link == link) {
        struct retired *entry = mem_zeroed(sizeof *entry);
        *entry = (struct retired){client->retired, link};
        client->retired = entry;
        client->link = NULL;
    }
}

static void end_link(struct coap_client *client, struct coap_link *link)
{
    if (client->link == link) {
        client->link = NULL;
    }
    for (struct retired **at = &client->retired; *at; at = &(*at)->next) {
        if ((*at)->link == link) {
            struct retired *entry = *at;
            *at = entry->next;
            free(entry);
            break;
        }
    }
    coap_link_destroy(link);
}

static void end_idle_links(struct coap_client *client)
{
    for (struct retired *entry = client->retired; entry;) {
        struct coap_link *link = entry->link;
        entry = entry->next;
        if (!has_requests(client, link)) {
            end_link(client, link);
        }
    }
    /* Nobody waits for a handshake any more. */
    if (client->link && !coap_link_peer(client->link) && !has_requests(client, client->link)) {
        end_link(client, client->link);
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
    if (client->link) {
        end_link(client, client->link);
    }
}

/* ---- events of links ---- */

static void on_up(void *ctx, struct coap_link *link)
{
    struct coap_client *client = ctx;
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            coap_request_restart(request);
        }
    }
    need_work(client);
}

static void on_down(void *ctx, struct coap_link *link, enum coap_client_outcome outcome,
                    const char *why)
{
    struct coap_client *client = ctx;
    bool waited_for = has_requests(client, link);
    bool known = strcmp(why, client->warned) == 0;
    log_write(client->env->log, waited_for && !known ? LEVEL_WARNING : LEVEL_STATE,
              "coap: %s:%d: %s", client->options.host, client->options.port, why);
    if (waited_for) {
        snprintf(client->warned, sizeof client->warned, "%s", why);
    }
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            finish(request, outcome, why);
        }
    }
    end_link(client, link);
}

static struct coap_request *find_mid(const struct coap_client *client, const struct coap_link *link,
                                     coap_mid_t mid)
{
    struct coap_request *request = client->requests;
    while (request && (request->link != link || request->mid != mid)) {
        request = request->next;
    }
    return request;
}

static struct coap_request *find_token(const struct coap_client *client,
                                       const struct coap_link *link, const coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    if (token.length != 2) {
        return NULL;
    }
    struct coap_request *request = client->requests;
    unsigned value = (unsigned)token.s[0] << 8 | token.s[1];
    while (request && (request->link != link || request->ping || request->mid == COAP_INVALID_MID ||
                       request->token != value)) {
        request = request->next;
    }
    return request;
}

static void take_response(struct coap_request *request, const coap_pdu_t *pdu);

static bool on_answer(void *ctx, struct coap_link *link, const coap_pdu_t *pdu)
{
    struct coap_client *client = ctx;
    *client->warned = '\0';
    struct coap_request *request = find_token(client, link, pdu);
    if (request) {
        take_response(request, pdu);
        return true;
    }
    request = find_mid(client, link, coap_pdu_get_mid(pdu));
    if (request && request->ping && coap_pdu_get_type(pdu) == COAP_MESSAGE_ACK) {
        take_response(request, pdu);
        return true;
    }
    return false;
}

static void on_unanswered(void *ctx, struct coap_link *link, coap_mid_t mid, bool reset)
{
    struct coap_client *client = ctx;
    struct coap_request *request = find_mid(client, link, mid);
    if (request && reset) {
        *client->warned = '\0';
        finish(request, COAP_CLIENT_RESET, "the server has answered with a reset");
    } else if (request) {
        coap_request_unanswered(request);
        need_work(client);
    }
}

static const struct coap_link_events link_events = {
    .up = on_up,
    .down = on_down,
    .answer = on_answer,
    .unanswered = on_unanswered,
};

/* ---- requests ---- */

static bool token_taken(const struct coap_client *client, unsigned token)
{
    for (const struct coap_request *request = client->requests; request; request = request->next) {
        if (request->number == token || request->token == token) {
            return true;
        }
    }
    return false;
}

static uint16_t new_token(const struct coap_client *client)
{
    uint16_t token = 0;
    do {
        if (RAND_bytes((unsigned char *)&token, sizeof token) != 1) {
            abort(); /* no randomness, no security */
        }
    } while (token == 0 || token_taken(client, token));
    return token;
}

static void take_response(struct coap_request *request, const coap_pdu_t *pdu)
{
    const char *why = "";
    switch (coap_blocks_take(&request->blocks, pdu, &why)) {
    case COAP_STEP_DONE:
        finish(request, COAP_CLIENT_RESPONSE, "a response");
        break;
    case COAP_STEP_BROKEN:
        finish(request, COAP_CLIENT_BROKEN, why);
        break;
    case COAP_STEP_NEXT:
        request->mid = COAP_INVALID_MID;
        request->token = new_token(request->client);
        request->round = 0;
        request->due = true;
        need_work(request->client);
        break;
    }
}

static void transmit_all(struct coap_client *client)
{
    for (struct coap_request *request = client->requests; request; request = request->next) {
        struct coap_peer *peer = request->link ? coap_link_peer(request->link) : NULL;
        if (request->due && peer && !coap_request_transmit(request, peer)) {
            finish(request, COAP_CLIENT_BROKEN, "libcoap does not take the options of the request");
        }
    }
}

static void assign_links(struct coap_client *client)
{
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link || request->finished) {
            continue;
        }
        if (!coap_request_fits(request)) {
            finish(request, COAP_CLIENT_BROKEN, "the request does not fit into a datagram");
            continue;
        }
        if (!client->link) {
            client->link =
                coap_link_create(client->env, &client->options, client->first,
                                 request->deadline - clock_seconds(), &link_events, client);
        }
        request->link = client->link;
    }
}

static void on_work(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct coap_client *client = timer->data;
    assign_links(client);
    transmit_all(client);
    if (deliver_all(client)) {
        end_idle_links(client);
        set_idle(client);
    }
}

/* Silence may mean that the server has lost the session, or that this address is dead: the next
 * request gets a new one. So it does when libcoap still holds a datagram. */
static void doubt(struct coap_client *client, struct coap_request *request)
{
    struct coap_link *link = request->link;
    if (link != client->link || !coap_link_peer(link)) {
        return;
    }
    client->first = coap_link_index(link) + !coap_link_heard(link);
    if (request->unattended || coap_link_heard_at(link) < request->sent_at) {
        retire(client, link);
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
        doubt(client, request);
    }
    if (outcome != COAP_CLIENT_TIMEOUT) {
        log_warning(client->env->log, "coap: %s:%d: %s", client->options.host, client->options.port,
                    why);
    }
    finish(request, outcome, why);
}

static uint16_t start(struct coap_client *client, struct coap_request *request, unsigned timeout_ms,
                      coap_client_done done, void *ctx)
{
    char text[120];
    struct ev_loop *loop = client->env->loop;
    request->client = client;
    request->done = done;
    request->ctx = ctx;
    request->number = request->token = new_token(client);
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
    log_write(client->env->log, LEVEL_REQUEST, "coap: %u: %s%s, %zu bytes", request->number,
              coap_request_text(request, text, sizeof text), request->confirmable ? "" : " (NON)",
              request->blocks.len);
    need_work(client);
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
    to->tls.ca_file = mem_string(from->tls.ca_file);
    to->tls.cert_file = mem_string(from->tls.cert_file);
    to->tls.key_file = mem_string(from->tls.key_file);
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
    free_text(options->tls.ca_file);
    free_text(options->tls.cert_file);
    free_text(options->tls.key_file);
    free_text(options->psk_identity);
    free_text(options->psk_key);
}

struct coap_client *coap_client_create(const struct service_env *env,
                                       const struct coap_client_options *options)
{
    struct coap_client *client = mem_zeroed(sizeof *client);
    client->env = env;
    copy_options(&client->options, options);
    ev_timer_init(&client->work, on_work, 0, 0);
    client->work.data = client;
    ev_init(&client->idle, on_idle);
    client->idle.data = client;
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
    ev_timer_stop(client->env->loop, &client->work);
    ev_timer_stop(client->env->loop, &client->idle);
    while (client->retired) {
        end_link(client, client->retired->link);
    }
    if (client->link) {
        end_link(client, client->link);
    }
    while (client->requests) {
        struct coap_request *request = client->requests;
        client->requests = request->next;
        ev_timer_stop(client->env->loop, &request->timer);
        coap_request_destroy(request);
    }
    free_options(&client->options);
    free(client);
}
