/* Connections that do not come about, or only to be looked at, and what is on the wire then. The
 * far end is played by the test. */
#include <string.h>

#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/peer.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static bool connected_to(void *ctx)
{
    return peer_connections(ctx) > 0;
}

/* Begins to connect to a peer; the peer has the connection, the client no CONNACK. */
static struct peer *half_connect(struct bench *bench)
{
    struct peer *peer = peer_create(bench);
    bench_connect(bench, peer_port(peer));
    bench_until(bench, connected_to, peer);
    return peer;
}

static void test_refusing_port(void **state)
{
    struct bench *bench = *state;
    bench_connect(bench, ports_free());
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_CONNECTING);
    assert_false(mqtt_connect(bench->mqtt, &bench->options));
    bench_expect(bench, "failed connect 0");
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_OFFLINE);
    assert_true(bench_logged(bench, "Connection refused"));
    bench_quiet(bench, 0.2);
}

static void test_each_connack_code(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    for (int code = 1; code < 8; code++) {
        peer_answer_connect(peer, code, false);
        bench_connect(bench, peer_port(peer));
        bench_expect(bench, "failed refused %d", code);
    }
    assert_true(bench_logged(bench, "CONNACK 4: bad user name or password"));
    assert_true(bench_logged(bench, "CONNACK with an unknown code"));
    bench_quiet(bench, 0.05);
    peer_destroy(peer);
}

static void check_mute(struct bench *bench, const char *stage)
{
    bench->options.connect_timeout_ms = 300;
    double start = bench_now();
    struct peer *peer = half_connect(bench);
    bench_expect(bench, "failed timeout 0");
    double took = bench_now() - start;
    assert_true(took > 0.29 && took < 5);
    assert_true(bench_logged(bench, stage));
    bench_quiet(bench, 0.05);
    peer_destroy(peer);
}

static void test_mute_peer(void **state)
{
    check_mute(*state, "waited for CONNACK");
}

static void test_mute_tls_peer(void **state)
{
    struct bench *bench = *state;
    bench->options.secure = true;
    check_mute(bench, "waited for the TLS handshake");
}

static void check_greeting(struct bench *bench, const void *greeting, size_t len, const char *event,
                           const char *log)
{
    struct peer *peer = peer_create(bench);
    peer_play_dumb(peer);
    peer_greet(peer, greeting, len);
    bench->options.connect_timeout_ms = 1000;
    bench_connect(bench, peer_port(peer));
    bench_expect(bench, "%s", event);
    assert_true(bench_logged(bench, log));
    bench_quiet(bench, 0.05);
    peer_destroy(peer);
}

static void test_garbage(void **state)
{
    check_greeting(*state, "SSH-2.0-OpenSSH_9.2\r\n", 21, "failed timeout 0", "CONNACK");
    check_greeting(*state, "\xff\x00\xff\x00\xff\x00", 6, "failed connect 0", "is not MQTT");
    check_greeting(*state, "\x20\xff\xff\xff\xff\xff\xff", 7, "failed connect 0", "is not MQTT");
    check_greeting(*state, "\x30\x05\x00\x01", 4, "failed timeout 0", "CONNACK");
    /* A PUBLISH before CONNACK. */
    check_greeting(*state, "\x30\x05\x00\x01xyz", 7, "failed connect 0", "is not MQTT");
}

static void test_tls_to_a_plain_port(void **state)
{
    struct bench *bench = *state;
    bench->options.secure = true;
    check_greeting(bench, "220 hello\r\n", 11, "failed tls 0", "does not speak TLS");
    check_greeting(bench, "\x15\x03\x03\x00\x02\x02\x28", 7, "failed tls 0",
                   "the broker refused: handshake failure");
}

static void check_closing(struct bench *bench, void (*end)(struct peer *peer), const char *event)
{
    struct peer *peer = half_connect(bench);
    bench_quiet(bench, 0.02);
    end(peer);
    bench_expect(bench, "%s", event);
    unsigned wakes = loop_wakes(bench->loop, 0.05);
    assert_true(wakes < 5);
    peer_destroy(peer);
}

static void test_peer_goes_before_connack(void **state)
{
    struct bench *bench = *state;
    check_closing(bench, peer_close, "failed connect 0");
    check_closing(bench, peer_reset, "failed connect 0");
    bench->options.secure = true;
    check_closing(bench, peer_close, "failed tls 0");
    check_closing(bench, peer_reset, "failed tls 0");
}

static void test_probe_takes_nothing(void **state)
{
    /* CONNACK, a QoS 1 and a QoS 2 message in one piece. */
    static const char flood[] = "\x20\x02\x01\x00"
                                "\x32\x06\x00\x01t\x00\x07!"
                                "\x34\x06\x00\x01t\x00\x08!";
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    peer_answer_connect_with(peer, flood, sizeof flood - 1);
    bench->options.port = peer_port(peer);
    bench->options.will = (struct mqtt_will){.topic = "will", .bytes = "x", .len = 1};
    bench_probe(bench);
    bench_expect(bench, "probe accepted");
    peer_expect(peer, "CONNECT 0 0");
    peer_expect(peer, "END");
    assert_string_equal(peer_lines(peer), "");

    peer_answer_connect(peer, 5, false);
    bench_probe(bench);
    bench_expect(bench, "probe refused 5");
    peer_answer_connect(peer, -1, false);
    bench->options.connect_timeout_ms = 100;
    bench_probe(bench);
    bench_expect(bench, "probe timeout 0");
    mqtt_probe_cancel(bench_probe(bench));
    bench_quiet(bench, 0.2);
    peer_destroy(peer);
}

static void test_will(void **state)
{
    struct bench *bench = *state;
    bench->options.will = (struct mqtt_will){.topic = "will", .bytes = "x", .len = 1};
    struct peer *peer = peer_create(bench);
    peer_answer_connect(peer, 0, false);
    bench_online(bench, peer_port(peer));
    peer_expect(peer, "CONNECT 1 1");
    peer_destroy(peer);
}

static void test_destroy_says_goodbye(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    mqtt_destroy(bench->mqtt);
    bench->mqtt = NULL;
    peer_expect(peer, "DISCONNECT");
    peer_expect(peer, "END");
    peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_refusing_port, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_each_connack_code, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_mute_peer, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_mute_tls_peer, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_garbage, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_tls_to_a_plain_port, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_peer_goes_before_connack, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_probe_takes_nothing, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_will, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_says_goodbye, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
