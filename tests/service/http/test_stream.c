/* Streamed bodies, ranges, and the head that is known before. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"

static int setup(void **state)
{
    bench_setup(state);
    bench_stream(*state);
    return 0;
}

static void check_head(struct bench *bench, const char *answer, int64_t length, int64_t from,
                       int64_t size)
{
    struct call call = {0};
    server_says(bench->server, answer);
    bench_call(bench, &call);
    assert_int_equal(call.outcome, HTTP_DONE);
    assert_int_equal(call.heads, 1);
    assert_int_equal(call.seen.status, call.status);
    assert_int_equal(call.seen.length, length);
    assert_int_equal(call.seen.range_from, from);
    assert_int_equal(call.seen.range_size, size);
    call_free(&call);
}

static void test_heads(void **state)
{
    struct bench *bench = *state;
    check_head(bench, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 3, -1, -1);
    check_head(bench, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, -1, -1);
    check_head(bench, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
               -1, -1, -1);
    check_head(bench,
               "HTTP/1.1 206 Part\r\nContent-Length: 3\r\nContent-Range: bytes 7-9/10\r\n\r\nabc",
               3, 7, 10);
    check_head(bench,
               "HTTP/1.1 206 Part\r\ncontent-length: 3\r\ncontent-range: Bytes 7-9/*\r\n\r\nabc", 3,
               7, -1);
    check_head(bench,
               "HTTP/1.1 416 No\r\nContent-Length: 0\r\nContent-Range: bytes */4294967296\r\n\r\n",
               0, -1, 4294967296);
    check_head(bench,
               "HTTP/1.1 206 Part\r\nContent-Length: 1\r\nContent-Range: lines 1-2/3\r\n\r\nx", 1,
               -1, -1);
    check_head(bench,
               "HTTP/1.1 206 Part\r\nContent-Length: 1\r\nContent-Range: bytes "
               "99999999999999999999999-/99999999999999999999999\r\n\r\nx",
               1, -1, -1);
    check_head(bench, "HTTP/1.1 206 Part\r\nContent-Length: 1\r\nContent-Range: bytes\r\n\r\nx", 1,
               -1, -1);
}

static void test_pieces(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    const struct server_answer slow = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Type: x/y\r\n\r\n0123456789",
        .drip_s = 0.001};
    server_script(bench->server, &slow, 1);
    bench->request.body_max = 1;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_string_equal(buf_text(&call.streamed), "0123456789");
    assert_string_equal(call.type, "x/y");
    assert_true(bench_logged(bench, ": 200, 10 bytes"));
    call_free(&call);
}

static void test_range(void **state)
{
    struct bench *bench = *state;
    bench->request.range_from = 1234567890123;
    bench_expect(bench, HTTP_DONE, 200, "");
    assert_true(server_was_asked(bench->server, "\r\nRange: bytes=1234567890123-\r\n"));
    bench->request.range_from = 0;
    bench_expect(bench, HTTP_DONE, 200, "");
    assert_true(server_was_asked(bench->server, "\r\nRange: bytes=0-\r\n"));
    static const char *const own[] = {"Range: bytes=5-6", NULL};
    bench->request.headers = own;
    bench_expect(bench, HTTP_DONE, 200, "");
    assert_true(server_was_asked(bench->server, "\r\nRange: bytes=5-6\r\n"));
    assert_null(strstr(server_request(bench->server, NULL), "=0-"));
}

/* Memory that this process has asked for. Sanitizers have an allocator of their own. */
static size_t memory(void)
{
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    return mallinfo2().uordblks + mallinfo2().hblkhd;
#endif
}

struct peak {
    size_t before;
    size_t highest;
};

static void measure(struct call *call)
{
    struct peak *peak = call->hook_ctx;
    size_t now = memory();
    peak->highest = now > peak->highest ? now : peak->highest;
}

static void test_memory(void **state)
{
    enum { LEN = 8 * 1024 * 1024, ROOM = 512 * 1024 };
    struct bench *bench = *state;
    char flood[1001];
    memset(flood, 'f', 1000);
    flood[1000] = '\0';
    const struct server_answer endless = {
        .bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = SERVER_FLOOD, .flood = flood};
    struct peak peak = {.before = memory()};
    struct call call = {
        .throw_away = true, .stop_after = LEN, .piece_hook = measure, .hook_ctx = &peak};
    bench->request.body_max = 0;
    server_script(bench->server, &endless, 1);
    bench_call(bench, &call);
    call_expect(&call, HTTP_STOPPED, 200, "");
    assert_true(call.streamed_len >= LEN);
    /* The server's own output is in it: up to 1 MB and as much again while it grows. */
    assert_true(peak.highest <= peak.before + 3 * 1024 * 1024 + ROOM);
    call_free(&call);
}

static bool nothing_is_open(void *ctx)
{
    const struct bench *bench = ctx;
    return server_open(bench->server) == 0;
}

static void test_stop(void **state)
{
    struct bench *bench = *state;
    struct call call = {.stop_at_head = true};
    const struct server_answer endless = {
        .bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = SERVER_FLOOD, .flood = "0123456789"};
    server_script(bench->server, &endless, 1);
    bench_call(bench, &call);
    call_expect(&call, HTTP_STOPPED, 200, "");
    assert_int_equal(call.streamed_len, 0);
    call_free(&call);
    bench_until(bench, nothing_is_open, bench);

    call.stop_after = 100000;
    bench_call(bench, &call);
    call_expect(&call, HTTP_STOPPED, 200, "");
    assert_in_range(call.streamed_len, 100000, 200000);
    call_free(&call);
    bench_until(bench, nothing_is_open, bench);
    assert_null(strstr(buf_text(&bench->log_lines), "warning"));
    /* A whole response that ends with its last piece was stopped all the same. */
    server_says(bench->server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    call.stop_after = 2;
    bench_call(bench, &call);
    call_expect(&call, HTTP_STOPPED, 200, "");
    call_free(&call);
}

static void test_break(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    const struct server_answer half = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", .then = SERVER_CLOSE};
    server_script(bench->server, &half, 1);
    bench_call(bench, &call);
    call_expect(&call, HTTP_BROKEN, 200, "");
    assert_string_equal(buf_text(&call.streamed), "01234");
    call_free(&call);
}

static void test_only_body(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    bench->request.on_head = NULL;
    bench->request.body_max = 0;
    bench_send(bench, &call);
    call.heads = 1; /* what on_body wants to see */
    bench_wait(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_string_equal(buf_text(&call.streamed), "ok");
    call_free(&call);
}

static void cancel_other(struct call *call)
{
    struct call *other = call->hook_ctx;
    http_cancel(other->transfer);
    other->transfer = NULL;
    call->piece_hook = NULL;
}

static void check_cancel_inside(struct bench *bench, bool elsewhere)
{
    const struct server_answer script[] = {
        {.then = SERVER_KEEP},
        {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
    };
    struct call other = {0};
    struct call unborn = {0};
    struct call first = {.piece_hook = cancel_other, .hook_ctx = &other};
    struct call second = {.piece_hook = cancel_other, .hook_ctx = &unborn};
    unsigned before = server_requests(bench->server);
    server_script(bench->server, script, 2);
    bench_send(bench, &other);
    while (server_requests(bench->server) == before) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    if (elsewhere) {
        http_close_idle(bench->http);
    }
    bench_call(bench, &first);
    bench_send(bench, &second);
    const char *good = bench->request.url;
    struct server *mute = server_create(bench->loop);
    server_script(mute, script, 1);
    bench->request.url = server_url(mute, "/");
    bench_send(bench, &unborn);
    bench->request.url = good;
    bench_wait(bench, &second);
    call_expect(&first, HTTP_DONE, 200, "");
    call_expect(&second, HTTP_DONE, 200, "");
    loop_wakes(bench->loop, 0.02);
    assert_int_equal(other.over, 0);
    assert_int_equal(unborn.over, 0);
    assert_int_equal(http_outstanding(bench->http), 0);
    assert_int_equal(server_open(bench->server), 1);
    server_destroy(mute);
    call_free(&first);
    call_free(&second);
}

static void test_cancel_other_inside(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 4; i++) {
        check_cancel_inside(bench, false);
    }
}

/* The other one is in a multi handle of its own. */
static void test_cancel_other_elsewhere(void **state)
{
    check_cancel_inside(*state, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_heads),
        TEST(test_pieces),
        TEST(test_range),
        TEST(test_memory),
        TEST(test_stop),
        TEST(test_break),
        TEST(test_only_body),
        TEST(test_cancel_other_inside),
        TEST(test_cancel_other_elsewhere),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
