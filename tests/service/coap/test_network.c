/* The module's network comes and goes: no request without it, and one under way ends. */
#include <stdlib.h>

#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/service/coap/server.h"
#include "tests/support/loop.h"

static const char missing[] = "the module has no network";

static void test_no_request_without(void **state)
{
    struct bench *bench = *state;
    network_set_registration(bench->env.network, NETWORK_NONE);
    double begun = bench_now();
    bench_get(bench, "/a", 10000);
    bench_ping(bench, 10000);
    bench_expect(bench, "1 unreachable");
    assert_string_equal(bench->why, missing);
    bench_expect(bench, "2 unreachable");
    assert_true(bench_now() - begun < 1);
    assert_true(bench_logged(bench, missing));
    assert_int_equal(coap_client_outstanding(bench->client), 0);
    assert_int_equal(bench->peer->received, 0);
    network_set_registration(bench->env.network, NETWORK_HOME);
    bench_get(bench, "/a", 60);
    bench_received(bench, 1);
    bench_expect(bench, "3 timeout");
}

static void test_lost_under_way(void **state)
{
    struct bench *bench = *state;
    bench_get(bench, "/a", 10000);
    bench_non(bench, 10000);
    bench_received(bench, 2);
    bench->in_call = true;
    network_set_rssi(bench->env.network, 0);
    bench->in_call = false;
    bench_expect(bench, "1 unreachable");
    assert_string_equal(bench->why, missing);
    bench_expect(bench, "2 unreachable");
    network_set_rssi(bench->env.network, -71);
    bench_get(bench, "/b", 60);
    bench_received(bench, 3);
    bench_expect(bench, "3 timeout");
}

static void destroy(struct bench *bench, const char *line)
{
    (void)line;
    coap_client_destroy(bench->client);
    bench->client = NULL;
}

static void test_destroy_in_done(void **state)
{
    struct bench *bench = *state;
    bench_get(bench, "/a", 10000);
    bench_get(bench, "/b", 10000);
    bench_received(bench, 2);
    bench->hook = destroy;
    network_set_radio(bench->env.network, false);
    bench_expect(bench, "1 unreachable");
    bench_quiet(bench, 0.02);
    network_set_radio(bench->env.network, true); /* nobody listens any more */
    bench->hook = NULL;
}

static void test_destroy_behind_the_loss(void **state)
{
    struct bench *bench = *state;
    bench_get(bench, "/a", 10000);
    network_set_radio(bench->env.network, false);
    destroy(bench, "");
    network_set_radio(bench->env.network, true);
    bench_quiet(bench, 0.02);
}

/* A DTLS session does not outlive the network; the next request makes a new one. */
static void test_secure(void **state)
{
    static const char *const arguments[] = {"-k", "topsecret", NULL};
    struct bench *bench = *state;
    struct server *server = server_create(arguments);
    bench->options.port = server->port + 1;
    bench->options.security = COAP_CLIENT_PSK;
    bench->options.psk_key = "topsecret";
    bench->options.psk_key_len = 9;
    bench_get(bench, "/time", 10000);
    char *line = bench_take(bench);
    assert_memory_equal(line, "1 response 205 ", 15);
    free(line);
    network_set_radio(bench->env.network, false);
    bench_quiet(bench, 0.02);
    network_set_radio(bench->env.network, true);
    bench_get(bench, "/time", 10000);
    line = bench_take(bench);
    assert_memory_equal(line, "2 response 205 ", 15);
    free(line);
    bench_forget(bench);
    server_destroy(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_request_without, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_under_way, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_in_done, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_behind_the_loss, bench_setup_peer,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_secure, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
