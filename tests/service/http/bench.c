#include "tests/service/http/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/service/http/server.h"
#include "tests/support/loop.h"

const char *outcome_name(enum http_outcome outcome)
{
    static const char *const names[] = {
        [HTTP_DONE] = "done",
        [HTTP_FAILED_SETUP] = "setup",
        [HTTP_FAILED_RESOLVE] = "resolve",
        [HTTP_FAILED_CONNECT] = "connect",
        [HTTP_FAILED_TLS] = "tls",
        [HTTP_FAILED_SEND] = "send",
        [HTTP_BROKEN] = "broken",
        [HTTP_TIMEOUT] = "timeout",
        [HTTP_TOO_LARGE] = "too large",
        [HTTP_REDIRECTS] = "redirects",
        [HTTP_STOPPED] = "stopped",
    };
    return names[outcome];
}

double bench_now(void)
{
    return clock_seconds();
}

static void write_log(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)name;
    struct bench *bench = ctx;
    buf_printf(&bench->log_lines, "%s: %s\n", log_level_name(level), text);
}

int bench_group_setup(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    http_library_init();
    return 0;
}

int bench_group_teardown(void **state)
{
    (void)state;
    http_library_cleanup();
    return 0;
}

struct bench *bench_create(void)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    static const struct network_settings home = {.registration = NETWORK_HOME, .rssi = -71};
    bench->env = (struct service_env){
        .network = network_create(&home, true),
        .loop = bench->loop,
        .log = log_create(NULL, LEVEL_LIBRARY, (struct log_sink){write_log, bench}),
    };
    bench->http = http_create(&bench->env);
    bench->server = server_create(bench->loop);
    bench->request = (struct http_request){
        .url = "http://127.0.0.1/",
        .keep_alive = true,
        .timeout_ms = 15000,
        .body_max = 1024 * 1024,
        .range_from = -1,
    };
    bench_path(bench, "/");
    return bench;
}

void bench_destroy(struct bench *bench)
{
    http_destroy(bench->http);
    server_destroy(bench->server);
    log_destroy(bench->env.log);
    network_destroy(bench->env.network);
    ev_loop_destroy(bench->loop);
    buf_free(&bench->log_lines);
    free(bench);
}

int bench_setup(void **state)
{
    *state = bench_create();
    return 0;
}

int bench_teardown(void **state)
{
    bench_destroy(*state);
    return 0;
}

void bench_path(struct bench *bench, const char *path)
{
    bench->request.url = server_url(bench->server, path);
}

/* ---- calls ---- */

static enum http_go on_head(void *ctx, const struct http_head *head)
{
    struct call *call = ctx;
    assert_int_equal(call->over, 0);
    assert_int_equal(call->streamed_len, 0);
    call->heads++;
    call->seen = *head;
    return call->stop_at_head ? HTTP_STOP : HTTP_GO_ON;
}

static enum http_go on_body(void *ctx, const char *bytes, size_t len)
{
    struct call *call = ctx;
    assert_int_equal(call->over, 0);
    assert_int_equal(call->heads, 1);
    if (!call->throw_away) {
        buf_add(&call->streamed, bytes, len);
    }
    call->streamed_len += len;
    if (call->piece_hook) {
        call->piece_hook(call);
    }
    return call->stop_after && call->streamed_len >= call->stop_after ? HTTP_STOP : HTTP_GO_ON;
}

void bench_stream(struct bench *bench)
{
    bench->request.on_head = on_head;
    bench->request.on_body = on_body;
}

static void on_done(void *ctx, const struct http_response *response)
{
    struct call *call = ctx;
    const char *value;
    size_t len;
    assert_non_null(response->why);
    assert_int_equal(response->bytes[response->len], '\0');
    assert_int_equal(response->head[response->head_len], '\0');
    call->over++;
    call->transfer = NULL;
    call->seconds = bench_now() - call->seconds;
    call->outcome = response->outcome;
    call->status = response->status;
    call->line = mem_string(response->line);
    call->head = mem_copy(response->head, response->head_len);
    call->bytes = mem_copy(response->bytes, response->len);
    call->len = response->len;
    call->why = mem_string(response->why);
    if (http_header(response, "content-type", &value, &len)) {
        call->type = mem_copy(value, len);
    }
    if (call->hook) {
        call->hook(call);
    }
}

void bench_send(struct bench *bench, struct call *call)
{
    call->bench = bench;
    call->seconds = bench_now();
    call->transfer = http_send(bench->http, &bench->request, on_done, call);
    assert_non_null(call->transfer);
    assert_int_equal(call->over, 0);
    assert_int_equal(call->heads, 0);
}

bool bench_is_over(void *call)
{
    return ((const struct call *)call)->over > 0;
}

void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx)
{
    if (!loop_until(bench->loop, ready, ctx)) {
        print_error("%s", buf_text(&bench->log_lines));
        fail_msg("waited in vain");
    }
}

void bench_wait(struct bench *bench, struct call *call)
{
    bench_until(bench, bench_is_over, call);
    assert_int_equal(call->over, 1);
}

void bench_call(struct bench *bench, struct call *call)
{
    bench_send(bench, call);
    bench_wait(bench, call);
}

void call_expect(const struct call *call, enum http_outcome outcome, int status, const char *body)
{
    if (call->outcome != outcome || call->status != status) {
        print_error("%s %d, not %s %d: %s\n%s", outcome_name(call->outcome), call->status,
                    outcome_name(outcome), status, call->why, buf_text(&call->bench->log_lines));
    }
    assert_int_equal(call->outcome, outcome);
    assert_int_equal(call->status, status);
    if (body) {
        assert_string_equal(call->bytes, body);
        assert_int_equal(call->len, strlen(body));
    }
}

void call_free(struct call *call)
{
    free(call->line);
    free(call->head);
    free(call->bytes);
    free(call->why);
    free(call->type);
    buf_free(&call->streamed);
    *call = (struct call){0};
}

void bench_expect(struct bench *bench, enum http_outcome outcome, int status, const char *body)
{
    struct call call = {0};
    bench_call(bench, &call);
    call_expect(&call, outcome, status, body);
    call_free(&call);
}

bool bench_logged(struct bench *bench, const char *text)
{
    bool found = strstr(buf_text(&bench->log_lines), text) != NULL;
    if (!found) {
        print_message("'%s' is not in:\n%s", text, buf_text(&bench->log_lines));
    }
    return found;
}
