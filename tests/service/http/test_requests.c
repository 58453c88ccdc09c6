/* Requests and responses, byte by byte, against a scripted server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static bool asked_without(struct bench *bench, const char *text)
{
    return strcasestr(server_request(bench->server, NULL), text) == NULL;
}

static void test_plain_get(void **state)
{
    struct bench *bench = *state;
    bench_path(bench, "/a/../b?c=d");
    server_says(bench->server, "HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nX: 1\r\n"
                               "Content-Length: 5\r\n\r\nhello");
    struct call call = {0};
    bench_send(bench, &call);
    assert_int_equal(http_outstanding(bench->http), 1);
    bench_wait(bench, &call);
    assert_int_equal(http_outstanding(bench->http), 0);
    call_expect(&call, HTTP_DONE, 200, "hello");
    assert_string_equal(call.line, "HTTP/1.1 200 OK");
    assert_string_equal(call.head, "Content-Type:  text/plain \r\nX: 1\r\nContent-Length: 5");
    assert_string_equal(call.type, "text/plain");
    call_free(&call);

    char host[40];
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%d\r\n", server_port(bench->server));
    assert_true(server_was_asked(bench->server, "GET /a/../b?c=d HTTP/1.1\r\n"));
    assert_true(server_was_asked(bench->server, host));
    assert_true(server_was_asked(bench->server, "\r\nUser-Agent: atmodemd/" ATMODEMD_VERSION));
    assert_true(asked_without(bench, "Content-"));
    assert_true(asked_without(bench, "Connection:"));
    assert_true(asked_without(bench, "Range:"));
    assert_true(bench_logged(bench, "/a/../b: 200, 5 bytes\n"));
    assert_null(strstr(buf_text(&bench->log_lines), "c=d"));
}

/* What the server saw must be this method with these bytes behind its head. */
static void check_sent(struct bench *bench, const char *method, const void *body, size_t len)
{
    size_t whole = 0;
    char start[20];
    char length[40];
    const char *request = server_request(bench->server, &whole);
    const char *end = strstr(request, "\r\n\r\n");
    snprintf(start, sizeof start, "%s / HTTP/1.1\r\n", method);
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", len);
    assert_memory_equal(request, start, strlen(start));
    assert_true(server_was_asked(bench->server, length));
    assert_int_equal(whole, (size_t)(end + 4 - request) + len);
    assert_memory_equal(end + 4, body, len);
    assert_true(asked_without(bench, "Expect"));
    assert_true(asked_without(bench, "Content-Type"));
    assert_true(asked_without(bench, "Transfer-Encoding"));
}

static void test_methods(void **state)
{
    static const struct {
        enum http_method method;
        const char *name;
        bool always;
    } methods[] = {
        {HTTP_POST, "POST", true},      {HTTP_PUT, "PUT", true},  {HTTP_PATCH, "PATCH", true},
        {HTTP_DELETE, "DELETE", false}, {HTTP_GET, "GET", false},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        bench->request.method = methods[i].method;
        bench->request.body = "a\0b";
        bench->request.len = 3;
        bench_expect(bench, HTTP_DONE, 200, "ok");
        check_sent(bench, methods[i].name, "a\0b", 3);
        bench->request.body = NULL;
        bench->request.len = 0;
        bench_expect(bench, HTTP_DONE, 200, "ok");
        if (methods[i].always) {
            check_sent(bench, methods[i].name, "", 0);
        } else {
            assert_true(asked_without(bench, "Content-"));
        }
    }
    assert_int_equal(server_accepted(bench->server), 1);
}

static void test_head_method(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    server_says(bench->server, "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    bench->request.method = HTTP_HEAD;
    bench->request.body = "never sent";
    bench->request.len = 10;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_string_equal(call.head, "Content-Length: 99999999");
    assert_true(server_was_asked(bench->server, "HEAD / HTTP/1.1\r\n"));
    assert_true(asked_without(bench, "never"));
    call_free(&call);
    bench_expect(bench, HTTP_DONE, 200, "");
    assert_int_equal(server_accepted(bench->server), 1);
}

static void test_headers(void **state)
{
    static const char *const headers[] = {"X-One: 1",
                                          "X-Empty:",
                                          "x-blank:  \t ",
                                          "Content-Type: a/b; c=d",
                                          "User-Agent: other",
                                          "Accept: q",
                                          "Content-Length: 99",
                                          "transfer-encoding: chunked",
                                          "Host: elsewhere",
                                          "X-8: \xc3\xa4",
                                          NULL};
    struct bench *bench = *state;
    bench->request.method = HTTP_POST;
    bench->request.body = "xyz";
    bench->request.len = 3;
    bench->request.headers = headers;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\nX-One: 1\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nX-Empty:\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nx-blank:\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nContent-Type: a/b; c=d\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nUser-Agent: other\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nAccept: q\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nHost: elsewhere\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nX-8: \xc3\xa4\r\n"));
    assert_true(server_was_asked(bench->server, "\r\nContent-Length: 3\r\n"));
    assert_true(asked_without(bench, "99"));
    assert_true(asked_without(bench, "chunked"));
    assert_true(asked_without(bench, "atmodemd"));
    assert_true(asked_without(bench, "*/*"));
    assert_null(strstr(buf_text(&bench->log_lines), "a/b"));
}

static void test_bad_requests(void **state)
{
    static const char *const lines[] = {"no colon", ": no name", "Bad Name: x", "X: a\r\nEvil: b",
                                        "X: a\nb",  "",          "X;",          "X: \x7f",
                                        "\xc3: x"};
    static const char *const urls[] = {"",
                                       "/path",
                                       "ftp://127.0.0.1/",
                                       "file:///etc/passwd",
                                       "http://user@127.0.0.1/",
                                       "http://127.0.0.1:70000/",
                                       "http://a b/"};
    struct bench *bench = *state;
    const char *good = bench->request.url;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *headers[] = {"X-Good: 1", lines[i], NULL};
        bench->request.headers = headers;
        bench_expect(bench, HTTP_FAILED_SETUP, 0, "");
    }
    bench->request.headers = NULL;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        bench->request.url = urls[i];
        bench_expect(bench, HTTP_FAILED_SETUP, 0, "");
    }
    assert_int_equal(server_accepted(bench->server), 0);
    bench->request.url = good;
    bench_expect(bench, HTTP_DONE, 200, "ok");
}

/* Each byte value, and enough of them for several reads and writes. */
static void fill(char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(i * 7 + i / 256);
    }
}

static void test_long_bodies(void **state)
{
    enum { LEN = 64 * 1024 };
    static char bytes[LEN];
    struct bench *bench = *state;
    struct call call = {0};
    fill(bytes, LEN);
    char *answer = mem_printf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LEN);
    size_t head = strlen(answer);
    answer = mem_resize(answer, head + LEN);
    memcpy(answer + head, bytes, LEN);
    const struct server_answer script = {.bytes = answer, .len = head + LEN};
    server_script(bench->server, &script, 1);
    bench->request.method = HTTP_PUT;
    bench->request.body = bytes;
    bench->request.len = LEN;
    bench->request.body_max = LEN;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, NULL);
    assert_int_equal(call.len, LEN);
    assert_memory_equal(call.bytes, bytes, LEN);
    check_sent(bench, "PUT", bytes, LEN);
    call_free(&call);

    bench->request.method = HTTP_POST;
    bench->request.body_max = LEN - 1;
    bench_expect(bench, HTTP_TOO_LARGE, 200, NULL);
    check_sent(bench, "POST", bytes, LEN);
    free(answer);
}

static void expect_answer(struct bench *bench, const char *answer, enum server_then then,
                          int status, const char *body)
{
    struct server_answer script = {.bytes = answer, .then = then};
    server_script(bench->server, &script, 1);
    bench_expect(bench, HTTP_DONE, status, body);
    server_says(bench->server, ok);
}

static void test_answers(void **state)
{
    struct bench *bench = *state;
    expect_answer(bench, "HTTP/1.0 200 OK\r\n\r\nto the end", SERVER_CLOSE, 200, "to the end");
    expect_answer(bench, "HTTP/1.0 404 \r\nContent-Length: 1\r\n\r\nx", SERVER_CLOSE, 404, "x");
    expect_answer(bench, "HTTP/1.1 204 No Content\r\n\r\n", SERVER_KEEP, 204, "");
    expect_answer(bench, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", SERVER_KEEP, 304,
                  "");
    expect_answer(bench, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99999999\r\n\r\n",
                  SERVER_KEEP, 304, "");
    expect_answer(bench, "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad", SERVER_KEEP, 500,
                  "bad");
    expect_answer(bench, "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", SERVER_KEEP, 200, "x");
    expect_answer(bench,
                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n",
                  SERVER_KEEP, 200, "abcdefg");
    expect_answer(bench,
                  "HTTP/1.1 100 Continue\r\nX-Not: 1\r\n\r\n"
                  "HTTP/1.1 103 Early Hints\r\nX-Not: 2\r\n\r\n"
                  "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi",
                  SERVER_KEEP, 201, "hi");
}

/* The head is that of the final response: neither what came before it nor trailers are in it. */
static void test_final_head(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    server_says(bench->server, "HTTP/1.1 100 Continue\r\nX-Not: 1\r\n\r\n"
                               "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nTransfer-Encoding: chunked"
                               "\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: 1\r\nHTTP/1.1: 3\r\n\r\n");
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "x");
    assert_string_equal(call.head, "X-Long: a b\r\nTransfer-Encoding: chunked");
    call_free(&call);
}

static void test_byte_by_byte(void **state)
{
    struct bench *bench = *state;
    struct server_answer script = {.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                            "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                                   .drip_s = 0.001};
    server_script(bench->server, &script, 1);
    bench_expect(bench, HTTP_DONE, 200, "abcde");
    bench_expect(bench, HTTP_DONE, 200, "abcde");
    assert_int_equal(server_accepted(bench->server), 1);
}

static void test_environment_is_ignored(void **state)
{
    struct bench *bench = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void test_no_cookies(void **state)
{
    struct bench *bench = *state;
    server_says(bench->server, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n");
    bench_expect(bench, HTTP_DONE, 200, "");
    bench_expect(bench, HTTP_DONE, 200, "");
    assert_true(asked_without(bench, "Cookie"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_plain_get),    TEST(test_methods),
        TEST(test_head_method),  TEST(test_headers),
        TEST(test_bad_requests), TEST(test_long_bodies),
        TEST(test_answers),      TEST(test_final_head),
        TEST(test_byte_by_byte), TEST(test_environment_is_ignored),
        TEST(test_no_cookies),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
