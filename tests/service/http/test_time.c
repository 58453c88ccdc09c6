/* Time-outs, each at its stage, and look-ups that hang. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"

static const struct server_answer mute = {.then = SERVER_KEEP};

/* ---- a name server that does not answer ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned hanging;
static bool hang = true;

static int hang_up(void)
{
    pthread_mutex_lock(&lock);
    hanging++;
    pthread_cond_broadcast(&changed);
    while (hang) {
        pthread_cond_wait(&changed, &lock);
    }
    hanging--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return EAI_AGAIN;
}

/* In place of the C library's, for libcurl. */
int getaddrinfo(const char *restrict host, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    if (strcmp(host, "hung.example") == 0) {
        return hang_up();
    }
    if (strcmp(host, "dead.example") == 0) {
        return EAI_NONAME;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(host, service, hints, result);
}

/* All look-ups are let go and have ended. */
static void release(void)
{
    pthread_mutex_lock(&lock);
    hang = false;
    pthread_cond_broadcast(&changed);
    while (hanging) {
        pthread_cond_wait(&changed, &lock);
    }
    hang = true;
    pthread_mutex_unlock(&lock);
}

static bool one_hangs(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&lock);
    bool yes = hanging > 0;
    pthread_mutex_unlock(&lock);
    return yes;
}

static void wait_for_hanging(struct bench *bench)
{
    while (!one_hangs(NULL)) {
        loop_until_within(bench->loop, loop_never, NULL, 0.005);
    }
}

/* ---- limits ---- */

static void check_timeout(struct bench *bench, double seconds, const char *waited_for)
{
    struct call call = {0};
    bench_call(bench, &call);
    assert_int_equal(call.outcome, HTTP_TIMEOUT);
    if (call.seconds < seconds - 0.01 || call.seconds > seconds + 1) {
        fail_msg("%.3f s, not %.3f s", call.seconds, seconds);
    }
    if (!strstr(call.why, waited_for)) {
        fail_msg("'%s' is not in '%s'", waited_for, call.why);
    }
    call_free(&call);
}

static void test_whole(void **state)
{
    struct bench *bench = *state;
    server_script(bench->server, &mute, 1);
    bench->request.timeout_ms = 200;
    bench->request.connect_timeout_ms = 100;
    check_timeout(bench, 0.2, "the response");
    const struct server_answer slow = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                                       .drip_s = 0.001};
    server_script(bench->server, &slow, 1);
    check_timeout(bench, 0.2, "more of the response");
    assert_true(bench_logged(bench, "warning: http: GET http://127.0.0.1"));
}

/* A listener whose queue is full: nothing comes back. */
static void test_connecting(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fds[6];
    char url[60];
    for (int i = 0; i < 6; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (i == 0) {
            assert_int_equal(bind(fds[i], (struct sockaddr *)&address, len), 0);
            assert_int_equal(listen(fds[i], 0), 0);
            assert_int_equal(getsockname(fds[i], (struct sockaddr *)&address, &len), 0);
        } else {
            (void)connect(fds[i], (struct sockaddr *)&address, len);
        }
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    bench->request.url = url;
    bench->request.connect_timeout_ms = 200;
    bench->request.stall_timeout_ms = 50;
    check_timeout(bench, 0.2, "the connection");
    for (int i = 0; i < 6; i++) {
        close(fds[i]);
    }
}

static void test_mute_tls(void **state)
{
    struct bench *bench = *state;
    char url[60];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(bench->server));
    bench->request.url = url;
    server_script(bench->server, &mute, 1);
    bench->request.connect_timeout_ms = 200;
    check_timeout(bench, 0.2, "TLS");
}

static void test_stall(void **state)
{
    struct bench *bench = *state;
    const struct server_answer slow = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789",
        .drip_s = 0.02};
    server_script(bench->server, &slow, 1);
    bench->request.timeout_ms = 0;
    bench->request.stall_timeout_ms = 500;
    struct call call = {0};
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "01234567890123456789");
    assert_true(call.seconds > 1);
    call_free(&call);

    const struct server_answer half = {
        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234", .then = SERVER_KEEP};
    server_script(bench->server, &half, 1);
    bench->request.stall_timeout_ms = 200;
    check_timeout(bench, 0.2, "more of the response");
    server_script(bench->server, &mute, 1);
    check_timeout(bench, 0.2, "the response");
}

/* A server that reads slowly is no stall, one that does not read is. */
static void test_stall_while_sending(void **state)
{
    enum { LEN = 8 * 1024 * 1024 };
    struct bench *bench = *state;
    const struct server_answer sips = {.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                                       .sip_s = 0.015};
    const struct server_answer deaf = {.when = SERVER_AT_HEAD};
    struct call call = {0};
    bench->request.method = HTTP_PUT;
    bench->request.body = mem_zeroed(LEN);
    bench->request.len = LEN;
    bench->request.timeout_ms = 0;
    bench->request.stall_timeout_ms = 1000;
    server_script(bench->server, &sips, 1);
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "ok");
    assert_true(call.seconds > 1.5);
    call_free(&call);

    bench->request.stall_timeout_ms = 200;
    server_script(bench->server, &deaf, 1);
    http_close_idle(bench->http);
    bench_call(bench, &call);
    call_expect(&call, HTTP_TIMEOUT, 0, "");
    assert_true(call.seconds < 1);
    call_free(&call);
    free((void *)(uintptr_t)bench->request.body);
}

static void test_whole_over_redirects(void **state)
{
    struct bench *bench = *state;
    const struct server_answer round = {
        .bytes = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", .drip_s = 0.001};
    server_script(bench->server, &round, 1);
    bench->request.redirects = 10000;
    bench->request.timeout_ms = 400;
    check_timeout(bench, 0.4, "response");
    assert_true(server_requests(bench->server) > 1);
}

/* ---- names ---- */

static void test_dead_name(void **state)
{
    struct bench *bench = *state;
    struct call call = {0};
    bench->request.url = "http://dead.example/secret?token=1";
    bench_call(bench, &call);
    call_expect(&call, HTTP_FAILED_RESOLVE, 0, "");
    assert_non_null(strstr(call.why, "resolve"));
    assert_true(bench_logged(bench, "warning: http: GET http://dead.example/secret: "));
    assert_null(strstr(buf_text(&bench->log_lines), "token"));
    call_free(&call);
}

static void test_hung_name(void **state)
{
    struct bench *bench = *state;
    const char *good = bench->request.url;
    bench->request.url = "http://hung.example/";
    bench->request.timeout_ms = 200;
    check_timeout(bench, 0.2, "the name server");
    bench->request.timeout_ms = 0;
    bench->request.connect_timeout_ms = 200;
    check_timeout(bench, 0.2, "the name server");

    struct call call = {0};
    bench->request.connect_timeout_ms = 0;
    bench_send(bench, &call);
    wait_for_hanging(bench);
    /* Others are served meanwhile. */
    bench->request.url = good;
    for (int i = 0; i < 10; i++) {
        bench_expect(bench, HTTP_DONE, 200, "ok");
    }
    /* libcurl looks ten times a second. */
    loop_until_within(bench->loop, loop_never, NULL, 1.);
    assert_in_range(loop_wakes(bench->loop, 0.5), 0, 20);
    double before = bench_now();
    http_cancel(call.transfer);
    assert_true(bench_now() - before < 0.5);
    assert_int_equal(call.over, 0);
    release();
    bench_expect(bench, HTTP_DONE, 200, "ok");
}

static void test_destroy_with_hung_names(void **state)
{
    struct bench *bench = *state;
    struct call calls[5] = {0};
    bench->request.url = "http://hung.example/";
    for (int i = 0; i < 5; i++) {
        bench_send(bench, &calls[i]);
    }
    wait_for_hanging(bench);
    double before = bench_now();
    http_destroy(bench->http);
    assert_true(bench_now() - before < 0.5);
    bench->http = NULL;
    release();
}

/* A look-up that ends well after its transfer has gone. */
static void test_late_name(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 20; i++) {
        struct call call = {0};
        bench->request.url = "http://hung.example/";
        bench_send(bench, &call);
        wait_for_hanging(bench);
        if (i % 2) {
            http_cancel(call.transfer);
            release();
        } else {
            release();
            bench_wait(bench, &call);
            call_expect(&call, HTTP_FAILED_RESOLVE, 0, "");
        }
        call_free(&call);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_whole),     TEST(test_connecting),          TEST(test_mute_tls),
        TEST(test_stall),     TEST(test_stall_while_sending), TEST(test_whole_over_redirects),
        TEST(test_dead_name), TEST(test_hung_name),           TEST(test_destroy_with_hung_names),
        TEST(test_late_name),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
