#include "service/coap/coap_link.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/redirect.h"
#include "net/resolve.h"
#include "service/env.h"

/* Longer than this nobody waits for the handshake of a silent server. */
static const double HANDSHAKE_MAX = 60;

struct coap_link {
    const struct service_env *env;
    const struct coap_client_options *options;
    const struct coap_link_events *events;
    void *ctx;

    int port; /* after network.redirect */
    struct lookup *lookup;
    struct net_address *addresses;
    size_t count;
    size_t tried; /* addresses, the present one included */
    unsigned first;
    double deadline; /* of the handshakes with all addresses but the last */
    ev_timer timer;  /* of the handshake with the present one */
    struct coap_peer *peer;
    bool up;
    bool heard;
    double heard_at;

    /* Of the failures of several addresses the one that got furthest. */
    enum coap_client_outcome outcome;
    char why[280];
};

static const struct net_address *present(const struct coap_link *link)
{
    return &link->addresses[coap_link_index(link)];
}

static void note_failure(struct coap_link *link, enum coap_client_outcome outcome, const char *why)
{
    if (!*link->why || outcome == COAP_CLIENT_INSECURE || link->outcome != COAP_CLIENT_INSECURE) {
        link->outcome = outcome;
        snprintf(link->why, sizeof link->why, "%s", why);
    }
}

/* The last thing that a callback does. */
static void fail(struct coap_link *link)
{
    char why[sizeof link->why];
    memcpy(why, link->why, sizeof why);
    link->events->down(link->ctx, link, link->outcome, why);
}

static void set_timer(struct coap_link *link, double after)
{
    ev_timer_stop(link->env->loop, &link->timer);
    ev_timer_set(&link->timer, after > 0.1 ? after : 0.1, 0);
    ev_timer_start(link->env->loop, &link->timer);
}

static void end_peer(struct coap_link *link)
{
    ev_timer_stop(link->env->loop, &link->timer);
    coap_peer_destroy(link->peer);
    link->peer = NULL;
    link->up = false;
    link->heard = false;
}

static const struct coap_peer_events peer_events;

static void try_next(struct coap_link *link)
{
    end_peer(link);
    size_t untried = link->count - link->tried;
    if (!untried) {
        fail(link);
        return;
    }
    link->tried++;
    log_write(link->env->log, LEVEL_STATE, "coap: going to %s:%d (%s)", link->options->host,
              link->port, present(link)->text);
    if (link->options->security != COAP_CLIENT_PLAIN) {
        double left = link->deadline - clock_seconds();
        set_timer(link, untried == 1 ? HANDSHAKE_MAX : left / (double)untried);
    }
    link->peer = coap_peer_create(link->env, link->options, present(link), &peer_events, link);
}

static void address_failed(struct coap_link *link, enum coap_client_outcome outcome,
                           const char *why)
{
    note_failure(link, outcome, why);
    if (link->tried < link->count) {
        /* The last one goes into the message about all of it. */
        log_write(link->env->log, LEVEL_STATE, "coap: %s (%s): %s", link->options->host,
                  present(link)->text, why);
    }
    try_next(link);
}

static void on_up(void *ctx)
{
    struct coap_link *link = ctx;
    ev_timer_stop(link->env->loop, &link->timer);
    link->up = true;
    link->events->up(link->ctx, link);
}

static void on_down(void *ctx, enum coap_client_outcome outcome, const char *why)
{
    struct coap_link *link = ctx;
    /* Behind a handshake, too, an address is alive. */
    bool alive = link->heard || (link->up && link->options->security != COAP_CLIENT_PLAIN);
    if (alive) {
        *link->why = '\0';
        note_failure(link, outcome, why);
        fail(link);
    } else {
        address_failed(link, outcome, why);
    }
}

static void hear(struct coap_link *link)
{
    link->heard = true;
    link->heard_at = clock_seconds();
}

static bool on_answer(void *ctx, const coap_pdu_t *pdu)
{
    struct coap_link *link = ctx;
    hear(link);
    return link->events->answer(link->ctx, link, pdu);
}

static void on_unanswered(void *ctx, coap_mid_t mid, bool reset)
{
    struct coap_link *link = ctx;
    if (reset) {
        hear(link);
    }
    link->events->unanswered(link->ctx, link, mid, reset);
}

static const struct coap_peer_events peer_events = {
    .up = on_up,
    .down = on_down,
    .answer = on_answer,
    .unanswered = on_unanswered,
};

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    const char *why;
    struct coap_link *link = timer->data;
    enum coap_client_outcome outcome = coap_link_stage(link, &why);
    address_failed(link, outcome, why);
}

static void on_resolved(void *ctx, const struct net_address *addresses, size_t count,
                        const char *error)
{
    struct coap_link *link = ctx;
    link->lookup = NULL;
    if (!count) {
        char why[200];
        snprintf(why, sizeof why, "the name has no address: %s", error);
        note_failure(link, COAP_CLIENT_UNREACHABLE, why);
        fail(link);
        return;
    }
    link->addresses = mem_resize(NULL, count * sizeof *addresses);
    memcpy(link->addresses, addresses, count * sizeof *addresses);
    link->count = count;
    try_next(link);
}

struct coap_link *coap_link_create(const struct service_env *env,
                                   const struct coap_client_options *options, unsigned first,
                                   double patience, const struct coap_link_events *events,
                                   void *ctx)
{
    struct coap_link *link = mem_zeroed(sizeof *link);
    link->env = env;
    link->options = options;
    link->events = events;
    link->ctx = ctx;
    link->first = first;
    link->deadline = clock_seconds() + patience;
    ev_init(&link->timer, on_timer);
    link->timer.data = link;
    link->port = options->port;
    const char *host = redirect_apply(env->redirect, options->host, &link->port);
    link->lookup = resolve(env->resolver, host, link->port, on_resolved, link);
    return link;
}

void coap_link_destroy(struct coap_link *link)
{
    if (link) {
        resolve_cancel(link->lookup);
        end_peer(link);
        free(link->addresses);
        free(link);
    }
}

struct coap_peer *coap_link_peer(const struct coap_link *link)
{
    return link->up && coap_peer_is_up(link->peer) ? link->peer : NULL;
}

bool coap_link_heard(const struct coap_link *link)
{
    return link->heard;
}

double coap_link_heard_at(const struct coap_link *link)
{
    return link->heard_at;
}

enum coap_client_outcome coap_link_stage(const struct coap_link *link, const char **why)
{
    if (link->lookup) {
        *why = "no answer from the name server in time";
        return COAP_CLIENT_TIMEOUT;
    }
    if (!link->up && link->options->security != COAP_CLIENT_PLAIN) {
        *why = link->options->security == COAP_CLIENT_PSK
                   ? "no DTLS handshake in time (a wrong pre-shared key looks like this, too)"
                   : "no DTLS handshake in time";
        return COAP_CLIENT_INSECURE;
    }
    *why = "no response in time";
    return COAP_CLIENT_TIMEOUT;
}

unsigned coap_link_index(const struct coap_link *link)
{
    return link->count ? (unsigned)((link->first + link->tried - 1) % link->count) : 0;
}
