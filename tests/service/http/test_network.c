/* The module's network comes and goes: no transfer without it, and one under way ends. */
#include "base/log.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
static const char missing[] = "the module has no network";

static bool was_asked(void *ctx)
{
    const struct bench *bench = ctx;
    return server_requests(bench->server) > 0;
}

static bool nothing_is_open(void *ctx)
{
    const struct bench *bench = ctx;
    return server_open(bench->server) == 0;
}

static void check_missing(struct bench *bench, struct call *call, enum http_outcome outcome,
                          int status)
{
    bench_wait(bench, call);
    call_expect(call, outcome, status, NULL);
    assert_int_equal(call->over, 1);
    assert_string_equal(call->why, missing);
    assert_true(bench_logged(bench, missing));
    call_free(call);
}

static void test_no_transfer_without(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    network_set_rssi(bench->env.network, 0);
    bench_send(bench, &call);
    check_missing(bench, &call, HTTP_FAILED_CONNECT, 0);
    assert_int_equal(server_accepted(bench->server), 0);
    network_set_rssi(bench->env.network, -100);
    bench_expect(bench, HTTP_DONE, 200, "ok");
}

static void test_lost_under_way(void **state)
{
    struct bench *bench = *state;
    const struct server_answer silence[] = {{.bytes = NULL}};
    struct call call = {0};
    server_script(bench->server, silence, 1);
    bench_send(bench, &call);
    bench_until(bench, was_asked, bench);
    network_set_radio(bench->env.network, false);
    assert_int_equal(call.over, 0); /* it is told from the loop */
    check_missing(bench, &call, HTTP_FAILED_SEND, 0);
    bench_until(bench, nothing_is_open, bench);
    network_set_radio(bench->env.network, true);
    server_says(bench->server, ok);
    bench_expect(bench, HTTP_DONE, 200, "ok");
}

static void lose_at_piece(struct call *call)
{
    network_set_registration(call->bench->env.network, NETWORK_SEARCHING);
}

static void test_lost_within_the_response(void **state)
{
    struct bench *bench = *state;
    const struct server_answer half[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf"}};
    struct call call = {.piece_hook = lose_at_piece};
    server_script(bench->server, half, 1);
    bench_stream(bench);
    bench_send(bench, &call);
    check_missing(bench, &call, HTTP_BROKEN, 200);
}

/* A kept connection does not outlive the network. */
static void test_kept_connection(void **state)
{
    struct bench *bench = *state;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_open(bench->server), 1);
    network_set_radio(bench->env.network, false);
    bench_until(bench, nothing_is_open, bench);
    network_set_radio(bench->env.network, true);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
}

static void destroy(struct call *call)
{
    http_destroy(call->bench->http);
    call->bench->http = NULL;
}

static void test_destroy_in_done(void **state)
{
    struct bench *bench = *state;
    const struct server_answer silence[] = {{.bytes = NULL}};
    struct call first = {.hook = destroy};
    struct call second = {0};
    server_script(bench->server, silence, 1);
    bench_send(bench, &first);
    bench_send(bench, &second);
    bench_until(bench, was_asked, bench);
    network_set_radio(bench->env.network, false);
    bench_wait(bench, &first);
    loop_until_within(bench->loop, loop_never, NULL, 0.02);
    assert_int_equal(second.over, 0);
    network_set_radio(bench->env.network, true); /* nobody listens any more */
    call_free(&first);
    call_free(&second);
}

static void test_destroy_behind_the_loss(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    bench_send(bench, &call);
    network_set_radio(bench->env.network, false);
    http_destroy(bench->http);
    bench->http = NULL;
    loop_until_within(bench->loop, loop_never, NULL, 0.02);
    assert_int_equal(call.over, 0);
    call_free(&call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_transfer_without, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_under_way, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_within_the_response, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_kept_connection, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_in_done, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_destroy_behind_the_loss, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
