/* What becomes of a session when its connection breaks: messages that are half received, packets
 * that are on their way, subscriptions. */
#include <string.h>
#include <unistd.h>

#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/peer.h"

static const char publish_2[] = "\x34\x06\x00\x01t\x00\x07!"; /* topic t, QoS 2, id 7 */

static void test_half_received_message_survives(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    struct peer *peer = peer_connect(bench);
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
    struct peer *peer = peer_connect(bench);
    uint16_t subscribe = bench_subscribe(bench, "f", 1);
    peer_expect(peer, "SUBSCRIBE %u", subscribe);
    peer_send_ack(peer, 0x90, subscribe, 1);
    bench_expect(bench, "subscribed %u done 1", subscribe);
    uint16_t own = bench_publish(bench, "t", "old", 1, 10000);
    peer_expect(peer, "PUBLISH 0 1 %u", own);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_answer_connect(peer, 0, false);
    peer_reset(peer);
    bench_expect(bench, "published %u lost", own);
    bench_expect(bench, "lost");
    peer_expect(peer, "CONNECT 0 0");
    peer_expect(peer, "END");
    peer_expect(peer, "CONNECT 0 0");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "SUBSCRIBE 1");
    /* Its packet id is free again. */
    assert_int_equal(bench_publish(bench, "t", "new", 1, 10000), own);
    peer_expect(peer, "PUBLISH 0 1 %u", own);
    peer_send(peer, "\x34\x06\x00\x01t\x00\x07?", 8);
    peer_expect(peer, "PUBREC 7");
    peer_send_ack(peer, 0x62, 7, -1);
    bench_expect(bench, "message t 2 0 1 ?");
    peer_destroy(peer);
}

static void test_clean_session_forgets(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_close(peer);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 0 1");
    peer_expect(peer, "CONNECT 1 0");
    bench_quiet(bench, 0.05);
    assert_string_equal(peer_lines(peer), "");
    peer_destroy(peer);
}

/* Nothing of one client is finished by another. */
static void test_another_client_begins_anew(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    struct peer *peer = peer_connect(bench);
    uint16_t own = bench_publish(bench, "t", "x", 1, 10000);
    peer_expect(peer, "PUBLISH 0 1 %u", own);
    peer_close(peer);
    bench_expect(bench, "published %u lost", own);
    bench_expect(bench, "lost");
    bench->options.client_id = "another";
    bench_connect(bench, 0);
    bench_expect(bench, "connected 1 0");
    peer_expect(peer, "CONNECT 0 0");
    assert_int_equal(bench_publish(bench, "t", "x", 1, 10000), 1);
    peer_expect(peer, "PUBLISH 0 1 1");
    peer_destroy(peer);
}

static void test_refused_restoration(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_connect(bench);
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
    struct peer *peer = peer_connect(bench);
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
    struct peer *peer = peer_connect(bench);
    peer_send(peer, publish_2, 8);
    peer_expect(peer, "PUBREC 7");
    peer_answer_connect(peer, -1, false);
    peer_close(peer);
    bench_expect(bench, "lost");
    for (int i = 2; i < 5; i++) {
        peer_expect(peer, "CONNECT 0 0");
        peer_expect(peer, "END");
        assert_int_equal(peer_connections(peer), i);
    }
    peer_answer_connect(peer, 0, true);
    bench_expect(bench, "connected 1 1");
    peer_send_ack(peer, 0x62, 7, -1);
    bench_expect(bench, "message t 2 0 1 !");
    peer_destroy(peer);
}

static void test_connect_while_reconnecting(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    struct peer *peer = peer_connect(bench);
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
        cmocka_unit_test_setup_teardown(test_half_received_message_survives, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_half_received_message_of_a_lost_session, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_clean_session_forgets, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_another_client_begins_anew, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_refused_restoration, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_present_session, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_failed_attempt_is_closed, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_connect_while_reconnecting, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
