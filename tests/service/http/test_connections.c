/* Which connections there are: counted at the server. And the life of all that is there. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/http/http_transfer.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static bool nothing_is_open(void *ctx)
{
    const struct bench *bench = ctx;
    return server_open(bench->server) == 0;
}

static void test_kept(void **state)
{
    struct bench *bench = *state;
    for (unsigned i = 1; i <= 5; i++) {
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_requests(bench->server), i);
        assert_int_equal(server_accepted(bench->server), 1);
    }
    assert_int_equal(server_open(bench->server), 1);
}

static void test_not_kept(void **state)
{
    struct bench *bench = *state;
    bench->request.keep_alive = false;
    for (unsigned i = 1; i <= 3; i++) {
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_accepted(bench->server), i);
        assert_true(server_was_asked(bench->server, "\r\nConnection: close\r\n"));
        bench_until(bench, nothing_is_open, bench);
    }
}

static bool one_is_open(void *ctx)
{
    const struct bench *bench = ctx;
    return server_open(bench->server) == 1;
}

/* Neither takes the other's connection, whatever the headers say. */
static void test_kept_and_not_kept(void **state)
{
    static const char *const contrary[] = {"Connection: keep-alive", NULL};
    struct bench *bench = *state;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    for (unsigned i = 0; i < 3; i++) {
        bench->request.keep_alive = false;
        bench->request.headers = i ? contrary : NULL;
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_accepted(bench->server), i + 2);
        bench_until(bench, one_is_open, bench);
        bench->request.keep_alive = true;
        bench->request.headers = NULL;
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_accepted(bench->server), i + 2);
    }
}

static void test_close_idle(void **state)
{
    struct bench *bench = *state;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_open(bench->server), 1);
    http_close_idle(bench->http);
    bench_until(bench, nothing_is_open, bench);
    http_close_idle(bench->http);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
}

/* A transfer under way goes on, and what begins later does not use its connection. */
static void test_close_idle_beside_a_transfer(void **state)
{
    struct bench *bench = *state;
    const struct server_answer script[] = {
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly", .drip_s = 0.001},
        {.bytes = ok},
    };
    struct call early = {0};
    server_script(bench->server, script, 2);
    bench_send(bench, &early);
    while (server_requests(bench->server) == 0) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    http_close_idle(bench->http);
    bench_wait(bench, &early);
    call_expect(&early, HTTP_DONE, 200, "early");
    call_free(&early);
    bench_until(bench, nothing_is_open, bench);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
}

/* The server has closed the kept connection: the client sees it before it asks. */
static void test_closed_meanwhile(void **state)
{
    struct bench *bench = *state;
    bench->request.method = HTTP_POST;
    bench->request.body = "body";
    bench->request.len = 4;
    for (unsigned i = 1; i <= 3; i++) {
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_accepted(bench->server), i);
        server_hang_up(bench->server);
    }
}

/* The server closes at the very moment of the next request: it is sent again. */
static void check_closed_at_request(struct bench *bench, enum server_then then)
{
    const struct server_answer script[] = {{.bytes = ok}, {.then = then}, {.bytes = ok}};
    unsigned before = server_accepted(bench->server);
    unsigned requests = server_requests(bench->server);
    server_script(bench->server, script, 3);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\n\r\nbody"));
    assert_int_equal(server_accepted(bench->server), before + 2);
    assert_int_equal(server_requests(bench->server), requests + 3);
    http_close_idle(bench->http);
}

static void test_closed_at_the_request(void **state)
{
    struct bench *bench = *state;
    bench->request.body = "body";
    bench->request.len = 4;
    for (int method = HTTP_GET; method <= HTTP_PATCH; method++) {
        if (method != HTTP_HEAD) {
            bench->request.method = (enum http_method)method;
            check_closed_at_request(bench, SERVER_CLOSE);
            check_closed_at_request(bench, SERVER_RESET);
        }
    }
}

static void test_server_that_does_not_keep(void **state)
{
    struct bench *bench = *state;
    server_says(bench->server,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    bench_expect(bench, HTTP_DONE, 200, "ok");
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
}

enum { MANY = 20 };

static bool all_over(void *ctx)
{
    const struct call *calls = ctx;
    for (int i = 0; i < MANY; i++) {
        if (!calls[i].over) {
            return false;
        }
    }
    return true;
}

static void test_side_by_side(void **state)
{
    struct bench *bench = *state;
    struct call calls[MANY] = {0};
    for (int i = 0; i < MANY; i++) {
        bench_send(bench, &calls[i]);
    }
    assert_int_equal(http_outstanding(bench->http), MANY);
    bench_until(bench, all_over, calls);
    for (int i = 0; i < MANY; i++) {
        call_expect(&calls[i], HTTP_DONE, 200, "ok");
        call_free(&calls[i]);
    }
    assert_int_equal(server_accepted(bench->server), MANY);
    /* Only some are kept. */
    loop_wakes(bench->loop, 0.1);
    assert_in_range(server_open(bench->server), 1, 4);
}

/* Neither a kept connection nor what is left of the transfer wakes anybody. */
static void test_idle(void **state)
{
    struct bench *bench = *state;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    loop_wakes(bench->loop, 0.05);
    assert_int_equal(server_open(bench->server), 1);
    assert_in_range(loop_wakes(bench->loop, 1.), 0, 2);
    server_hang_up(bench->server);
    assert_in_range(loop_wakes(bench->loop, 0.5), 0, 2);
}

static void test_closed_after_some_time(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    const struct server_answer slow = {.bytes = ok, .drip_s = 0.01};
    int before = ports_descriptors();
    http_keep_for(bench->http, 0.2);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_open(bench->server), 1);
    /* The time begins anew with each transfer, and does not pass in one. */
    server_script(bench->server, &slow, 1);
    bench_call(bench, &call);
    assert_true(call.seconds > 0.3);
    assert_int_equal(server_accepted(bench->server), 1);
    call_free(&call);
    server_says(bench->server, ok);
    for (int i = 0; i < 4; i++) {
        bench_expect(bench, HTTP_DONE, 200, "ok");
        assert_int_equal(server_accepted(bench->server), 1);
        loop_wakes(bench->loop, 0.1);
    }
    bench_until(bench, nothing_is_open, bench);
    assert_int_equal(ports_descriptors(), before);
    bench_expect(bench, HTTP_DONE, 200, "ok");
}

static void test_descriptors(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    struct http *other = http_create(&bench->env);
    assert_int_equal(ports_descriptors(), before);
    http_close_idle(other);
    http_destroy(other);
    assert_int_equal(ports_descriptors(), before);

    bench->request.keep_alive = false;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    bench_until(bench, nothing_is_open, bench);
    assert_int_equal(ports_descriptors(), before);
    bench->request.keep_alive = true;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_in_range(ports_descriptors(), before + 2, before + 6);
    http_close_idle(bench->http);
    bench_until(bench, nothing_is_open, bench);
    assert_int_equal(ports_descriptors(), before);
}

/* ---- from inside done ---- */

static void destroy_all(struct call *call)
{
    http_destroy(call->bench->http);
    call->bench->http = NULL;
}

static void test_destroy_in_done(void **state)
{
    for (int bad = 0; bad < 2; bad++) {
        struct bench *bench = bench_create();
        struct call first = {.hook = destroy_all};
        struct call others[3] = {0};
        bench->request.url = bad ? "nonsense" : bench->request.url;
        bench_send(bench, &first);
        bench_path(bench, "/");
        for (int i = 0; i < 3; i++) {
            bench_send(bench, &others[i]);
        }
        bench_wait(bench, &first);
        loop_wakes(bench->loop, 0.02);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(others[i].over, 0);
        }
        call_free(&first);
        bench_destroy(bench);
    }
    (void)state;
}

static void cancel_other(struct call *call)
{
    struct call *other = call->hook_ctx;
    http_cancel(other->transfer);
    other->transfer = NULL;
}

static void test_cancel_in_done(void **state)
{
    struct bench *bench = *state;
    struct call other = {0};
    struct call call = {.hook = cancel_other, .hook_ctx = &other};
    bench_send(bench, &call);
    bench_send(bench, &other);
    bench_wait(bench, &call);
    assert_int_equal(http_outstanding(bench->http), 0);
    loop_wakes(bench->loop, 0.05);
    assert_int_equal(other.over, 0);
    call_free(&call);
}

static void send_other(struct call *call)
{
    bench_send(call->bench, call->hook_ctx);
}

static void close_and_send_other(struct call *call)
{
    http_close_idle(call->bench->http);
    send_other(call);
}

static void check_send_in_done(struct bench *bench, void (*hook)(struct call *), unsigned accepted)
{
    struct call third = {0};
    struct call second = {.hook = hook, .hook_ctx = &third};
    struct call first = {.hook = hook, .hook_ctx = &second};
    bench_send(bench, &first);
    bench_wait(bench, &third);
    call_expect(&first, HTTP_DONE, 200, "ok");
    call_expect(&third, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), accepted);
    call_free(&first);
    call_free(&second);
    call_free(&third);
    http_close_idle(bench->http);
}

static void test_send_in_done(void **state)
{
    struct bench *bench = *state;
    check_send_in_done(bench, send_other, 1);
    check_send_in_done(bench, close_and_send_other, 4);
}

/* ---- cancel, destroy ---- */

static void test_cancel(void **state)
{
    struct bench *bench = *state;
    const struct server_answer mute = {.then = SERVER_KEEP};
    server_script(bench->server, &mute, 1);
    http_cancel(NULL);
    for (unsigned turns = 0; turns < 12; turns++) {
        struct call call = {0};
        bench->request.keep_alive = turns % 2;
        bench_send(bench, &call);
        for (unsigned i = 0; i < turns; i++) {
            loop_until_within(bench->loop, loop_never, NULL, 0.001);
        }
        http_cancel(call.transfer);
        assert_int_equal(http_outstanding(bench->http), 0);
        assert_int_equal(call.over, 0);
    }
    loop_wakes(bench->loop, 0.05);
    assert_int_equal(server_open(bench->server), 0);
}

static void test_destroy_at_each_moment(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    http_destroy(NULL);
    http_destroy(bench->http);
    for (int i = 0; i < 300; i++) {
        struct call calls[2] = {0};
        bench->http = http_create(&bench->env);
        bench->request.keep_alive = i % 2;
        bench_send(bench, &calls[0]);
        bench_send(bench, &calls[1]);
        for (int turn = 0; turn < i % 15; turn++) {
            ev_run(bench->loop, EVRUN_NOWAIT);
        }
        http_destroy(bench->http);
        call_free(&calls[0]);
        call_free(&calls[1]);
    }
    bench->http = NULL;
    bench_until(bench, nothing_is_open, bench);
    assert_int_equal(ports_descriptors(), before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_kept),
        TEST(test_not_kept),
        TEST(test_kept_and_not_kept),
        TEST(test_close_idle),
        TEST(test_close_idle_beside_a_transfer),
        TEST(test_closed_meanwhile),
        TEST(test_closed_at_the_request),
        TEST(test_server_that_does_not_keep),
        TEST(test_side_by_side),
        TEST(test_idle),
        TEST(test_closed_after_some_time),
        TEST(test_descriptors),
        TEST(test_destroy_in_done),
        TEST(test_cancel_in_done),
        TEST(test_send_in_done),
        TEST(test_cancel),
        TEST(test_destroy_at_each_moment),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
