/* Datagrams that no server should send, and ports at which nobody listens. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static void answer_rubbish(struct peer *to, const struct message *message)
{
    static const char *const rubbish[] = {
        "", "x", "\x60", "hello, this is no CoAP", "\x60\x45\xff", "\xff\xff\xff\xff\xff\xff"};
    if (message->type != CON) {
        return;
    }
    for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        peer_send_raw(to, rubbish[i], strlen(rubbish[i]));
    }
    struct message response = peer_response(message, 0x45, "foreign");
    response.token[0] ^= 1;
    response.type = NON;
    response.mid = 99;
    peer_send(to, &response);
    response.type = CON;
    response.mid = 98;
    peer_send(to, &response);
    response.token_len = 0;
    response.mid = 97;
    peer_send(to, &response);
    response.token_len = 8;
    response.mid = 96;
    peer_send(to, &response);
    /* A request, and a signal of CoAP over TCP. */
    response.code = 1;
    response.mid = 95;
    peer_send(to, &response);
    response.code = 0xe1;
    response.mid = 94;
    peer_send(to, &response);
    /* Options that end early, and a payload marker with nothing behind. */
    char raw[] = {0x52,       0x45, 0x12, 0x34, (char)message->token[0], (char)message->token[1],
                  (char)0xd8, 0,    1,    2};
    for (size_t len = 4; len < sizeof raw; len++) {
        peer_send_raw(to, raw, len);
    }
    raw[6] = (char)0xff;
    peer_send_raw(to, raw, 7);
    raw[6] = (char)0xf0;
    peer_send_raw(to, raw, 8);
    raw[0] = 0x5f; /* a token of 15 bytes */
    peer_send_raw(to, raw, sizeof raw);
    /* An unknown critical option. */
    response = peer_response(message, 0x45, "critical");
    response.type = NON;
    response.mid = 93;
    response.options[0] = (struct option){2053, "x", 1};
    response.option_count = 1;
    peer_send(to, &response);
    response = peer_response(message, 0x45, "good");
    peer_send(to, &response);
}

static void test_rubbish(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_rubbish;
    bench_get(bench, "/r", 5000);
    char *line = bench_take(bench);
    /* The one of eight truncations that is a whole response (no options, no payload) may win. */
    assert_true(strcmp(line, "1 response 205 4 good") == 0 ||
                strcmp(line, "1 response 205 0 ") == 0);
    free(line);
    bench_quiet(bench, 0.1);
}

static void answer_random(struct peer *to, const struct message *message)
{
    unsigned char raw[80];
    if (message->code != 1) {
        return;
    }
    memcpy(raw, to->raw, to->raw_len < sizeof raw ? to->raw_len : sizeof raw);
    for (int i = 0; i < 200; i++) {
        for (size_t k = 0; k < sizeof raw; k++) {
            raw[k] = (unsigned char)(rand() >> 7);
        }
        /* Most of them look like responses to this request. */
        if (i % 8) {
            raw[0] = (unsigned char)(0x42 | (i % 4) << 4);
            raw[1] = (unsigned char)(0x40 | rand() % 10);
            memcpy(raw + 2, to->raw + 2, 2);
            memcpy(raw + 4, to->raw + 4, i % 3 ? 2 : 1);
        }
        peer_send_raw(to, raw, (size_t)(rand() % (int)sizeof raw));
    }
}

static void test_random(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_random;
    for (unsigned i = 0; i < 100; i++) {
        bench_get(bench, "/r", 500);
        free(bench_take(bench));
    }
    bench->peer->answer = peer_answer_x;
    bench_get(bench, "/r", 3000);
    bench_expect(bench, "101 response 205 1 x");
}

/* A datagram that is longer than libcoap reads is not taken for a shorter one. */
static void answer_long(struct peer *to, const struct message *message)
{
    char *text = mem_zeroed(2000);
    memset(text, 'x', 1999);
    struct message response = peer_response(message, 0x45, text);
    response.len = to->step;
    peer_send(to, &response);
    free(text);
}

static void test_long_datagrams(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_long;
    bench->peer->step = 1400;
    bench_get(bench, "/l", 3000);
    bench_expect(bench, "1 response 205 1400 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    static const unsigned lengths[] = {1465, 1466, 1999};
    for (size_t i = 0; i < 3; i++) {
        bench->peer->step = lengths[i];
        bench_get(bench, "/l", 600);
        bench_expect(bench, "%zu timeout", i + 2);
    }
}

static void test_closed_port(void **state)
{
    struct bench *bench = *state;
    bench->options.port = ports_free();
    double start = bench_now();
    bench_get(bench, "/c", 5000);
    bench_get(bench, "/c", 5000);
    bench_expect(bench, "1 unreachable");
    bench_expect(bench, "2 unreachable");
    assert_true(bench_logged(bench, "warning: coap: 127.0.0.1:"));
    /* And again, on a new session; then somebody is there. */
    bench_get(bench, "/c", 5000);
    bench_expect(bench, "3 unreachable");
    struct peer *late = peer_create(bench->loop, "127.0.0.1", bench->options.port);
    late->answer = peer_answer_x;
    bench_get(bench, "/c", 5000);
    bench_expect(bench, "4 response 205 1 x");
    assert_true(bench_now() - start < 2);
    peer_destroy(late);
    bench_get(bench, "/c", 5000);
    bench_expect(bench, "5 unreachable");
    assert_true(bench_now() - start < 2);
}

static void test_idle(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = peer_answer_x;
    bench_get(bench, "/i", 3000);
    bench_expect(bench, "1 response 205 1 x");
    bench_quiet(bench, 0.1);
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
    bench->peer->answer = NULL;
    bench_get(bench, "/i", 1800);
    assert_true(loop_wakes(bench->loop, 1.5) <= 12);
    bench_expect(bench, "2 timeout");
    bench_quiet(bench, 0.1);
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rubbish, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_random, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_long_datagrams, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_closed_port, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_idle, bench_setup_peer, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
