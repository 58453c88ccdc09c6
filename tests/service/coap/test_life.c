/* The life of a client: its end at every moment, and what it leaves behind. */
#include <stdlib.h>
#include <string.h>

#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/service/coap/server.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static struct server *server;

static int group_setup(void **state)
{
    static const char *const arguments[] = {"-k", "topsecret", NULL};
    server = server_create(arguments);
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    server_destroy(server);
    return bench_group_teardown(state);
}

static void use_server(struct bench *bench, bool secure)
{
    bench->options.port = server->port + secure;
    bench->options.security = secure ? COAP_CLIENT_PSK : COAP_CLIENT_PLAIN;
    bench->options.psk_key = "topsecret";
    bench->options.psk_key_len = 9;
}

static void test_unused(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    struct coap_client *client = coap_client_create(&bench->env, &bench->options);
    assert_int_equal(coap_client_outstanding(client), 0);
    assert_int_equal(ports_descriptors(), before);
    coap_client_destroy(client);
    coap_client_destroy(NULL);
}

static void destroy(struct bench *bench, const char *line)
{
    (void)line;
    coap_client_destroy(bench->client);
    bench->client = NULL;
}

static void test_destroy_in_callback(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    struct peer *silent = peer_create(bench->loop, "127.0.0.1", 0);
    bench->hook = destroy;
    for (unsigned i = 0; i < 100; i++) {
        use_server(bench, i % 2);
        if (i % 5 == 4) {
            bench->options.port = ports_free();
        }
        if (i % 10 == 3) {
            bench->options.port = silent->port;
        }
        unsigned timeout = i % 10 == 3 ? 60 : 5000;
        unsigned n = bench_get(bench, "/time", timeout);
        if (i % 3 == 0) {
            bench_ping(bench, timeout);
            bench_get(bench, "/time", timeout);
        }
        char *line = bench_take(bench);
        assert_int_not_equal(strtoul(line, NULL, 10), 0);
        assert_true(strtoul(line, NULL, 10) >= n);
        free(line);
        assert_null(bench->client);
        bench_quiet(bench, 0.005); /* the others have no outcome */
    }
    peer_destroy(silent);
    assert_int_equal(ports_descriptors(), before);
}

static void send_more(struct bench *bench, const char *line)
{
    (void)line;
    if (bench->sent < 200) {
        bench_get(bench, "/time", 5000);
    }
}

static void test_send_in_callback(void **state)
{
    struct bench *bench = *state;
    use_server(bench, true);
    bench->hook = send_more;
    bench_get(bench, "/time", 5000);
    for (unsigned i = 1; i <= 200; i++) {
        char *line = bench_take(bench);
        assert_int_equal(strtoul(line, NULL, 10), i);
        if (!strstr(line, " response 205 ")) {
            fail_msg("%s (%s)", line, bench->why);
        }
        free(line);
    }
}

static void test_destroy_at_each_moment(void **state)
{
    (void)state;
    int before = ports_descriptors();
    for (int i = 0; i < 400; i++) {
        struct bench *bench = bench_create(NULL);
        use_server(bench, i % 2);
        if (i % 7 == 0) {
            bench->options.host = "localhost";
        }
        if (i % 11 == 0) {
            bench->options.port = ports_free();
        }
        bench_get(bench, "/time", 5000);
        bench_ping(bench, 5000);
        for (int turn = 0; turn < i % 16 && coap_client_outstanding(bench->client); turn++) {
            ev_run(bench->loop, EVRUN_ONCE);
            if (turn == 5) {
                bench_non(bench, 50);
            }
        }
        bench_destroy(bench);
    }
    assert_int_equal(ports_descriptors(), before);
}

/* A session is used again, and has no more than three descriptors. */
static void test_descriptors(void **state)
{
    struct bench *bench = *state;
    for (int secure = 0; secure < 2; secure++) {
        int before = ports_descriptors();
        bench_forget(bench);
        use_server(bench, secure);
        for (int i = 0; i < 20; i++) {
            bench_get(bench, "/time", 5000);
            free(bench_take(bench));
            assert_int_equal(ports_descriptors(), before + 3);
        }
        bench_forget(bench);
        assert_int_equal(ports_descriptors(), before);
    }
}

/* Requests that nobody answers cost nothing once they are over. */
static void test_no_litter(void **state)
{
    struct bench *bench = *state;
    struct peer *silent = peer_create(bench->loop, "127.0.0.1", 0);
    bench->options.port = silent->port;
    int before = ports_descriptors();
    for (int i = 0; i < 100; i++) {
        bench_get(bench, "/time", 20);
        free(bench_take(bench));
    }
    bench_quiet(bench, 0.1);
    assert_int_equal(ports_descriptors(), before);
    assert_true(silent->received >= 100); /* on a busy machine some are sent again */
    peer_destroy(silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unused, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_in_callback, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_send_in_callback, bench_setup, bench_teardown),
        cmocka_unit_test(test_destroy_at_each_moment),
        cmocka_unit_test_setup_teardown(test_descriptors, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_litter, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
