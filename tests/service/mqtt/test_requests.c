/* Requests to a far end that answers as it likes: late, never, or something else. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/peer.h"

static void test_publish_outcomes(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    bench_publish(bench, "t", "", 0, 1000);
    peer_expect(peer, "PUBLISH 0 0 0");
    uint16_t one = bench_publish(bench, "t", "x", 1, 5000);
    uint16_t two = bench_publish(bench, "t", "y", 2, 5000);
    peer_expect(peer, "PUBLISH 0 1 %u", one);
    peer_expect(peer, "PUBLISH 0 2 %u", two);
    assert_int_equal(mqtt_outstanding(bench->mqtt), 2);
    peer_send_ack(peer, 0x50, two, -1);
    peer_expect(peer, "PUBREL %u", two);
    bench_quiet(bench, 0.05);
    peer_send_ack(peer, 0x70, two, -1);
    bench_expect(bench, "published %u done", two);
    peer_send_ack(peer, 0x40, one, -1);
    bench_expect(bench, "published %u done", one);
    assert_int_equal(mqtt_outstanding(bench->mqtt), 0);
    /* An acknowledgement of nothing, and one of another kind. */
    peer_send_ack(peer, 0x40, 777, -1);
    uint16_t subscribe = bench_subscribe(bench, "f", 1);
    peer_expect(peer, "SUBSCRIBE %u", subscribe);
    peer_send_ack(peer, 0xb0, subscribe, -1);
    bench_quiet(bench, 0.05);
    peer_send_ack(peer, 0x90, subscribe, 0x80);
    bench_expect(bench, "subscribed %u done 128", subscribe);
    bench_disconnect(bench);
    peer_expect(peer, "DISCONNECT");
    peer_expect(peer, "END");
    peer_destroy(peer);
}

static void test_time_outs_and_late_answers(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    uint16_t publish = bench_publish(bench, "t", "x", 1, 150);
    uint16_t slow = bench_publish(bench, "t", "x", 1, 10000);
    uint16_t subscribe = 0;
    uint16_t unsubscribe = 0;
    assert_int_equal(mqtt_subscribe(bench->mqtt, "late", 1, 100, &subscribe), MQTT_OK);
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "f", 50, &unsubscribe), MQTT_OK);
    double start = bench_now();
    bench_expect(bench, "unsubscribed %u timeout", unsubscribe);
    bench_expect(bench, "subscribed %u timeout 128", subscribe);
    bench_expect(bench, "published %u timeout", publish);
    double took = bench_now() - start;
    assert_true(took > 0.1 && took < 5);
    assert_int_equal(mqtt_outstanding(bench->mqtt), 1);
    peer_send_ack(peer, 0x40, publish, -1);
    peer_send_ack(peer, 0x90, subscribe, 1);
    peer_send_ack(peer, 0xb0, unsubscribe, -1);
    bench_quiet(bench, 0.05);
    peer_send_ack(peer, 0x40, slow, -1);
    bench_expect(bench, "published %u done", slow);
    peer_destroy(peer);
}

static void test_loss_ends_requests(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    uint16_t publish = bench_publish(bench, "t", "x", 1, 10000);
    uint16_t timed_out = bench_publish(bench, "t", "x", 1, 20);
    uint16_t subscribe = bench_subscribe(bench, "f", 1);
    peer_expect(peer, "PUBLISH 0 1 %u", publish);
    peer_expect(peer, "PUBLISH 0 1 %u", timed_out);
    peer_expect(peer, "SUBSCRIBE %u", subscribe);
    bench_expect(bench, "published %u timeout", timed_out);
    peer_answer_connect(peer, -1, false);
    peer_reset(peer);
    bench_expect(bench, "published %u lost", publish);
    bench_expect(bench, "subscribed %u lost 128", subscribe);
    bench_expect(bench, "lost");
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_RECONNECTING);
    assert_int_equal(mqtt_outstanding(bench->mqtt), 0);
    /* Nothing is kept for later. */
    uint16_t id = 0;
    bool written = false;
    assert_int_equal(mqtt_publish(bench->mqtt, "t", "late", 4, 1, false, 1000, &id, &written),
                     MQTT_NOT_ONLINE);
    assert_int_equal(mqtt_subscribe(bench->mqtt, "t", 1, 1000, &id), MQTT_NOT_ONLINE);
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "t", 1000, &id), MQTT_NOT_ONLINE);
    peer_answer_connect(peer, 0, false);
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 1 0");
    bench_quiet(bench, 0.05);
    assert_string_equal(peer_lines(peer), "");
    peer_destroy(peer);
}

static void test_full(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    uint16_t id = 0;
    bool written = false;
    char *long_text = mem_zeroed(600 * 1024);
    memset(long_text, 'x', 600 * 1024 - 1);
    bench_publish(bench, "t", long_text, 1, 10000);
    assert_int_equal(
        mqtt_publish(bench->mqtt, "t", long_text, 600 * 1024, 1, false, 10000, &id, &written),
        MQTT_FULL);
    free(long_text);
    for (int i = 1; i < 1000; i++) {
        bench_publish(bench, "t", "x", 1, i < 999 ? 1 : 100);
    }
    assert_int_equal(mqtt_publish(bench->mqtt, "t", "x", 1, 1, false, 1, &id, &written), MQTT_FULL);
    assert_int_equal(mqtt_subscribe(bench->mqtt, "t", 1, 1, &id), MQTT_FULL);
    /* The time of most is up, but libmosquitto still holds them. */
    while (mqtt_outstanding(bench->mqtt) > 1) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    assert_int_equal(mqtt_publish(bench->mqtt, "t", "x", 1, 1, false, 1, &id, &written), MQTT_FULL);
    peer_destroy(peer);
}

/* A broker that leaves one message without an answer while 65535 others pass. */
static void test_packet_ids_come_round(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    peer_play_dumb(peer);
    uint16_t waiting = bench_publish(bench, "t", "x", 1, 600000);
    assert_int_equal(waiting, 1);
    uint16_t last = waiting;
    for (int i = 0; i < 65534; i++) {
        uint16_t id = bench_publish(bench, "t", "", 0, 1000);
        assert_int_equal(id, last + 1);
        last = id;
        if (i % 1000 == 0) {
            ev_run(bench->loop, EVRUN_NOWAIT);
        }
    }
    assert_int_equal(last, 65535);
    assert_int_equal(bench_publish(bench, "t", "", 0, 1000), 2);
    peer_send_ack(peer, 0x40, waiting, -1);
    bench_expect(bench, "published %u done", waiting);
    peer_destroy(peer);
}

/* A message that the socket does not take at once. */
static void test_slow_reader(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    peer_pause(peer, true);
    size_t len = 16 * 1024 * 1024;
    char *bytes = mem_zeroed(len);
    uint16_t id = 0;
    bool written = true;
    assert_int_equal(mqtt_publish(bench->mqtt, "t", bytes, len, 0, false, 20000, &id, &written),
                     MQTT_OK);
    free(bytes);
    assert_false(written);
    bench_quiet(bench, 0.05);
    peer_pause(peer, false);
    bench_expect(bench, "published %u done", id);
    peer_expect(peer, "PUBLISH 0 0 0");

    /* What is left of one leaves with the next, inside of a call. */
    peer_pause(peer, true);
    bytes = mem_zeroed(len);
    do {
        assert_int_equal(
            mqtt_publish(bench->mqtt, "t", bytes, 65536, 0, false, 20000, &id, &written), MQTT_OK);
    } while (written);
    peer_drain(peer);
    bench_publish(bench, "t", "x", 0, 1000);
    bench_expect(bench, "published %u done", id);

    /* And one that it never takes: DISCONNECT behind it waits for a while only. */
    assert_int_equal(mqtt_publish(bench->mqtt, "t", bytes, len, 0, false, 20000, &id, &written),
                     MQTT_OK);
    free(bytes);
    double start = bench_now();
    assert_true(mqtt_disconnect(bench->mqtt));
    bench_expect(bench, "published %u lost", id);
    bench_expect(bench, "disconnected");
    assert_true(bench_now() - start > 1.5);
    peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish_outcomes, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_time_outs_and_late_answers, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_loss_ends_requests, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_full, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_packet_ids_come_round, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
