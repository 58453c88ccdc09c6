#include "tests/service/coap/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "tests/support/loop.h"

static const char *const outcomes[] = {
    [COAP_CLIENT_RESPONSE] = "response", [COAP_CLIENT_TIMEOUT] = "timeout",
    [COAP_CLIENT_RESET] = "reset",       [COAP_CLIENT_UNREACHABLE] = "unreachable",
    [COAP_CLIENT_INSECURE] = "insecure", [COAP_CLIENT_BROKEN] = "broken",
};

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
    coap_client_library_init();
    return 0;
}

int bench_group_teardown(void **state)
{
    (void)state;
    coap_client_library_cleanup();
    return 0;
}

struct bench *bench_create(resolve_function function)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    static const struct network_settings home = {.registration = NETWORK_HOME, .rssi = -71};
    bench->env = (struct service_env){
        .network = network_create(&home, true),
        .loop = bench->loop,
        .resolver = resolver_create(bench->loop, function),
        .log = log_create(NULL, LEVEL_LIBRARY, (struct log_sink){write_log, bench}),
    };
    bench->options = (struct coap_client_options){.host = "127.0.0.1"};
    return bench;
}

void bench_destroy(struct bench *bench)
{
    bench_forget(bench);
    peer_destroy(bench->peer);
    resolver_destroy(bench->env.resolver);
    log_destroy(bench->env.log);
    network_destroy(bench->env.network);
    ev_loop_destroy(bench->loop);
    buf_free(&bench->log_lines);
    buf_free(&bench->lines);
    buf_free(&bench->body);
    buf_free(&bench->response_options);
    free(bench);
}

int bench_setup(void **state)
{
    *state = bench_create(NULL);
    return 0;
}

int bench_teardown(void **state)
{
    bench_destroy(*state);
    return 0;
}

int bench_setup_peer(void **state)
{
    struct bench *bench = bench_create(NULL);
    bench->peer = peer_create(bench->loop, "127.0.0.1", 0);
    bench->options.port = bench->peer->port;
    *state = bench;
    return 0;
}

void bench_forget(struct bench *bench)
{
    coap_client_destroy(bench->client);
    bench->client = NULL;
}

/* ---- outcomes ---- */

static unsigned number_of(const struct bench *bench, uint16_t token)
{
    unsigned n = bench->sent;
    while (n > 0 && bench->tokens[n] != token) {
        n--;
    }
    assert_int_not_equal(n, 0);
    return n;
}

static void keep_options(struct bench *bench, const struct coap_client_response *response)
{
    buf_clear(&bench->response_options);
    for (size_t i = 0; i < response->option_count; i++) {
        buf_printf(&bench->response_options, "%u=", response->options[i].number);
        for (size_t k = 0; k < response->options[i].len; k++) {
            buf_printf(&bench->response_options, "%02x",
                       ((const unsigned char *)response->options[i].bytes)[k]);
        }
        buf_add_byte(&bench->response_options, ' ');
    }
}

static void on_done(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    struct bench *bench = ctx;
    char line[200];
    assert_false(bench->in_call);
    assert_non_null(response->why);
    assert_int_equal(response->bytes[response->len], '\0');
    unsigned n = number_of(bench, token);
    bench->tokens[n] = 0; /* exactly once */
    if (response->outcome == COAP_CLIENT_RESPONSE) {
        snprintf(line, sizeof line, "%u response %d %zu %.40s", n, response->code, response->len,
                 response->bytes);
    } else {
        assert_int_equal(response->code, 0);
        assert_int_equal(response->len, 0);
        assert_int_equal(response->option_count, 0);
        snprintf(line, sizeof line, "%u %s", n, outcomes[response->outcome]);
    }
    for (char *at = line; *at; at++) {
        *at = *at == '\n' ? '.' : *at;
    }
    snprintf(bench->why, sizeof bench->why, "%s", response->why);
    buf_clear(&bench->body);
    buf_add(&bench->body, response->bytes, response->len);
    keep_options(bench, response);
    buf_printf(&bench->lines, "%s\n", line);
    if (bench->hook) {
        bench->hook(bench, line);
    }
}

/* ---- calls ---- */

static void make_client(struct bench *bench)
{
    if (!bench->client) {
        bench->client = coap_client_create(&bench->env, &bench->options);
    }
}

static unsigned note_token(struct bench *bench, uint16_t token)
{
    assert_int_not_equal(token, 0);
    assert_true(bench->sent + 1 < BENCH_REQUESTS);
    bench->tokens[++bench->sent] = token;
    return bench->sent;
}

unsigned bench_send(struct bench *bench, const struct coap_client_request *request)
{
    make_client(bench);
    bool nested = bench->in_call;
    bench->in_call = true;
    uint16_t token = coap_client_send(bench->client, request, on_done, bench);
    bench->in_call = nested;
    return note_token(bench, token);
}

unsigned bench_get(struct bench *bench, const char *path, unsigned timeout_ms)
{
    return bench_send(bench, &(struct coap_client_request){.method = COAP_CLIENT_GET,
                                                           .confirmable = true,
                                                           .path = path,
                                                           .content_format = -1,
                                                           .accept = -1,
                                                           .timeout_ms = timeout_ms});
}

unsigned bench_non(struct bench *bench, unsigned timeout_ms)
{
    return bench_send(bench, &(struct coap_client_request){.method = COAP_CLIENT_POST,
                                                           .path = "/n",
                                                           .bytes = "x",
                                                           .len = 1,
                                                           .content_format = -1,
                                                           .accept = -1,
                                                           .timeout_ms = timeout_ms});
}

unsigned bench_ping(struct bench *bench, unsigned timeout_ms)
{
    make_client(bench);
    bench->in_call = true;
    uint16_t token = coap_client_ping(bench->client, timeout_ms, on_done, bench);
    bench->in_call = false;
    return note_token(bench, token);
}

/* ---- waiting ---- */

static bool has_line(void *ctx)
{
    const struct bench *bench = ctx;
    return buf_len(&bench->lines) > 0;
}

char *bench_take(struct bench *bench)
{
    loop_until(bench->loop, has_line, bench);
    const char *text = buf_text(&bench->lines);
    size_t len = strcspn(text, "\n");
    char *line = mem_copy(text, len);
    buf_take(&bench->lines, len < buf_len(&bench->lines) ? len + 1 : len);
    return line;
}

void bench_expect(struct bench *bench, const char *format, ...)
{
    char expected[400];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    char *line = bench_take(bench);
    if (strcmp(line, expected) != 0) {
        print_error("expected '%s', got '%s' (%s)\n%s", expected, line, bench->why,
                    buf_text(&bench->log_lines));
    }
    assert_string_equal(line, expected);
    free(line);
}

void bench_quiet(struct bench *bench, double seconds)
{
    if (loop_until_within(bench->loop, has_line, bench, seconds)) {
        fail_msg("unexpected outcome: %s", buf_text(&bench->lines));
    }
}

void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx)
{
    if (!loop_until(bench->loop, ready, ctx)) {
        print_error("%s", buf_text(&bench->log_lines));
        fail_msg("waited in vain");
    }
}

void bench_received(struct bench *bench, unsigned datagrams)
{
    bench->peer->expected = datagrams;
    bench_until(bench, peer_has_received, bench->peer);
}

bool bench_logged(struct bench *bench, const char *text)
{
    bool found = strstr(buf_text(&bench->log_lines), text) != NULL;
    if (!found) {
        print_message("%s", buf_text(&bench->log_lines));
    }
    return found;
}

double bench_now(void)
{
    return clock_seconds();
}
