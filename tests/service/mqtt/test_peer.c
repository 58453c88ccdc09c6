/* The MQTT service against a far end that a test plays packet by packet: what a real broker does
 * not do on demand, and what is really on the wire. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/peer.h"
#include "tests/support/loop.h"

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

static struct peer *connect_to_peer(struct bench *bench)
{
    struct peer *peer = peer_create(bench);
    peer_answer_connect(peer, 0, false);
    bench_online(bench, peer_port(peer));
    peer_expect(peer, "CONNECT %d 0", bench->options.clean_session);
    return peer;
}

/* ---- connections that do not come about ---- */

static void test_refusing_port(void **state)
{
    struct bench *bench = *state;
    bench_connect(bench, bench_free_port());
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
    bench->options.tls.enabled = true;
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
    bench->options.tls.enabled = true;
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
    bench->options.tls.enabled = true;
    check_closing(bench, peer_close, "failed tls 0");
    check_closing(bench, peer_reset, "failed tls 0");
}

/* ---- requests and a peer that answers as it likes ---- */

static void test_publish_outcomes(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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

    /* And one that it never takes: DISCONNECT behind it waits for a while only. */
    bytes = mem_zeroed(len);
    peer_pause(peer, true);
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

/* ---- sessions ---- */

static const char publish_2[] = "\x34\x06\x00\x01t\x00\x07!"; /* topic t, QoS 2, id 7 */

static void test_half_received_message_survives(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    struct peer *peer = connect_to_peer(bench);
    uint16_t own = bench_publish(bench, "t", "x", 2, 10000);
    peer_expect(peer, "PUBLISH 0 2 %u", own);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_answer_connect(peer, 0, true);
    peer_reset(peer);
    bench_expect(bench, "published %u lost", own);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 1 1");
    peer_expect(peer, "CONNECT 0 0");
    /* MQTT demands that it is sent again; its end is not told twice. */
    peer_expect(peer, "PUBLISH 1 2 %u", own);
    peer_send_ack(peer, 0x50, own, -1);
    peer_expect(peer, "PUBREL %u", own);
    peer_send_ack(peer, 0x70, own, -1);
    peer_send_ack(peer, 0x62, 7, -1);
    peer_expect(peer, "PUBCOMP 7");
    bench_expect(bench, "message t 2 0 1 !");
    bench_quiet(bench, 0.05);
    peer_destroy(peer);
}

/* The broker has forgotten the session, and numbers its messages from the beginning. */
static void test_half_received_message_of_a_lost_session(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    struct peer *peer = connect_to_peer(bench);
    uint16_t subscribe = bench_subscribe(bench, "f", 1);
    peer_expect(peer, "SUBSCRIBE %u", subscribe);
    peer_send_ack(peer, 0x90, subscribe, 1);
    bench_expect(bench, "subscribed %u done 1", subscribe);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_answer_connect(peer, 0, false);
    peer_reset(peer);
    bench_expect(bench, "lost");
    peer_expect(peer, "CONNECT 0 0");
    peer_expect(peer, "END");
    peer_expect(peer, "CONNECT 0 0");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "SUBSCRIBE 1");
    peer_send(peer, "\x34\x06\x00\x01t\x00\x07?", 8);
    peer_expect(peer, "PUBREC 7");
    peer_send_ack(peer, 0x62, 7, -1);
    bench_expect(bench, "message t 2 0 1 ?");
    peer_destroy(peer);
}

static void test_refused_restoration(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = connect_to_peer(bench);
    uint16_t id = bench_subscribe(bench, "gone/#", 1);
    peer_expect(peer, "SUBSCRIBE %u", id);
    peer_send_ack(peer, 0x90, id, 1);
    bench_expect(bench, "subscribed %u done 1", id);
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 1 0");
    peer_expect(peer, "SUBSCRIBE 1");
    assert_int_equal(mqtt_outstanding(bench->mqtt), 0);
    peer_send_ack(peer, 0x90, 1, 0x80);
    bench_quiet(bench, 0.05);
    assert_true(bench_logged(bench, "warning: mqtt: the broker refuses to subscribe to gone/#"));
    peer_destroy(peer);
}

/* The broker has kept the session: nothing is subscribed to a second time. */
static void test_present_session(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    struct peer *peer = connect_to_peer(bench);
    uint16_t id = bench_subscribe(bench, "f", 1);
    peer_expect(peer, "SUBSCRIBE %u", id);
    peer_send_ack(peer, 0x90, id, 1);
    bench_expect(bench, "subscribed %u done 1", id);
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 1 1");
    peer_expect(peer, "CONNECT 0 0");
    bench_quiet(bench, 0.05);
    assert_string_equal(peer_lines(peer), "");
    /* Until it has lost it. */
    peer_answer_connect(peer, 0, false);
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 0 0");
    peer_expect(peer, "SUBSCRIBE 1");
    peer_destroy(peer);
}

/* What is half done is kept, the connection of an attempt that failed is not. */
static void test_failed_attempt_is_closed(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    bench->options.connect_timeout_ms = 100;
    struct peer *peer = connect_to_peer(bench);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_answer_connect(peer, -1, false);
    peer_close(peer);
    bench_expect(bench, "lost");
    for (int i = 0; i < 3; i++) {
        peer_expect(peer, "CONNECT 0 0");
        peer_expect(peer, "END");
    }
    peer_answer_connect(peer, 0, true);
    bench_expect(bench, "connected 1 1");
    peer_send_ack(peer, 0x62, 7, -1);
    bench_expect(bench, "message t 2 0 1 !");
    peer_destroy(peer);
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

static void test_destroy_says_goodbye(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = connect_to_peer(bench);
    mqtt_destroy(bench->mqtt);
    bench->mqtt = NULL;
    peer_expect(peer, "DISCONNECT");
    peer_expect(peer, "END");
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

/* ---- time ---- */

static void answer_ping(struct peer *peer)
{
    peer_expect(peer, "PINGREQ");
    peer_send(peer, "\xd0\x00", 2);
}

static void test_keepalive(void **state)
{
    struct bench *bench = *state;
    bench->options.keepalive_s = 5;
    struct peer *peer = connect_to_peer(bench);
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
    struct peer *peer = connect_to_peer(bench);
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

static void test_connect_while_reconnecting(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    struct peer *peer = connect_to_peer(bench);
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_connect(bench, 0);
    bench_expect(bench, "connected 0 0");
    peer_close(peer);
    bench_expect(bench, "lost");
    peer_answer_connect(peer, 5, false);
    bench_connect(bench, 0);
    bench_expect(bench, "failed refused 5");
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_OFFLINE);

    peer_answer_connect(peer, 0, false);
    bench_connect(bench, 0);
    bench_expect(bench, "connected 0 0");
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_disconnect(bench);
    assert_false(mqtt_disconnect(bench->mqtt));
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
        cmocka_unit_test_setup_teardown(test_publish_outcomes, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_time_outs_and_late_answers, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_loss_ends_requests, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_full, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_packet_ids_come_round, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_reader, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_half_received_message_survives, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_half_received_message_of_a_lost_session, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_refused_restoration, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_present_session, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_failed_attempt_is_closed, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_probe_takes_nothing, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_says_goodbye, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_will, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_keepalive, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_backoff_and_hold, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_connect_while_reconnecting, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
