#include "service/mqtt/mqtt_dial.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "net/redirect.h"
#include "net/resolve.h"
#include "service/env.h"
#include "service/mqtt/mqtt_link.h"
#include "service/mqtt/mqtt_options.h"

enum stage { IDLE, UNFIT, LOOKUP, CONNECT, UP };

struct mqtt_dial {
    const struct service_env *env;
    const struct mqtt_options *options;
    bool probe;
    mqtt_event_handler handler;
    void *ctx;

    enum stage stage;
    int port; /* after network.redirect */
    struct lookup *lookup;
    struct net_address *addresses;
    size_t count;
    size_t next; /* the address to try after the present one */
    ev_timer timer;
    double deadline; /* of the whole attempt */
    struct mqtt_link *link;
    bool renewed; /* the broker has lost the session and made an empty one */
    struct network_listener network;
    bool cut; /* the network has gone; the timer tells of it */

    /* The failure that the attempt would have, up to now. */
    enum mqtt_failure failure;
    int connack;
    char why[300];
};

static void set_timer(struct mqtt_dial *dial, ev_tstamp after)
{
    ev_timer_stop(dial->env->loop, &dial->timer);
    ev_timer_set(&dial->timer, after > 0 ? after : 0, 0);
    ev_timer_start(dial->env->loop, &dial->timer);
}

static void end_attempt(struct mqtt_dial *dial, enum stage stage)
{
    dial->stage = stage;
    dial->cut = false;
    ev_timer_stop(dial->env->loop, &dial->timer);
    resolve_cancel(dial->lookup);
    dial->lookup = NULL;
    free(dial->addresses);
    dial->addresses = NULL;
    dial->count = dial->next = 0;
}

static void fail(struct mqtt_dial *dial)
{
    char why[sizeof dial->why];
    memcpy(why, dial->why, sizeof why);
    end_attempt(dial, IDLE);
    dial->handler(dial->ctx, &(struct mqtt_event){.kind = MQTT_EVENT_DOWN,
                                                  .failure = dial->failure,
                                                  .connack = dial->connack,
                                                  .why = why});
}

static int weight(enum mqtt_failure failure)
{
    return failure == MQTT_FAILED_CONNECT ? 0 : failure == MQTT_FAILED_TIMEOUT ? 1 : 2;
}

/* Of the failures of several addresses the one that got furthest is told. */
static void note_failure(struct mqtt_dial *dial, enum mqtt_failure failure, int connack,
                         const char *why)
{
    if (!*dial->why || weight(failure) >= weight(dial->failure)) {
        dial->failure = failure;
        dial->connack = connack;
        snprintf(dial->why, sizeof dial->why, "%s", why);
    }
}

static bool make_link(struct mqtt_dial *dial);

static void connect_to(struct mqtt_dial *dial, const struct net_address *address)
{
    log_write(dial->env->log, LEVEL_STATE, "mqtt: connecting to %s:%d (%s)", dial->options->host,
              dial->port, address->text);
    mqtt_link_connect(dial->link, address->text, dial->port);
}

static void try_next(struct mqtt_dial *dial)
{
    double left = dial->deadline - clock_seconds();
    size_t untried = dial->count - dial->next;
    if (!untried) {
        fail(dial);
        return;
    }
    if (left <= 0) {
        note_failure(dial, MQTT_FAILED_TIMEOUT, 0, "no time is left for the other addresses");
        fail(dial);
        return;
    }
    set_timer(dial, left / (double)untried);
    connect_to(dial, &dial->addresses[dial->next++]);
}

/* The last one goes into the message about the whole attempt. */
static void log_address(const struct mqtt_dial *dial, const char *why)
{
    if (dial->next < dial->count) {
        log_write(dial->env->log, LEVEL_STATE, "mqtt: %s (%s): %s", dial->options->host,
                  dial->addresses[dial->next - 1].text, why);
    }
}

static void address_failed(struct mqtt_dial *dial, const struct mqtt_event *event)
{
    if (mqtt_link_stale(dial->link)) {
        /* The same address again, with nothing left of the old session. */
        mqtt_link_destroy(dial->link);
        dial->link = NULL;
        dial->renewed = true;
        if (make_link(dial)) {
            connect_to(dial, &dial->addresses[dial->next - 1]);
        } else {
            fail(dial);
        }
        return;
    }
    note_failure(dial, event->failure, event->connack, event->why);
    if (event->failure == MQTT_FAILED_REFUSED) {
        fail(dial);
    } else {
        log_address(dial, event->why);
        try_next(dial);
    }
}

static void on_event(void *ctx, const struct mqtt_event *event)
{
    struct mqtt_dial *dial = ctx;
    if (event->kind == MQTT_EVENT_UP) {
        struct mqtt_event up = *event;
        up.renewed = dial->renewed;
        up.session_present = event->session_present && !dial->renewed;
        dial->renewed = false;
        end_attempt(dial, UP);
        dial->handler(dial->ctx, &up);
    } else if (event->kind == MQTT_EVENT_DOWN && dial->stage == CONNECT) {
        address_failed(dial, event);
    } else {
        if (event->kind == MQTT_EVENT_DOWN || event->kind == MQTT_EVENT_CLOSED) {
            dial->stage = IDLE;
        }
        dial->handler(dial->ctx, event);
    }
}

static void on_resolved(void *ctx, const struct net_address *addresses, size_t count,
                        const char *error)
{
    struct mqtt_dial *dial = ctx;
    dial->lookup = NULL;
    if (!count) {
        char why[200];
        snprintf(why, sizeof why, "the name has no address: %s", error);
        note_failure(dial, MQTT_FAILED_RESOLVE, 0, why);
        fail(dial);
        return;
    }
    dial->addresses = mem_resize(NULL, count * sizeof *addresses);
    memcpy(dial->addresses, addresses, count * sizeof *addresses);
    dial->count = count;
    dial->stage = CONNECT;
    try_next(dial);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct mqtt_dial *dial = timer->data;
    if (dial->stage == UNFIT || dial->cut) {
        fail(dial);
    } else if (dial->stage == LOOKUP) {
        note_failure(dial, MQTT_FAILED_TIMEOUT, 0, "no answer from the name server in time");
        fail(dial);
    } else {
        char why[80];
        snprintf(why, sizeof why, "no answer in time: waited for %s", mqtt_link_stage(dial->link));
        mqtt_link_abort(dial->link);
        note_failure(dial, MQTT_FAILED_TIMEOUT, 0, why);
        log_address(dial, why);
        try_next(dial);
    }
}

static bool make_link(struct mqtt_dial *dial)
{
    char why[240] = "the client id is not valid";
    if (!dial->link) {
        dial->link = mqtt_link_create(dial->env, dial->options, dial->probe, on_event, dial);
    }
    if (dial->link && mqtt_link_prepare(dial->link, dial->options, why, sizeof why)) {
        return true;
    }
    note_failure(dial, MQTT_FAILED_SETUP, 0, why);
    return false;
}

/* What was connected is cut at once, without a word to the broker; it is told from the loop. */
static void on_network(void *ctx)
{
    struct mqtt_dial *dial = ctx;
    if (dial->stage == IDLE || dial->stage == UNFIT || dial->cut ||
        network_usable(dial->env->network)) {
        return;
    }
    if (dial->link) {
        mqtt_link_abort(dial->link);
    }
    resolve_cancel(dial->lookup);
    dial->lookup = NULL;
    note_failure(dial, MQTT_FAILED_NETWORK, 0, NETWORK_MISSING);
    dial->cut = true;
    set_timer(dial, 0);
}

struct mqtt_dial *mqtt_dial_create(const struct service_env *env, bool probe,
                                   mqtt_event_handler handler, void *ctx)
{
    struct mqtt_dial *dial = mem_zeroed(sizeof *dial);
    dial->env = env;
    dial->probe = probe;
    dial->handler = handler;
    dial->ctx = ctx;
    ev_timer_init(&dial->timer, on_timer, 0, 0);
    dial->timer.data = dial;
    dial->network = (struct network_listener){.changed = on_network, .ctx = dial};
    network_listen(env->network, &dial->network);
    return dial;
}

void mqtt_dial_destroy(struct mqtt_dial *dial)
{
    if (dial) {
        network_unlisten(dial->env->network, &dial->network);
        end_attempt(dial, IDLE);
        mqtt_link_destroy(dial->link);
        free(dial);
    }
}

void mqtt_dial_start(struct mqtt_dial *dial, const struct mqtt_options *options)
{
    mqtt_dial_stop(dial);
    dial->options = options;
    *dial->why = '\0';
    const char *fault = mqtt_options_fault(options);
    bool network = network_usable(dial->env->network);
    if (fault) {
        note_failure(dial, MQTT_FAILED_SETUP, 0, fault);
    } else if (!network) {
        note_failure(dial, MQTT_FAILED_NETWORK, 0, NETWORK_MISSING);
    }
    if (fault || !network || !make_link(dial)) {
        dial->stage = UNFIT;
        set_timer(dial, 0);
        return;
    }
    double limit = options->connect_timeout_ms / 1000.0;
    dial->port = options->port;
    const char *host = redirect_apply(dial->env->redirect, options->host, &dial->port);
    dial->stage = LOOKUP;
    dial->deadline = clock_seconds() + limit;
    set_timer(dial, limit);
    dial->lookup = resolve(dial->env->resolver, host, dial->port, on_resolved, dial);
}

void mqtt_dial_stop(struct mqtt_dial *dial)
{
    end_attempt(dial, IDLE);
    if (dial->link) {
        mqtt_link_abort(dial->link);
    }
}

bool mqtt_dial_unfinished(const struct mqtt_dial *dial)
{
    return dial->link && mqtt_link_unfinished(dial->link);
}

void mqtt_dial_forget(struct mqtt_dial *dial)
{
    mqtt_link_destroy(dial->link);
    dial->link = NULL;
}

struct mqtt_link *mqtt_dial_link(const struct mqtt_dial *dial)
{
    return dial->link && mqtt_link_up(dial->link) ? dial->link : NULL;
}
