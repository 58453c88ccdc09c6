/* What a test of the MQTT service works with: a loop, a resolver, a log that is kept, and an MQTT
 * object whose events become lines of text in the order in which they come:
 *
 *     connected SESSION_PRESENT AGAIN      failed REASON CONNACK     lost      disconnected
 *     published ID OUTCOME    subscribed ID OUTCOME GRANTED    unsubscribed ID OUTCOME
 *     message TOPIC QOS RETAIN LENGTH PAYLOAD(up to 40 bytes)        pingresp
 */
#ifndef TESTS_SERVICE_MQTT_BENCH_H
#define TESTS_SERVICE_MQTT_BENCH_H

#include <ev.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "net/network.h"
#include "net/resolve.h"
#include "service/env.h"
#include "service/mqtt/mqtt.h"

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct buf log_lines;
    struct buf lines; /* events that bench_expect() has not taken yet */
    struct mqtt *mqtt;
    struct mqtt_options options; /* for the next bench_connect() */
    bool in_call;                /* inside a call of the interface: no event may come */
    /* Called after an event was noted; may destroy bench->mqtt (and must set it to NULL). */
    void (*hook)(struct bench *bench, const char *line);
    void *hook_ctx;
};

/* As a cmocka group's setup and teardown: SIGPIPE, libraries. */
int bench_group_setup(void **state);
int bench_group_teardown(void **state);

struct bench *bench_create(resolve_function function);
void bench_destroy(struct bench *bench);

/* As a test's setup and teardown. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Begins to connect with bench->options to a port on 127.0.0.1 (0: bench->options.port). */
void bench_connect(struct bench *bench, int port);
/* Connects and takes the line of that. */
void bench_online(struct bench *bench, int port);

/* Waits for the next event and takes it; the caller frees. */
char *bench_take(struct bench *bench);
/* The same; it must be this line. */
void bench_expect(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs the loop for some time; no event may come. */
void bench_quiet(struct bench *bench, double seconds);
/* Runs the loop until ready(ctx) is true; a failure after a generous time. */
void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx);

/* Whether the log has this text. */
bool bench_logged(struct bench *bench, const char *text);

/* Calls of the interface that check that they succeed and emit nothing by themselves. */
uint16_t bench_publish(struct bench *bench, const char *topic, const char *text, int qos,
                       unsigned timeout_ms);
uint16_t bench_subscribe(struct bench *bench, const char *filter, int qos);
/* Also takes the line "subscribed ID done QOS". */
void bench_subscribed(struct bench *bench, const char *filter, int qos);
void bench_disconnect(struct bench *bench);

/* Starts a probe with bench->options; its line is "probe accepted" or "probe REASON CONNACK". */
struct mqtt_probe *bench_probe(struct bench *bench);

double bench_now(void);

#endif
