/* What goes over the wire for one request, and the ways in which it may be answered. */
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

static const struct option *find(const struct message *message, unsigned number, unsigned nth)
{
    for (size_t i = 0; i < message->option_count; i++) {
        if (message->options[i].number == number && nth-- == 0) {
            return &message->options[i];
        }
    }
    fail_msg("no option %u", number);
    return NULL;
}

static void check_option(const struct message *message, unsigned number, unsigned nth,
                         const char *bytes, size_t len)
{
    const struct option *option = find(message, number, nth);
    assert_int_equal(option->len, len);
    assert_memory_equal(option->bytes, bytes, len);
}

static void test_request(void **state)
{
    struct bench *bench = *state;
    const struct coap_client_option options[] = {{2089, "\x01\x02", 2}, {2088, "seq", 3}};
    unsigned n = bench_send(bench, &(struct coap_client_request){.method = COAP_CLIENT_POST,
                                                                 .confirmable = true,
                                                                 .path = "/a/%62%2f/c?d=e%26&f",
                                                                 .bytes = "body",
                                                                 .len = 4,
                                                                 .content_format = 50,
                                                                 .accept = 0,
                                                                 .options = options,
                                                                 .option_count = 2,
                                                                 .timeout_ms = 5000});
    assert_int_equal(coap_client_outstanding(bench->client), 1);
    bench_received(bench, 1);
    assert_int_equal(bench->peer->last.type, CON);
    assert_int_equal(bench->peer->last.code, 2);
    assert_int_equal(token_of(&bench->peer->last), bench->tokens[n]);
    assert_int_equal(bench->peer->last.option_count, 9);
    check_option(&bench->peer->last, 11, 0, "a", 1);
    check_option(&bench->peer->last, 11, 1, "b/", 2);
    check_option(&bench->peer->last, 11, 2, "c", 1);
    check_option(&bench->peer->last, 12, 0, "\x32", 1);
    check_option(&bench->peer->last, 15, 0, "d=e&", 4);
    check_option(&bench->peer->last, 15, 1, "f", 1);
    check_option(&bench->peer->last, 17, 0, "", 0);
    check_option(&bench->peer->last, 2088, 0, "seq", 3);
    check_option(&bench->peer->last, 2089, 0, "\x01\x02", 2);
    assert_int_equal(bench->peer->last.len, 4);
    assert_memory_equal(bench->peer->last.bytes, "body", 4);

    struct message response = peer_response(&bench->peer->last, 0x45, "yes");
    response.options[0] = (struct option){12, "\x32", 1};
    response.options[1] = (struct option){2088, "s", 1};
    response.options[2] = (struct option){2089, "tk", 2};
    response.options[3] = (struct option){2090, "", 0};
    response.option_count = 4;
    peer_send(bench->peer, &response);
    bench_expect(bench, "1 response 205 3 yes");
    assert_string_equal(buf_text(&bench->response_options), "12=32 2088=73 2089=746b 2090= ");
    assert_int_equal(coap_client_outstanding(bench->client), 0);
}

/* A name in Uri-Host, a number not. */
static void test_uri_host(void **state)
{
    struct bench *bench = *state;
    bench->options.host = "LocalHost";
    bench_get(bench, "", 3000);
    bench_received(bench, 1);
    assert_int_equal(bench->peer->last.option_count, 1);
    check_option(&bench->peer->last, 3, 0, "localhost", 9);
}

static void answer_separately(struct peer *to, const struct message *message)
{
    if (message->type != CON) {
        return;
    }
    struct message empty = peer_empty(message, ACK);
    struct message response = peer_response(message, 0x45, "late");
    peer_send(to, &empty);
    response.type = to->ctx ? NON : CON;
    response.mid = 7;
    peer_send(to, &response);
}

static void test_separate(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_separately;
    bench_get(bench, "/s", 3000);
    bench_expect(bench, "1 response 205 4 late");
    bench_received(bench, 2); /* the response is acknowledged */
    assert_int_equal(bench->peer->last.type, ACK);
    assert_int_equal(bench->peer->last.code, 0);
    assert_int_equal(bench->peer->last.mid, 7);
    bench->peer->ctx = bench;
    bench_get(bench, "/s", 3000);
    bench_expect(bench, "2 response 205 4 late");
    bench_quiet(bench, 0.1);
    assert_int_equal(bench->peer->received, 3);
}

/* The ACK got lost: the response acknowledges, too, and in time the request is not sent again. */
static void answer_without_ack(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x45, "x");
    response.type = message->code == 1 ? CON : NON;
    response.mid = (uint16_t)(to->received + 100);
    if (message->code) {
        peer_send(to, &response);
    }
}

static void test_no_ack(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_without_ack;
    bench_get(bench, "/s", 3000);
    bench_expect(bench, "1 response 205 1 x");
    bench_quiet(bench, 1.8);
    assert_int_equal(bench->peer->received, 2); /* the request and our ACK */
    bench_non(bench, 3000);
    bench_expect(bench, "2 response 205 1 x");
    assert_int_equal(bench->peer->last.type, NON);
}

static void answer_twice(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x45, "x");
    if (message->type == CON) {
        peer_send(to, &response);
        peer_send(to, &response);
        response.type = CON;
        peer_send(to, &response);
        peer_send(to, &response);
        response.type = NON;
        peer_send(to, &response);
    }
}

static void test_duplicates(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_twice;
    for (unsigned i = 1; i <= 50; i++) {
        bench_get(bench, "/s", 3000);
        bench_expect(bench, "%u response 205 1 x", i);
    }
    bench_quiet(bench, 0.1);
}

static void answer_reset(struct peer *to, const struct message *message)
{
    struct message reset = peer_empty(message, RST);
    peer_send(to, &reset);
}

static void test_reset(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_reset;
    bench_get(bench, "/r", 3000);
    bench_expect(bench, "1 reset");
    bench_ping(bench, 3000);
    bench_expect(bench, "2 reset");
    assert_int_equal(bench->peer->last.type, CON);
    assert_int_equal(bench->peer->last.code, 0);
    assert_int_equal(bench->peer->raw_len, 4);
    bench_quiet(bench, 0.1);
    assert_int_equal(bench->peer->received, 2);
}

static void answer_ping_strangely(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x44, "");
    peer_send(to, &response);
}

static void test_ping_response(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_ping_strangely;
    bench_ping(bench, 3000);
    bench_expect(bench, "1 response 204 0 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_request, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_uri_host, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_separate, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_ack, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_duplicates, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_reset, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_ping_response, bench_setup_peer, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
