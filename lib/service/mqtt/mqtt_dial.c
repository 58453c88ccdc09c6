#include "service/mqtt/mqtt_dial.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "net/walk.h"
#include "service/env.h"
#include "service/mqtt/mqtt_link.h"
#include "service/mqtt/mqtt_options.h"

enum stage { IDLE, UNFIT, CONNECT, UP };

struct mqtt_dial {
    const struct service_env *env;
    const struct mqtt_options *options;
    bool probe;
    mqtt_event_handler handler;
    void *ctx;

    enum stage stage;
    struct walk *walk;
    ev_timer unfit; /* tells at once, but not from inside a call, what cannot work */
    struct mqtt_link *link;
    bool renewed; /* the broker has lost the session and made an empty one */
    struct network_listener network;
    bool cut; /* the network has gone; unfit tells of it */

    /* The failure that the attempt would have, up to now. */
    enum mqtt_failure failure;
    int connack;
    char why[300];
};

static void end_attempt(struct mqtt_dial *dial, enum stage stage)
{
    dial->stage = stage;
    dial->cut = false;
    ev_timer_stop(dial->env->loop, &dial->unfit);
    walk_stop(dial->walk);
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

static void connect_to(void *ctx, const struct net_address *address)
{
    struct mqtt_dial *dial = ctx;
    log_write(dial->env->log, LEVEL_STATE, "mqtt: connecting to %s:%d (%s)", dial->options->host,
              walk_port(dial->walk), address->text);
    mqtt_link_connect(dial->link, address->text, walk_port(dial->walk));
}

/* The last one goes into the message about the whole attempt. */
static void log_address(const struct mqtt_dial *dial, const char *why)
{
    if (walk_more(dial->walk)) {
        log_write(dial->env->log, LEVEL_STATE, "mqtt: %s (%s): %s", dial->options->host,
                  walk_address(dial->walk)->text, why);
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
            connect_to(dial, walk_address(dial->walk));
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
        walk_next(dial->walk);
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

static void on_late(void *ctx)
{
    struct mqtt_dial *dial = ctx;
    char why[80];
    snprintf(why, sizeof why, "no answer in time: waited for %s", mqtt_link_stage(dial->link));
    mqtt_link_abort(dial->link);
    note_failure(dial, MQTT_FAILED_TIMEOUT, 0, why);
    log_address(dial, why);
    walk_next(dial->walk);
}

static void on_walk_failed(void *ctx, enum walk_failure failure, const char *why)
{
    struct mqtt_dial *dial = ctx;
    if (failure == WALK_UNRESOLVED) {
        note_failure(dial, MQTT_FAILED_RESOLVE, 0, why);
    } else if (failure == WALK_LATE) {
        note_failure(dial, MQTT_FAILED_TIMEOUT, 0, why);
    }
    fail(dial);
}

static const struct walk_events walk_events = {
    .address = connect_to,
    .late = on_late,
    .failed = on_walk_failed,
};

static void on_unfit(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    fail(timer->data);
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
    walk_stop(dial->walk);
    note_failure(dial, MQTT_FAILED_NETWORK, 0, NETWORK_MISSING);
    dial->cut = true;
    ev_timer_start(dial->env->loop, &dial->unfit);
}

struct mqtt_dial *mqtt_dial_create(const struct service_env *env, bool probe,
                                   mqtt_event_handler handler, void *ctx)
{
    struct mqtt_dial *dial = mem_zeroed(sizeof *dial);
    dial->env = env;
    dial->probe = probe;
    dial->handler = handler;
    dial->ctx = ctx;
    dial->walk = walk_create(env->loop, env->resolver, &walk_events, dial);
    ev_timer_init(&dial->unfit, on_unfit, 0, 0);
    dial->unfit.data = dial;
    dial->network = (struct network_listener){.changed = on_network, .ctx = dial};
    network_listen(env->network, &dial->network);
    return dial;
}

void mqtt_dial_destroy(struct mqtt_dial *dial)
{
    if (dial) {
        network_unlisten(dial->env->network, &dial->network);
        end_attempt(dial, IDLE);
        walk_destroy(dial->walk);
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
        ev_timer_start(dial->env->loop, &dial->unfit);
        return;
    }
    dial->stage = CONNECT;
    walk_start(dial->walk, dial->env->redirect, options->host, options->port,
               options->connect_timeout_ms / 1000.0);
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
