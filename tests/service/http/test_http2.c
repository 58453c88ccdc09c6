/* HTTP/2, which a server offers by ALPN. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/http/bench.h"
#include "tests/service/http/tls_server.h"
#include "tests/support/certs.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

static char *folder;
static char *ca_file;
static struct tls_server server;
static char *url;

static int group_setup(void **state)
{
    folder = temp_folder();
    certs_create(folder);
    ca_file = temp_path(folder, "ca.pem");
    static const char *const options[] = {"--h2", NULL};
    server = tls_server_start(folder, "server", options);
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    tls_server_stop(&server);
    free(ca_file);
    temp_remove(folder);
    return bench_group_teardown(state);
}

static int setup(void **state)
{
    bench_setup(state);
    struct bench *bench = *state;
    bench->request.tls.ca_file = ca_file;
    return 0;
}

static int teardown(void **state)
{
    free(url);
    url = NULL;
    return bench_teardown(state);
}

static void use_path(struct bench *bench, const char *path)
{
    free(url);
    url = tls_server_url(&server, "localhost", path);
    bench->request.url = url;
}

static bool has_header(const struct call *call, const char *name, const char *value)
{
    char line[200];
    snprintf(line, sizeof line, "%s: %s", name, value);
    bool found = strcasestr(call->head, line) != NULL;
    if (!found) {
        print_message("'%s' is not in:\n%s\n", line, call->head);
    }
    return found;
}

static int connection_of(const struct call *call)
{
    const char *header = strcasestr(call->head, "x-connection: ");
    return header ? atoi(header + 14) : 0;
}

static void test_methods(void **state)
{
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"};
    struct bench *bench = *state;
    use_path(bench, "/a/b?c=d");
    int first = 0;
    for (int i = HTTP_GET; i <= HTTP_PATCH; i++) {
        struct call call = {0};
        bench->request.method = (enum http_method)i;
        bench->request.body = "a\0b";
        bench->request.len = i == HTTP_GET || i == HTTP_HEAD ? 0 : 3;
        bench_call(bench, &call);
        call_expect(&call, HTTP_DONE, 200, NULL);
        assert_int_equal(call.len, bench->request.len);
        assert_memory_equal(call.bytes, "a\0b", call.len);
        assert_true(has_header(&call, "x-protocol", "2"));
        assert_true(has_header(&call, "x-method", names[i]));
        assert_true(has_header(&call, "x-path", "/a/b?c=d"));
        assert_true(has_header(&call, "x-agent", "atmodemd/"));
        first = first ? first : connection_of(&call);
        assert_int_equal(connection_of(&call), first);
        call_free(&call);
    }
}

static void test_not_wanted(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    use_path(bench, "/");
    bench->request.http1 = true;
    bench_call(bench, &call);
    assert_true(has_header(&call, "x-protocol", "1"));
    assert_string_equal(call.line, "HTTP/1.1 200 OK");
    call_free(&call);
}

static void test_empty_post(void **state)
{
    struct bench *bench = *state;
    use_path(bench, "/");
    bench->request.method = HTTP_POST;
    bench_expect(bench, HTTP_DONE, 200, "");
    bench->request.keep_alive = false;
    bench_expect(bench, HTTP_DONE, 200, "");
}

static void test_long_bodies(void **state)
{
    enum { LEN = 300 * 1024 };
    static char bytes[LEN];
    struct bench *bench = *state;
    struct call call = {0};
    for (int i = 0; i < LEN; i++) {
        bytes[i] = (char)(i * 11 + i / 256);
    }
    use_path(bench, "/");
    bench->request.method = HTTP_PUT;
    bench->request.body = bytes;
    bench->request.len = LEN;
    for (int i = 0; i < 3; i++) {
        bench_call(bench, &call);
        call_expect(&call, HTTP_DONE, 200, NULL);
        assert_int_equal(call.len, LEN);
        assert_memory_equal(call.bytes, bytes, LEN);
        call_free(&call);
    }
}

static void test_streamed(void **state)
{
    enum { LEN = 3 * 1024 * 1024 };
    struct bench *bench = *state;
    struct call call = {.throw_away = true};
    char path[40];
    snprintf(path, sizeof path, "/size/%d", LEN);
    use_path(bench, path);
    bench_stream(bench);
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_int_equal(call.streamed_len, LEN);
    assert_int_equal(call.seen.length, LEN);
    call_free(&call);
    call.throw_away = true;
    call.stop_after = 1000;
    bench_call(bench, &call);
    call_expect(&call, HTTP_STOPPED, 200, "");
    call_free(&call);
}

enum { MANY = 8 };

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

/* One connection serves many at once; cancelling some leaves the others alone. */
static void test_side_by_side(void **state)
{
    struct bench *bench = *state;
    struct call first = {0};
    use_path(bench, "/size/0");
    bench_call(bench, &first);
    use_path(bench, "/size/200000");
    for (int round = 0; round < 4; round++) {
        struct call calls[MANY] = {0};
        struct call lost[MANY] = {0};
        for (int i = 0; i < MANY; i++) {
            bench_send(bench, &calls[i]);
            bench_send(bench, &lost[i]);
        }
        for (int i = 0; i < MANY; i++) {
            loop_until_within(bench->loop, loop_never, NULL, round * 0.001);
            if (!lost[i].over) {
                http_cancel(lost[i].transfer);
            }
        }
        bench_until(bench, all_over, calls);
        for (int i = 0; i < MANY; i++) {
            call_expect(&calls[i], HTTP_DONE, 200, NULL);
            assert_int_equal(calls[i].len, 200000);
            assert_int_equal(connection_of(&calls[i]), connection_of(&first));
            call_free(&calls[i]);
            call_free(&lost[i]);
        }
    }
    assert_int_equal(http_outstanding(bench->http), 0);
    call_free(&first);
}

static void test_not_kept(void **state)
{
    struct bench *bench = *state;
    struct call first = {0};
    struct call second = {0};
    use_path(bench, "/");
    bench->request.keep_alive = false;
    bench_call(bench, &first);
    bench_call(bench, &second);
    call_expect(&first, HTTP_DONE, 200, "");
    call_expect(&second, HTTP_DONE, 200, "");
    assert_true(has_header(&second, "x-protocol", "2"));
    assert_int_not_equal(connection_of(&first), connection_of(&second));
    call_free(&first);
    call_free(&second);
}

static void test_idle(void **state)
{
    struct bench *bench = *state;
    use_path(bench, "/");
    bench_expect(bench, HTTP_DONE, 200, "");
    loop_wakes(bench->loop, 0.1);
    assert_in_range(loop_wakes(bench->loop, 1.), 0, 2);
}

static void test_failures(void **state)
{
    struct bench *bench = *state;
    bench->request.method = HTTP_POST;
    bench->request.body = "body";
    bench->request.len = 4;
    for (int i = 0; i < 2; i++) {
        use_path(bench, "/refuse");
        bench_expect(bench, HTTP_FAILED_SEND, 0, "");
        use_path(bench, "/reset");
        bench_expect(bench, HTTP_BROKEN, 200, NULL);
        use_path(bench, "/close");
        bench_expect(bench, HTTP_BROKEN, 200, NULL);
        use_path(bench, "/");
        bench_expect(bench, HTTP_DONE, 200, "body");
    }
}

/* The server takes no more streams on its connection: the next request gets another. */
static void test_goodbye(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 3; i++) {
        use_path(bench, "/goodbye");
        bench_expect(bench, HTTP_DONE, 200, "");
        use_path(bench, "/");
        bench_expect(bench, HTTP_DONE, 200, "");
    }
}

static void test_too_large(void **state)
{
    struct bench *bench = *state;
    use_path(bench, "/size/2000");
    bench->request.body_max = 1999;
    bench_expect(bench, HTTP_TOO_LARGE, 200, "");
    bench->request.body_max = 2000;
    bench_expect(bench, HTTP_DONE, 200, NULL);
}

static void test_timeouts(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    use_path(bench, "/mute");
    bench->request.timeout_ms = 0;
    bench->request.stall_timeout_ms = 200;
    bench_call(bench, &call);
    call_expect(&call, HTTP_TIMEOUT, 0, "");
    assert_true(call.seconds > 0.19 && call.seconds < 1.);
    call_free(&call);
    bench->request.timeout_ms = 200;
    bench->request.stall_timeout_ms = 0;
    bench_call(bench, &call);
    call_expect(&call, HTTP_TIMEOUT, 0, "");
    call_free(&call);
    use_path(bench, "/");
    bench->request.timeout_ms = 5000;
    bench_expect(bench, HTTP_DONE, 200, "");
}

static void test_redirects(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    use_path(bench, "/redirect/3");
    bench->request.redirects = 3;
    bench->request.method = HTTP_PUT;
    bench->request.body = "body";
    bench->request.len = 4;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "body");
    assert_true(has_header(&call, "x-method", "PUT"));
    call_free(&call);
    bench->request.redirects = 2;
    bench_expect(bench, HTTP_REDIRECTS, 307, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_methods),     TEST(test_not_wanted), TEST(test_empty_post),
        TEST(test_long_bodies), TEST(test_streamed),   TEST(test_side_by_side),
        TEST(test_not_kept),    TEST(test_idle),       TEST(test_failures),
        TEST(test_goodbye),     TEST(test_too_large),  TEST(test_timeouts),
        TEST(test_redirects),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
