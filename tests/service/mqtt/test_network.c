/* The module's network comes and goes: nothing connects without it, what was connected is lost
 * without a DISCONNECT, and comes back at once. */
#include <string.h>

#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/service/mqtt/peer.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static void lose(struct bench *bench)
{
    bench->in_call = true;
    network_set_registration(bench->env.network, NETWORK_DENIED);
    bench->in_call = false;
}

static void find(struct bench *bench)
{
    bench->in_call = true;
    network_set_registration(bench->env.network, NETWORK_ROAMING);
    bench->in_call = false;
}

static void test_no_attempt_without(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    lose(bench);
    bench_connect(bench, peer_port(peer));
    double begun = bench_now();
    bench_expect(bench, "failed network 0");
    assert_true(bench_now() - begun < 1);
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_OFFLINE);
    assert_true(bench_logged(bench, "the module has no network"));
    bench_probe(bench);
    bench_expect(bench, "probe network 0");
    assert_int_equal(peer_connections(peer), 0);
    find(bench);
    bench_quiet(bench, 0.05);
    peer_answer_connect(peer, 0, false);
    bench_online(bench, 0);
    peer_destroy(peer);
}

static void test_lost_while_connecting(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    bench_connect(bench, peer_port(peer));
    peer_expect(peer, "CONNECT 1 0");
    lose(bench);
    bench_expect(bench, "failed network 0");
    peer_expect(peer, "END");
    find(bench);

    bench_connect(bench, 0); /* the look-up is under way */
    lose(bench);
    bench_expect(bench, "failed network 0");
    find(bench);
    bench_quiet(bench, 0.05);

    bench_probe(bench);
    peer_expect(peer, "CONNECT 0 0");
    lose(bench);
    bench_expect(bench, "probe network 0");
    peer_expect(peer, "END");
    peer_destroy(peer);
}

static void test_lost_and_found(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    uint16_t id = bench_publish(bench, "t", "x", 1, 10000);
    peer_expect(peer, "PUBLISH 0 1 %u", id);
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    lose(bench);
    bool written = false;
    assert_int_equal(mqtt_publish(bench->mqtt, "t", "y", 1, 1, false, 1000, &id, &written),
                     MQTT_NOT_ONLINE);
    bench_expect(bench, "published %u lost", id ? 1U : 0U);
    bench_expect(bench, "lost");
    peer_expect(peer, "END"); /* and no DISCONNECT before it */
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_RECONNECTING);
    network_set_rssi(bench->env.network, -50);
    bench_quiet(bench, 0.2); /* ten times the shortest back-off */
    assert_int_equal(peer_connections(peer), 1);
    peer_answer_connect(peer, 0, false);
    find(bench);
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 1 0");
    peer_destroy(peer);
}

/* Lost and found again before the loop has seen it: lost all the same, and nothing waits. */
static void test_for_a_moment(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    struct peer *peer = peer_connect(bench);
    peer_answer_connect(peer, 0, false);
    lose(bench);
    find(bench);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "END");
    peer_expect(peer, "CONNECT 1 0");
    peer_destroy(peer);
}

/* A back-off of a minute is under way: what is left of it is not waited for. Another signal is no
 * reason to try. */
static void test_no_back_off_left(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    struct peer *peer = peer_connect(bench);
    peer_answer_connect(peer, 0, false);
    peer_reset(peer);
    bench_expect(bench, "lost");
    network_set_rssi(bench->env.network, -60);
    bench_quiet(bench, 0.1);
    lose(bench);
    bench_quiet(bench, 0.05);
    assert_int_equal(peer_connections(peer), 1);
    find(bench);
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 1 0");
    peer_destroy(peer);
}

/* While a probe holds the reconnection back, the network's return does not begin it. */
static void test_held(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    peer_answer_connect(peer, 0, false);
    lose(bench);
    bench_expect(bench, "lost");
    mqtt_hold(bench->mqtt, true);
    find(bench);
    bench_quiet(bench, 0.1);
    mqtt_hold(bench->mqtt, false);
    bench_expect(bench, "connected 0 1");
    peer_destroy(peer);
}

static void test_disconnect_without(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    lose(bench);
    bench_disconnect(bench);
    find(bench);
    peer_answer_connect(peer, 0, false);
    bench_online(bench, 0);
    lose(bench);
    bench_expect(bench, "lost");
    bench_disconnect(bench);
    find(bench);
    bench_online(bench, 0);
    /* A DISCONNECT is on its way. */
    bench->in_call = true;
    assert_true(mqtt_disconnect(bench->mqtt));
    bench->in_call = false;
    lose(bench);
    bench_expect(bench, "disconnected");
    bench_quiet(bench, 0.05);
    peer_destroy(peer);
}

static void test_will_is_published(void **state)
{
    struct bench *bench = *state;
    struct broker *broker = broker_create("allow_anonymous true\n");
    struct bench *witness = bench_create(NULL);
    witness->options.client_id = "witness";
    bench_online(witness, broker->port);
    bench_subscribed(witness, "will", 1);
    bench->options.will = (struct mqtt_will){.topic = "will", .bytes = "gone", .len = 4, .qos = 1};
    bench_online(bench, broker->port);
    lose(bench);
    bench_expect(bench, "lost");
    bench_expect(witness, "message will 1 0 4 gone");
    bench_destroy(witness);
    broker_destroy(broker);
}

/* ---- the end inside of events ---- */

static void destroy(struct bench *bench, const char *line)
{
    if (strcmp(line, bench->hook_ctx) == 0) {
        mqtt_destroy(bench->mqtt);
        bench->mqtt = NULL;
    }
}

static void check_destroyed_at(const char *last, const char *first)
{
    struct bench *bench = bench_create(NULL);
    struct peer *peer = peer_connect(bench);
    bench_publish(bench, "t", "x", 1, 10000);
    peer_expect(peer, "PUBLISH 0 1 1");
    bench->hook = destroy;
    bench->hook_ctx = (void *)(uintptr_t)last;
    lose(bench);
    bench_expect(bench, "%s", first);
    if (strcmp(first, last) != 0) {
        bench_expect(bench, "%s", last);
    }
    find(bench); /* nobody listens any more */
    lose(bench);
    bench_quiet(bench, 0.02);
    peer_destroy(peer);
    bench_destroy(bench);
}

static void test_destroy_in_events(void **state)
{
    (void)state;
    check_destroyed_at("published 1 lost", "published 1 lost");
    check_destroyed_at("lost", "published 1 lost");
    int before = ports_descriptors();
    check_destroyed_at("lost", "published 1 lost");
    assert_int_equal(ports_descriptors(), before);
}

static void test_destroy_in_failed(void **state)
{
    struct bench *bench = *state;
    lose(bench);
    bench->hook = destroy;
    bench->hook_ctx = (void *)(uintptr_t) "failed network 0";
    bench_connect(bench, 1);
    bench_expect(bench, "failed network 0");
    find(bench);
    assert_null(bench->mqtt);
}

/* The network goes inside of an event, and the object right behind it. */
static void lose_and_destroy(struct bench *bench, const char *line)
{
    (void)line;
    network_set_radio(bench->env.network, false);
    mqtt_destroy(bench->mqtt);
    bench->mqtt = NULL;
    network_set_radio(bench->env.network, true);
}

static void test_destroy_behind_the_loss(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    bench->hook = lose_and_destroy;
    peer_send(peer, "\x30\x04\x00\x01tx", 6);
    bench_expect(bench, "message t 0 0 1 x");
    bench_quiet(bench, 0.02);
    peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_attempt_without, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_while_connecting, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_and_found, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_for_a_moment, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_back_off_left, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_held, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_disconnect_without, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_will_is_published, bench_setup, bench_teardown),
        cmocka_unit_test(test_destroy_in_events),
        cmocka_unit_test_setup_teardown(test_destroy_in_failed, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_behind_the_loss, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
