/* Copies and time-outs of requests. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"

static unsigned token_of(const struct message *message)
{
    assert_int_equal(message->token_len, 2);
    return (unsigned)message->token[0] << 8 | message->token[1];
}

/* One copy a second later, nothing after the end, and what comes too late is dropped. */
static void test_timeout(void **state)
{
    struct bench *bench = *state;
    double start = bench_now();
    bench_get(bench, "/t", 2000);
    bench_received(bench, 2);
    double copy = bench_now() - start;
    assert_true(copy > 0.95 && copy < 1.6);
    struct message request = bench->peer->last;
    bench_expect(bench, "1 timeout");
    double end = bench_now() - start;
    assert_true(end >= 2 && end < 2.3);
    struct message response = peer_response(&request, 0x45, "late");
    peer_send(bench->peer, &response);
    response.type = CON;
    response.mid++;
    peer_send(bench->peer, &response);
    bench_quiet(bench, 3); /* the next copy would come 3 to 4.5 s after the request */
    assert_int_equal(bench->peer->received, 2);
}

/* Datagrams by the first letter of their path; ctx of the peer. */
static void count_paths(struct peer *to, const struct message *message)
{
    unsigned *counts = to->ctx;
    for (size_t i = 0; i < message->option_count; i++) {
        if (message->options[i].number == 11) {
            counts[*(const unsigned char *)message->options[i].bytes]++;
            return;
        }
    }
}

/* A request that ends has no copies while others on the same session go on, and these have theirs.
 */
static void test_copies(void **state)
{
    struct bench *bench = *state;
    unsigned counts[256] = {0};
    bench->peer->answer = count_paths;
    bench->peer->ctx = counts;
    bench_get(bench, "/short", 500);
    bench_get(bench, "/two", 2000);
    bench_get(bench, "/long", 6000);
    bench_non(bench, 1000);
    bench_expect(bench, "1 timeout");
    bench_expect(bench, "4 timeout");
    bench_expect(bench, "2 timeout");
    bench_expect(bench, "3 timeout");
    bench_quiet(bench, 1.5);
    assert_int_equal(counts['s'], 1);
    assert_int_equal(counts['n'], 1);
    assert_int_equal(counts['t'], 2);
    assert_in_range(counts['l'], 3, 4); /* at 0, 1, 3 and perhaps 5 s, by the pace */
}

static void answer_but_short(struct peer *to, const struct message *message)
{
    if (message->len == 0 && peer_number(message, 11) != 's') {
        peer_answer_x(to, message);
    }
}

/* libcoap holds the datagram of a request that was too short for a copy until the session ends: the
 * next request has a new one, though the server has answered others on it. */
static void test_held_datagram(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in *from = (struct sockaddr_in *)&bench->peer->from;
    bench->peer->answer = answer_but_short;
    bench_get(bench, "/s", 600);
    bench_received(bench, 1);
    bench_get(bench, "/a", 3000);
    bench_expect(bench, "2 response 205 1 x");
    in_port_t port = from->sin_port;
    bench_expect(bench, "1 timeout");
    bench_get(bench, "/a", 3000);
    bench_expect(bench, "3 response 205 1 x");
    assert_int_not_equal(from->sin_port, port);
    /* A lost request that had its copies leaves nothing behind. */
    port = from->sin_port;
    bench_get(bench, "/s", 1200);
    bench_received(bench, 5);
    bench_get(bench, "/a", 3000);
    bench_expect(bench, "5 response 205 1 x");
    bench_expect(bench, "4 timeout");
    bench_get(bench, "/a", 3000);
    bench_expect(bench, "6 response 205 1 x");
    assert_int_equal(from->sin_port, port);
}

static void answer_third(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x45, "x");
    if (++to->step == 3) {
        peer_send(to, &response);
    }
}

/* Also copies that libcoap does not send by itself have the same id and token. */
static void test_same_id(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_third;
    bench_get(bench, "/a", 10000);
    bench_received(bench, 1);
    uint16_t mid = bench->peer->last.mid;
    unsigned token = token_of(&bench->peer->last);
    bench_expect(bench, "1 response 205 1 x");
    assert_int_equal(bench->peer->received, 3);
    assert_int_equal(bench->peer->last.mid, mid);
    assert_int_equal(token_of(&bench->peer->last), token);
}

static void answer_ack(struct peer *to, const struct message *message)
{
    struct message empty = peer_empty(message, ACK);
    peer_send(to, &empty);
}

/* An ACK ends the copies; it is no response. */
static void test_only_ack(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_ack;
    bench_get(bench, "/a", 2500);
    bench_expect(bench, "1 timeout");
    assert_int_equal(bench->peer->received, 1);
}

static void test_many_sizes_of_time(void **state)
{
    static const unsigned timeouts[] = {500, 1000, 1100, 1500, 3100};
    struct bench *bench = *state;
    double start = bench_now();
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        bench_get(bench, "/a", timeouts[i]);
    }
    for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
        bench_expect(bench, "%zu timeout", i + 1);
        double end = bench_now() - start;
        assert_true(end >= timeouts[i] / 1000.0 && end < timeouts[i] / 1000.0 + 0.2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_timeout, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_copies, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_held_datagram, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_same_id, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_only_ack, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_many_sizes_of_time, bench_setup_peer, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
