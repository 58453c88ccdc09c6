/* Servers that break the connection or the protocol, at each place, and answers without an end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

/* One answer to a request, and what must come of it. */
struct hostile {
    struct server_answer answer;
    enum http_outcome outcome;
    int status;
};

static void check(struct bench *bench, const struct hostile *hostile)
{
    struct call call = {0};
    server_script(bench->server, &hostile->answer, 1);
    bench_call(bench, &call);
    if (call.outcome != hostile->outcome || call.status != hostile->status) {
        print_message("to: %.60s\n", hostile->answer.bytes ? hostile->answer.bytes : "");
    }
    call_expect(&call, hostile->outcome, hostile->status, NULL);
    assert_true(*call.why);
    assert_null(strpbrk(call.why, "\r\n"));
    assert_true(call.seconds < 10);
    call_free(&call);
    http_close_idle(bench->http);
}

static void check_all(struct bench *bench, const struct hostile *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(bench, &list[i]);
    }
    assert_int_equal(http_outstanding(bench->http), 0);
}

static void test_breaks(void **state)
{
    static const struct hostile list[] = {
        {{.then = SERVER_CLOSE}, HTTP_FAILED_SEND, 0},
        {{.then = SERVER_RESET}, HTTP_FAILED_SEND, 0},
        {{.when = SERVER_AT_ACCEPT, .then = SERVER_CLOSE}, HTTP_FAILED_SEND, 0},
        {{.when = SERVER_AT_ACCEPT, .then = SERVER_RESET}, HTTP_FAILED_SEND, 0},
        {{.bytes = "HTT", .then = SERVER_CLOSE}, HTTP_FAILED_SEND, 0},
        {{.bytes = "HTTP/1.1 20", .then = SERVER_CLOSE}, HTTP_FAILED_SEND, 0},
        {{.bytes = "HTTP/1.1 200 OK\r\n", .then = SERVER_CLOSE}, HTTP_BROKEN, 200},
        {{.bytes = "HTTP/1.1 200 OK\r\nConte", .then = SERVER_CLOSE}, HTTP_BROKEN, 200},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", .then = SERVER_RESET},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .then = SERVER_CLOSE}, HTTP_BROKEN, 100},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", .then = SERVER_CLOSE},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", .then = SERVER_RESET},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
          .then = SERVER_CLOSE},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
          .then = SERVER_CLOSE},
         HTTP_BROKEN,
         200},
    };
    check_all(*state, list, sizeof list / sizeof *list);
}

static void test_no_http(void **state)
{
    static const struct hostile list[] = {
        {{.bytes = "SSH-2.0-OpenSSH_9.2\r\n", .then = SERVER_KEEP}, HTTP_BROKEN, 0},
        {{.bytes = "\0\1\2\3\4\5\6\7\0\1\2\3", .len = 12, .then = SERVER_CLOSE}, HTTP_BROKEN, 0},
        {{.bytes = "\r\n\r\n", .then = SERVER_CLOSE}, HTTP_BROKEN, 0},
        {{.bytes = "HTTP/9.9 200 OK\r\n\r\n", .then = SERVER_CLOSE}, HTTP_BROKEN, 0},
        {{.bytes = "HTTP/1.1 abc\r\n\r\n", .then = SERVER_CLOSE}, HTTP_BROKEN, 0},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", .then = SERVER_KEEP},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", .then = SERVER_KEEP},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", .len = 25, .then = SERVER_CLOSE},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
          .then = SERVER_KEEP},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n",
          .then = SERVER_KEEP},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "fffffffffffffffffffff\r\nabc",
          .then = SERVER_KEEP},
         HTTP_BROKEN,
         200},
    };
    check_all(*state, list, sizeof list / sizeof *list);
}

static void test_without_an_end(void **state)
{
    static const struct hostile list[] = {
        {{.bytes = "HTTP/1.1 200 OK\r\n\r\n", .then = SERVER_FLOOD, .flood = "0123456789"},
         HTTP_TOO_LARGE,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          .then = SERVER_FLOOD,
          .flood = "a\r\n0123456789\r\n"},
         HTTP_TOO_LARGE,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n", .then = SERVER_KEEP},
         HTTP_TOO_LARGE,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\n", .then = SERVER_FLOOD, .flood = "X: 0123456789\r\n"},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 200 OK\r\nX: ", .then = SERVER_FLOOD, .flood = "0123456789"},
         HTTP_BROKEN,
         200},
        {{.bytes = "HTTP/1.1 ", .then = SERVER_FLOOD, .flood = "0123456789"}, HTTP_BROKEN, 0},
        {{.bytes = "HTTP/1.1 100 Continue\r\n\r\n",
          .then = SERVER_FLOOD,
          .flood = "HTTP/1.1 100 Continue\r\n\r\n"},
         HTTP_BROKEN,
         100},
        {{.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
          .then = SERVER_FLOOD,
          .flood = "X: 0123456789\r\n"},
         HTTP_BROKEN,
         200},
    };
    struct bench *bench = *state;
    check_all(bench, list, sizeof list / sizeof *list);
    assert_true(server_sent(bench->server) < 32 * 1024 * 1024);
}

/* Up to its bound a head is taken. */
static void test_long_head(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    char *value = mem_resize(NULL, 60001);
    memset(value, 'v', 60000);
    value[60000] = '\0';
    char *answer = mem_printf("HTTP/1.1 200 OK\r\nX: %s\r\nContent-Length: 0\r\n\r\n", value);
    server_says(bench->server, answer);
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_int_equal(strlen(call.head), strlen(answer) - 21);
    call_free(&call);
    free(answer);
    free(value);
}

/* The server has read the head only when the connection breaks, with most of the body under way. */
static void test_reset_while_sending(void **state)
{
    enum { LEN = 4 * 1024 * 1024 };
    struct bench *bench = *state;
    bench->request.body = mem_zeroed(LEN);
    bench->request.len = LEN;
    bench->request.method = HTTP_POST;
    const struct hostile list[] = {
        {{.when = SERVER_AT_HEAD, .then = SERVER_RESET}, HTTP_FAILED_SEND, 0},
        {{.when = SERVER_AT_HEAD, .then = SERVER_CLOSE}, HTTP_FAILED_SEND, 0},
    };
    check_all(bench, list, 2);
    free((void *)(uintptr_t)bench->request.body);
}

/* An answer before the body is through counts. */
static void test_answer_while_sending(void **state)
{
    enum { LEN = 4 * 1024 * 1024 };
    struct bench *bench = *state;
    bench->request.body = mem_zeroed(LEN);
    bench->request.len = LEN;
    bench->request.method = HTTP_POST;
    const struct hostile early = {
        {.bytes = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
         .when = SERVER_AT_HEAD},
        HTTP_DONE,
        413};
    check(bench, &early);
    assert_null(strcasestr(server_request(bench->server, NULL), "Expect"));
    free((void *)(uintptr_t)bench->request.body);
}

static void test_nobody_there(void **state)
{
    struct bench *bench = *state;
    char url[60];
    struct call call = {0};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ports_free());
    bench->request.url = url;
    bench_call(bench, &call);
    call_expect(&call, HTTP_FAILED_CONNECT, 0, "");
    assert_non_null(strstr(call.why, "connect"));
    call_free(&call);
    assert_true(bench_logged(bench, "warning: http: GET http://127.0.0.1"));
    /* The same failure is news once. */
    buf_clear(&bench->log_lines);
    bench_expect(bench, HTTP_FAILED_CONNECT, 0, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_breaks),
        TEST(test_no_http),
        TEST(test_without_an_end),
        TEST(test_long_head),
        TEST(test_reset_while_sending),
        TEST(test_answer_while_sending),
        TEST(test_nobody_there),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
