/* Keep-alive, back-off and hold. Real seconds pass here: both are counted in them. */
#include <string.h>
#include <unistd.h>

#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/peer.h"
#include "tests/support/loop.h"

static void answer_ping(struct peer *peer)
{
    peer_expect(peer, "PINGREQ");
    peer_send(peer, "\xd0\x00", 2);
}

static void test_keepalive(void **state)
{
    struct bench *bench = *state;
    bench->options.keepalive_s = 5;
    struct peer *peer = peer_connect(bench);
    double start = bench_now();
    unsigned wakes = loop_wakes(bench->loop, 3.8);
    assert_true(wakes <= 2);
    assert_string_equal(peer_lines(peer), "");
    answer_ping(peer);
    double took = bench_now() - start;
    assert_true(took > 3.9 && took < 6.2);
    bench_expect(bench, "pingresp");
    /* The next one is not answered. */
    peer_expect(peer, "PINGREQ");
    bench_expect(bench, "lost");
    took = bench_now() - start;
    assert_true(took > 11 && took < 18);
    assert_true(bench_logged(bench, "the broker does not answer PINGREQ"));
    peer_destroy(peer);
}

static void test_backoff_and_hold(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = 100;
    bench->options.backoff_max_ms = 400;
    struct peer *peer = peer_connect(bench);
    peer_answer_connect(peer, 3, false);
    peer_close(peer);
    bench_expect(bench, "lost");
    double start = bench_now();
    while (peer_connections(peer) < 5) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    /* 100, 200, 400, 400, less 10 % at most. */
    double took = bench_now() - start;
    assert_true(took > 0.98 && took < 3);
    mqtt_hold(bench->mqtt, true);
    bench_quiet(bench, 0.6);
    assert_int_equal(peer_connections(peer), 5);
    peer_answer_connect(peer, 0, false);
    mqtt_hold(bench->mqtt, false);
    bench_expect(bench, "connected 0 1");

    /* And while it waits: what is due in the meantime comes at the end. */
    peer_close(peer);
    bench_expect(bench, "lost");
    mqtt_hold(bench->mqtt, true);
    bench_quiet(bench, 0.6);
    assert_int_equal(peer_connections(peer), 6);
    mqtt_hold(bench->mqtt, false);
    bench_expect(bench, "connected 0 1");
    assert_int_equal(peer_connections(peer), 7);
    peer_close(peer);
    bench_expect(bench, "lost");
    mqtt_hold(bench->mqtt, true);
    mqtt_hold(bench->mqtt, false);
    bench_expect(bench, "connected 0 1");
    peer_destroy(peer);
}

/* A broker that breaks each connection at once is not asked more and more often. */
static void test_backoff_of_short_connections(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = 100;
    bench->options.backoff_max_ms = 10000;
    struct peer *peer = peer_connect(bench);
    double start = bench_now();
    for (int i = 0; i < 3; i++) {
        peer_close(peer);
        bench_expect(bench, "lost");
        bench_expect(bench, "connected 0 1");
    }
    /* 100, 200, 400. */
    assert_true(bench_now() - start > 0.62);
    peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keepalive, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_backoff_and_hold, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_backoff_of_short_connections, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
