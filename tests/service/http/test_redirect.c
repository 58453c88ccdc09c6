/* Redirects of servers, and network.redirect. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static const char *const headers[] = {"Authorization: Bearer secret",
                                      "password: secret",
                                      "Cookie: secret",
                                      "Content-Type: a/b",
                                      "X-Plain: 1",
                                      NULL};

static int setup(void **state)
{
    struct bench *bench;
    bench_setup(state);
    bench = *state;
    bench->request.redirects = 3;
    bench->request.body = "body";
    bench->request.len = 4;
    bench->request.headers = headers;
    return 0;
}

static bool asked_without(struct server *server, const char *text)
{
    return strcasestr(server_request(server, NULL), text) == NULL;
}

static void redirect_once(struct server *server, int status, const char *location,
                          struct server_answer script[2], char *text, size_t size)
{
    snprintf(text, size, "HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 3\r\n\r\nxyz",
             status, location);
    script[0] = (struct server_answer){.bytes = text};
    script[1] = (struct server_answer){.bytes = ok};
    server_script(server, script, 2);
}

/* What the second request is. */
static void check(struct bench *bench, int status, enum http_method method, const char *name,
                  bool body)
{
    struct server_answer script[2];
    char text[300];
    char start[40];
    redirect_once(bench->server, status, "/next?q", script, text, sizeof text);
    unsigned before = server_requests(bench->server);
    bench->request.method = method;
    bench_path(bench, "/first/page");
    bench_expect(bench, HTTP_DONE, 200, method == HTTP_HEAD ? NULL : "ok");
    snprintf(start, sizeof start, "%s /next?q HTTP/1.1\r\n", name);
    assert_true(server_was_asked(bench->server, start));
    assert_true(server_was_asked(bench->server, "Authorization: Bearer secret"));
    assert_true(server_was_asked(bench->server, "X-Plain: 1"));
    assert_int_equal(server_requests(bench->server), before + 2);
    assert_int_equal(asked_without(bench->server, "\r\n\r\nbody"), !body);
    assert_int_equal(asked_without(bench->server, "Content-"), !body && method != HTTP_HEAD);
    server_says(bench->server, ok);
}

static void test_methods(void **state)
{
    struct bench *bench = *state;
    check(bench, 301, HTTP_POST, "GET", false);
    check(bench, 302, HTTP_POST, "GET", false);
    check(bench, 303, HTTP_POST, "GET", false);
    check(bench, 307, HTTP_POST, "POST", true);
    check(bench, 308, HTTP_POST, "POST", true);
    check(bench, 301, HTTP_PUT, "PUT", true);
    check(bench, 303, HTTP_PUT, "GET", false);
    check(bench, 303, HTTP_DELETE, "GET", false);
    check(bench, 302, HTTP_PATCH, "PATCH", true);
    assert_int_equal(server_accepted(bench->server), 1);
    assert_true(bench_logged(bench, "request: http: 302: on to http://127.0.0.1"));
    assert_null(strstr(buf_text(&bench->log_lines), "?q"));
    assert_null(strstr(buf_text(&bench->log_lines), "secret"));
    server_says(bench->server,
                "HTTP/1.1 303 Moved\r\nLocation: /next?q\r\nContent-Length: 3\r\n\r\n");
    bench->request.method = HTTP_HEAD;
    bench->request.redirects = 1;
    bench_expect(bench, HTTP_REDIRECTS, 303, "");
    assert_true(server_was_asked(bench->server, "HEAD /next?q HTTP/1.1\r\n"));
}

static void check_location(struct bench *bench, const char *location, const char *asked)
{
    struct server_answer script[2];
    char text[600];
    char start[300];
    redirect_once(bench->server, 307, location, script, text, sizeof text);
    bench_path(bench, "/first/page?old");
    bench_expect(bench, HTTP_DONE, 200, "ok");
    snprintf(start, sizeof start, "GET %s HTTP/1.1\r\n", asked);
    assert_true(server_was_asked(bench->server, start));
    server_says(bench->server, ok);
}

static void test_locations(void **state)
{
    struct bench *bench = *state;
    char text[100];
    check_location(bench, "other", "/first/other");
    check_location(bench, "?new", "/first/page?new");
    check_location(bench, "/a b", "/a%20b");
    check_location(bench, "/x#fragment", "/x");
    check_location(bench, server_url(bench->server, "/whole?a=b"), "/whole?a=b");
    snprintf(text, sizeof text, "//127.0.0.1:%d/z", server_port(bench->server));
    check_location(bench, text, "/z");
    snprintf(text, sizeof text, "HTTP://127.0.0.1:%d", server_port(bench->server));
    check_location(bench, text, "/");
}

static void test_other_server(void **state)
{
    struct bench *bench = *state;
    struct server *other = server_create(bench->loop);
    struct server_answer script[2];
    char text[300];
    char host[40];
    const char *with_host[] = {headers[0], headers[1], headers[2], "Host: mine", headers[4], NULL};
    bench->request.headers = with_host;
    redirect_once(bench->server, 302, server_url(other, "/there"), script, text, sizeof text);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\nHost: mine\r\n"));
    assert_true(server_was_asked(other, "GET /there HTTP/1.1\r\n"));
    assert_true(server_was_asked(other, "X-Plain: 1"));
    snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%d\r\n", server_port(other));
    assert_true(server_was_asked(other, host));
    assert_true(asked_without(other, "secret"));
    assert_true(asked_without(other, "mine"));
    server_destroy(other);
}

static void test_not_followed(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    server_says(bench->server, "HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 1\r\n\r\nx");
    bench->request.redirects = 0;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 302, "x");
    assert_non_null(strstr(call.head, "Location: /x"));
    call_free(&call);
    bench->request.redirects = 3;
    server_says(bench->server, "HTTP/1.1 302 F\r\nContent-Length: 1\r\n\r\nx");
    bench_expect(bench, HTTP_DONE, 302, "x");
    server_says(bench->server, "HTTP/1.1 300 F\r\nLocation: /x\r\nContent-Length: 1\r\n\r\nx");
    bench_expect(bench, HTTP_DONE, 300, "x");
    server_says(bench->server, "HTTP/1.1 304 F\r\nLocation: /x\r\n\r\n");
    bench_expect(bench, HTTP_DONE, 304, "");
    server_says(bench->server, "HTTP/1.1 201 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
    bench_expect(bench, HTTP_DONE, 201, "");
}

static void test_loop(void **state)
{
    struct bench *bench = *state;
    server_says(bench->server, "HTTP/1.1 302 F\r\nLocation: /\r\nContent-Length: 1\r\n\r\nx");
    bench_expect(bench, HTTP_REDIRECTS, 302, "");
    assert_int_equal(server_requests(bench->server), 4);
    bench->request.redirects = 1;
    bench_expect(bench, HTTP_REDIRECTS, 302, "");
    assert_int_equal(server_requests(bench->server), 6);
    assert_true(bench_logged(bench, "more than 1 redirects"));
}

static void test_bad_locations(void **state)
{
    static const char *const bad[] = {
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user@127.0.0.1/x",
        "http://a:99999/",
        "https://",
        "http://a b/",
        "gopher://a/",
        "",
        "http://\xff\xfe/",
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct server_answer script[2];
        char text[300];
        redirect_once(bench->server, 302, bad[i], script, text, sizeof text);
        struct call call = {0};
        bench_call(bench, &call);
        if (*bad[i]) {
            call_expect(&call, HTTP_REDIRECTS, 302, "");
        } else {
            call_expect(&call, HTTP_DONE, 200, "ok"); /* the same again */
        }
        call_free(&call);
        server_says(bench->server, ok);
    }
}

/* A long body of a redirect costs the connection, nothing else. */
static void test_long_body(void **state)
{
    struct bench *bench = *state;
    bench->request.body_max = 10;
    const struct server_answer script[] = {
        {.bytes = "HTTP/1.1 302 F\r\nLocation: /x\r\n\r\n",
         .then = SERVER_FLOOD,
         .flood = "0123456789"},
        {.bytes = ok},
    };
    server_script(bench->server, script, 2);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
    const struct server_answer broken[] = {
        {.bytes = "HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 9\r\n\r\nx",
         .then = SERVER_CLOSE},
    };
    server_script(bench->server, broken, 1);
    bench_expect(bench, HTTP_BROKEN, 302, "");
}

static void test_streamed(void **state)
{
    struct bench *bench = *state;
    struct server_answer script[2];
    struct call call = {0};
    char text[300];
    bench_stream(bench);
    redirect_once(bench->server, 302, "/x", script, text, sizeof text);
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_int_equal(call.heads, 1);
    assert_int_equal(call.seen.status, 200);
    assert_string_equal(buf_text(&call.streamed), "ok");
    call_free(&call);
}

static void test_not_kept(void **state)
{
    struct bench *bench = *state;
    struct server_answer script[2];
    char text[300];
    bench->request.keep_alive = false;
    redirect_once(bench->server, 302, "/x", script, text, sizeof text);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
    assert_int_equal(http_outstanding(bench->http), 0);
}

/* While a transfer is between two hops, the connections it began with are closed. */
static void test_close_idle_under_way(void **state)
{
    struct bench *bench = *state;
    const struct server_answer script[] = {
        {.bytes = "HTTP/1.1 302 F\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", .drip_s = 0.001},
        {.bytes = ok},
    };
    struct call call = {0};
    server_script(bench->server, script, 2);
    bench_send(bench, &call);
    while (server_requests(bench->server) == 0) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    http_close_idle(bench->http);
    bench_wait(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), 2);
    call_free(&call);
}

/* ---- network.redirect ---- */

static struct redirect *detour(struct bench *bench, const char *format, int port)
{
    char rules[200];
    char why[100];
    snprintf(rules, sizeof rules, format, port, port);
    assert_true(redirect_check(rules, why, sizeof why));
    struct redirect *redirect = redirect_create(rules);
    bench->env.redirect = redirect;
    return redirect;
}

static void test_network_redirect(void **state)
{
    struct bench *bench = *state;
    struct redirect *redirect = detour(bench, "*.cloud.example=127.0.0.1:%d, 192.0.2.*=127.0.0.1",
                                       server_port(bench->server));
    bench->request.url = "http://iot.cloud.example/a";
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\nHost: iot.cloud.example\r\n"));
    bench->request.url = "http://IOT.cloud.example:8080/a";
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "cloud.example:8080\r\n"));
    char url[60];
    snprintf(url, sizeof url, "http://192.0.2.7:%d/", server_port(bench->server));
    bench->request.url = url;
    bench_expect(bench, HTTP_DONE, 200, "ok");
    unsigned accepted = server_accepted(bench->server);
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_int_equal(server_accepted(bench->server), accepted);

    /* Also where a redirect leads. */
    struct server_answer script[2];
    char text[300];
    redirect_once(bench->server, 302, "http://other.cloud.example/b", script, text, sizeof text);
    bench_path(bench, "/");
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\nHost: other.cloud.example\r\n"));
    redirect_destroy(redirect);
    bench->env.redirect = NULL;
}

static void test_network_redirect_ipv6(void **state)
{
    struct bench *bench = *state;
    struct redirect *redirect =
        detour(bench, "2001:db8::1=127.0.0.1:%d, six.example=[::1]:%d", server_port(bench->server));
    bench->request.url = "http://[2001:db8::1]/a";
    bench_expect(bench, HTTP_DONE, 200, "ok");
    assert_true(server_was_asked(bench->server, "\r\nHost: [2001:db8::1]\r\n"));
    bench->request.url = "http://six.example/";
    bench_expect(bench, HTTP_FAILED_CONNECT, 0, "");
    redirect_destroy(redirect);
    bench->env.redirect = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_methods),
        TEST(test_locations),
        TEST(test_other_server),
        TEST(test_not_followed),
        TEST(test_loop),
        TEST(test_bad_locations),
        TEST(test_long_body),
        TEST(test_streamed),
        TEST(test_not_kept),
        TEST(test_close_idle_under_way),
        TEST(test_network_redirect),
        TEST(test_network_redirect_ipv6),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
