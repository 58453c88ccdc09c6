#include "tests/service/mqtt/bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "tests/support/loop.h"

static const char *const outcomes[] = {
    [MQTT_DONE] = "done", [MQTT_TIMEOUT] = "timeout", [MQTT_LOST] = "lost"};

static const char *const failures[] = {
    [MQTT_FAILED_SETUP] = "setup",     [MQTT_FAILED_RESOLVE] = "resolve",
    [MQTT_FAILED_CONNECT] = "connect", [MQTT_FAILED_TLS] = "tls",
    [MQTT_FAILED_TIMEOUT] = "timeout", [MQTT_FAILED_REFUSED] = "refused",
    [MQTT_FAILED_NETWORK] = "network",
};

/* ---- events ---- */

static void note(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct bench *bench, const char *format, ...)
{
    va_list args;
    char line[400];
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_false(bench->in_call);
    buf_printf(&bench->lines, "%s\n", line);
    if (bench->hook) {
        bench->hook(bench, line);
    }
}

static void on_connected(void *ctx, bool session_present, bool again)
{
    note(ctx, "connected %d %d", session_present, again);
}

static void on_failed(void *ctx, enum mqtt_failure failure, int connack)
{
    note(ctx, "failed %s %d", failures[failure], connack);
}

static void on_lost(void *ctx)
{
    note(ctx, "lost");
}

static void on_disconnected(void *ctx)
{
    note(ctx, "disconnected");
}

static void on_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    note(ctx, "published %u %s", packet_id, outcomes[outcome]);
}

static void on_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    note(ctx, "subscribed %u %s %d", packet_id, outcomes[outcome], granted);
}

static void on_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    note(ctx, "unsubscribed %u %s", packet_id, outcomes[outcome]);
}

static void on_message(void *ctx, const struct mqtt_message *message)
{
    note(ctx, "message %s %d %d %zu %.*s", message->topic, message->qos, message->retain,
         message->len, message->len > 40 ? 40 : (int)message->len, message->bytes);
}

static void on_pingresp(void *ctx)
{
    note(ctx, "pingresp");
}

static const struct mqtt_events events = {
    .connected = on_connected,
    .failed = on_failed,
    .lost = on_lost,
    .disconnected = on_disconnected,
    .published = on_published,
    .subscribed = on_subscribed,
    .unsubscribed = on_unsubscribed,
    .message = on_message,
    .pingresp = on_pingresp,
};

/* ---- creation ---- */

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
    mqtt_library_init();
    return 0;
}

int bench_group_teardown(void **state)
{
    (void)state;
    mqtt_library_cleanup();
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
    bench->mqtt = mqtt_create(&bench->env, &events, bench);
    bench->options = (struct mqtt_options){
        .host = "127.0.0.1",
        .version = MQTT_3_1_1,
        .client_id = "bench",
        .clean_session = true,
        .keepalive_s = 60,
        .connect_timeout_ms = 10000,
        .backoff_min_ms = 20,
        .backoff_max_ms = 100,
    };
    return bench;
}

void bench_destroy(struct bench *bench)
{
    mqtt_destroy(bench->mqtt);
    resolver_destroy(bench->env.resolver);
    log_destroy(bench->env.log);
    network_destroy(bench->env.network);
    ev_loop_destroy(bench->loop);
    buf_free(&bench->log_lines);
    buf_free(&bench->lines);
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
    buf_take(&bench->lines, len + 1);
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
        print_error("expected '%s', got '%s'\n%s", expected, line, buf_text(&bench->log_lines));
    }
    assert_string_equal(line, expected);
    free(line);
}

void bench_quiet(struct bench *bench, double seconds)
{
    if (loop_until_within(bench->loop, has_line, bench, seconds)) {
        fail_msg("unexpected event: %s", buf_text(&bench->lines));
    }
}

void bench_until(struct bench *bench, bool (*ready)(void *ctx), void *ctx)
{
    if (!loop_until(bench->loop, ready, ctx)) {
        print_error("%s", buf_text(&bench->log_lines));
        fail_msg("waited in vain");
    }
}

bool bench_logged(struct bench *bench, const char *text)
{
    bool found = strstr(buf_text(&bench->log_lines), text) != NULL;
    if (!found) {
        print_message("%s", buf_text(&bench->log_lines));
    }
    return found;
}

/* ---- calls ---- */

void bench_connect(struct bench *bench, int port)
{
    if (port) {
        bench->options.port = port;
    }
    bench->in_call = true;
    assert_true(mqtt_connect(bench->mqtt, &bench->options));
    bench->in_call = false;
}

void bench_online(struct bench *bench, int port)
{
    bench_connect(bench, port);
    bench_expect(bench, "connected 0 0");
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_ONLINE);
}

uint16_t bench_publish(struct bench *bench, const char *topic, const char *text, int qos,
                       unsigned timeout_ms)
{
    uint16_t packet_id = 0;
    bool written = false;
    bench->in_call = true;
    assert_int_equal(mqtt_publish(bench->mqtt, topic, text, strlen(text), qos, false, timeout_ms,
                                  &packet_id, &written),
                     MQTT_OK);
    bench->in_call = false;
    assert_int_not_equal(packet_id, 0);
    assert_int_equal(written, qos == 0);
    return packet_id;
}

uint16_t bench_subscribe(struct bench *bench, const char *filter, int qos)
{
    uint16_t packet_id = 0;
    bench->in_call = true;
    assert_int_equal(mqtt_subscribe(bench->mqtt, filter, qos, 10000, &packet_id), MQTT_OK);
    bench->in_call = false;
    return packet_id;
}

void bench_subscribed(struct bench *bench, const char *filter, int qos)
{
    uint16_t packet_id = bench_subscribe(bench, filter, qos);
    bench_expect(bench, "subscribed %u done %d", packet_id, qos);
}

void bench_disconnect(struct bench *bench)
{
    bench->in_call = true;
    assert_true(mqtt_disconnect(bench->mqtt));
    bench->in_call = false;
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_CLOSING);
    bench_expect(bench, "disconnected");
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_OFFLINE);
}

static void on_probed(void *ctx, bool accepted, enum mqtt_failure failure, int connack)
{
    if (accepted) {
        note(ctx, "probe accepted");
    } else {
        note(ctx, "probe %s %d", failures[failure], connack);
    }
}

struct mqtt_probe *bench_probe(struct bench *bench)
{
    bench->in_call = true;
    struct mqtt_probe *probe = mqtt_probe_start(&bench->env, &bench->options, on_probed, bench);
    bench->in_call = false;
    return probe;
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
