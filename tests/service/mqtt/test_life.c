/* The life of the MQTT object: brokers that come and go, and its end at every moment. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/support/ports.h"

enum { RESTARTS = 100 }; /* with a clean session and with a kept one: 200 in all */

static struct broker *broker;

static int group_setup(void **state)
{
    broker = broker_create("allow_anonymous true\n");
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    broker_destroy(broker);
    return bench_group_teardown(state);
}

static void restart_often(struct bench *bench, bool clean_session)
{
    struct broker *mortal = broker_create("allow_anonymous true\n");
    bench->options.clean_session = clean_session;
    bench_online(bench, mortal->port);
    bench_subscribed(bench, "news/#", 1);
    for (int i = 0; i < RESTARTS; i++) {
        broker_stop(mortal);
        bench_expect(bench, "lost");
        assert_int_equal(mqtt_state(bench->mqtt), MQTT_RECONNECTING);
        broker_start(mortal);
        bench_expect(bench, "connected 0 1");
        bench_publish(bench, "news/today", "x", 0, 1000);
        bench_expect(bench, "message news/today 0 0 1 x");
    }
    bench_disconnect(bench);
    broker_destroy(mortal);
}

static void test_restarts(void **state)
{
    int before = ports_descriptors();
    restart_often(*state, true);
    restart_often(*state, false);
    assert_int_equal(ports_descriptors(), before);
}

/* Nobody could be told of it; what comes behind it is not affected. */
static void test_message_too_long(void **state)
{
    struct bench *bench = *state;
    size_t len = MQTT_MESSAGE_MAX + 1;
    char *bytes = mem_zeroed(len);
    uint16_t id = 0;
    bool written = false;
    bench_online(bench, broker->port);
    bench_subscribed(bench, "news", 1);
    assert_int_equal(mqtt_publish(bench->mqtt, "news", bytes, len, 1, false, 10000, &id, &written),
                     MQTT_OK);
    free(bytes);
    bench_expect(bench, "published %u done", id);
    bench_publish(bench, "news", "x", 0, 1000);
    bench_expect(bench, "message news 0 0 1 x");
    bench_disconnect(bench);
}

static void destroy_at(struct bench *bench, const char *line)
{
    if (strncmp(line, bench->hook_ctx, strlen(bench->hook_ctx)) == 0) {
        mqtt_destroy(bench->mqtt);
        bench->mqtt = NULL;
    }
}

static bool is_destroyed(void *ctx)
{
    const struct bench *bench = ctx;
    return !bench->mqtt;
}

static void test_destroy_in_each_event(void **state)
{
    static char *const events[] = {"connected",     "published",  "subscribed",  "unsubscribed",
                                   "message",       "lost",       "published 5", "disconnected",
                                   "connected 0 1", "published 4"};
    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct bench *bench = bench_create(NULL);
        struct broker *own =
            i == 5 || i == 6 || i > 7 ? broker_create("allow_anonymous true\n") : NULL;
        uint16_t id = 0;
        bench_connect(bench, own ? own->port : broker->port);
        bench->hook = destroy_at;
        bench->hook_ctx = events[i];
        if (i) {
            bench_expect(bench, "connected 0 0");
            bench_subscribe(bench, "d", 1);
            bench_publish(bench, "d", "x", 1, 1000);
            mqtt_unsubscribe(bench->mqtt, "e", 1000, &id);
            if (own) {
                bench_expect(bench, "subscribed 1 done 1");
                broker_freeze(own);
                bench_publish(bench, "d", "x", 1, 10000);
                bench_publish(bench, "d", "x", 1, 10000);
                broker_kill(own);
                if (i == 8) {
                    broker_start(own);
                }
            }
            if (i == 7) {
                assert_true(mqtt_disconnect(bench->mqtt));
            }
        }
        bench_until(bench, is_destroyed, bench);
        bench_destroy(bench);
        if (own) {
            broker_destroy(own);
        }
    }
}

static void test_destroy_at_each_moment(void **state)
{
    (void)state;
    int before = ports_descriptors();
    for (int i = 0; i < 300; i++) {
        struct bench *bench = bench_create(NULL);
        bench->options.clean_session = i % 2;
        bench_connect(bench, broker->port);
        for (int turn = 0; turn < i % 8; turn++) {
            ev_run(bench->loop, EVRUN_ONCE);
            if (mqtt_state(bench->mqtt) == MQTT_ONLINE) {
                bench_publish(bench, "t", "x", 1, 1000);
                bench_subscribe(bench, "t", 1);
            }
        }
        if (i % 3 == 0) {
            assert_true(mqtt_disconnect(bench->mqtt));
        }
        if (i % 5 == 0) {
            ev_run(bench->loop, EVRUN_ONCE);
        }
        bench_destroy(bench);
    }
    assert_int_equal(ports_descriptors(), before);
}

/* Nothing is open before the first connection and after the last. */
static void test_descriptors(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    bench_online(bench, broker->port);
    assert_int_equal(ports_descriptors(), before + 3);
    bench_disconnect(bench);
    assert_int_equal(ports_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_restarts, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_message_too_long, bench_setup, bench_teardown),
        cmocka_unit_test(test_destroy_in_each_event),
        cmocka_unit_test(test_destroy_at_each_moment),
        cmocka_unit_test_setup_teardown(test_descriptors, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
