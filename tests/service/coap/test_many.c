/* Many requests at once. */
#include <stdlib.h>
#include <string.h>

#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/service/coap/server.h"

static void answer_two_of_three(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x45, "x");
    if (++to->step % 3 || to->step > 90) {
        peer_send(to, &response);
    }
}

static void test_many(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_two_of_three;
    double start = bench_now();
    for (unsigned i = 1; i <= COAP_CLIENT_REQUESTS_MAX; i++) {
        bench_get(bench, "/m", 16000);
        for (unsigned k = 1; k < i; k++) {
            assert_int_not_equal(bench->tokens[i], bench->tokens[k]);
        }
    }
    const struct coap_client_request more = {
        .method = COAP_CLIENT_GET, .path = "/m", .content_format = -1, .accept = -1};
    assert_int_equal(coap_client_outstanding(bench->client), COAP_CLIENT_REQUESTS_MAX);
    assert_int_equal(coap_client_send(bench->client, &more, NULL, NULL), 0);
    assert_int_equal(coap_client_ping(bench->client, 1000, NULL, NULL), 0);
    for (unsigned i = 0; i < COAP_CLIENT_REQUESTS_MAX; i++) {
        char *line = bench_take(bench);
        if (!strstr(line, " response 205 1 x")) {
            fail_msg("%s (%s)", line, bench->why);
        }
        free(line);
    }
    assert_true(bench_now() - start < 12);
    assert_int_equal(coap_client_outstanding(bench->client), 0);
}

/* One lost request does not hold up the others. */
static void answer_all_but_first(struct peer *to, const struct message *message)
{
    struct message response = peer_response(message, 0x45, "x");
    if (to->step++) {
        peer_send(to, &response);
    }
}

static void test_no_stall(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = answer_all_but_first;
    double start = bench_now();
    for (unsigned i = 0; i < 20; i++) {
        bench_get(bench, "/m", 5000);
    }
    for (unsigned i = 2; i <= 20; i++) {
        bench_expect(bench, "%u response 205 1 x", i);
    }
    assert_true(bench_now() - start < 0.5);
    bench_expect(bench, "1 response 205 1 x");
}

/* The real server, losing answers as they come. */
static void test_lossy_server(void **state)
{
    static const char *const loss[] = {"-l", "30%", NULL};
    struct bench *bench = *state;
    struct server *server = server_create(loss);
    bench->options.port = server->port;
    for (unsigned i = 1; i <= COAP_CLIENT_REQUESTS_MAX; i++) {
        bench_get(bench, "/", 12000);
    }
    unsigned good = 0;
    for (unsigned i = 0; i < COAP_CLIENT_REQUESTS_MAX; i++) {
        char *line = bench_take(bench);
        good += strstr(line, " response 205 ") != NULL;
        free(line);
    }
    assert_true(good >= COAP_CLIENT_REQUESTS_MAX - 4); /* 4 losses in a row: 1 of 120 */
    server_destroy(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_stall, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lossy_server, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
