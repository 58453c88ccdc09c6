#include "tests/service/socket/bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/loop.h"

/* ---- events ---- */

static void note(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *failure_text(enum socket_failure failure)
{
    static const char *const texts[] = {
        [SOCKET_FAILED_NETWORK] = "network",       [SOCKET_FAILED_RESOLVE] = "resolve",
        [SOCKET_FAILED_CONNECT] = "connect",       [SOCKET_FAILED_TIMEOUT] = "timeout",
        [SOCKET_FAILED_LOCAL_PORT] = "local port",
    };
    return texts[failure];
}

static const char *end_text(enum socket_end end)
{
    static const char *const texts[] = {
        [SOCKET_ENDED_BY_PEER] = "peer",
        [SOCKET_ENDED_RESET] = "reset",
        [SOCKET_ENDED_NETWORK] = "network",
    };
    return texts[end];
}

static void note(struct bench *bench, const char *format, ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    assert_false(bench->in_call);
    buf_printf(&bench->lines, "%s\n", line);
    if (bench->die && strncmp(line, bench->die, strlen(bench->die)) == 0) {
        socket_destroy(bench->sock);
        bench->sock = NULL;
    }
}

static void on_connected(void *ctx, const char *address, int local_port)
{
    note(ctx, "connected %s %d", address, local_port);
}

static void on_failed(void *ctx, enum socket_failure failure, const char *why)
{
    assert_true(*why);
    note(ctx, "failed %s", failure_text(failure));
}

static size_t on_data(void *ctx, const char *bytes, size_t len)
{
    struct bench *bench = ctx;
    if (bench->data) {
        return bench->data(bench, bytes, len);
    }
    size_t taken = len < bench->room ? len : bench->room;
    bench->room -= taken;
    bench->got += taken;
    if (bench->note_data && taken) {
        note(bench, "data %.*s", (int)taken, bytes);
    }
    return taken;
}

static void on_writable(void *ctx)
{
    struct bench *bench = ctx;
    if (bench->writable) {
        bench->writable(bench);
    } else {
        note(bench, "writable");
    }
}

static void on_sent(void *ctx)
{
    struct bench *bench = ctx;
    if (!bench->writable) {
        note(bench, "sent");
    }
}

static void on_closed(void *ctx, enum socket_end end)
{
    note(ctx, "closed %s", end_text(end));
}

static const struct socket_events events = {on_connected, on_failed, on_data,
                                            on_writable,  on_sent,   on_closed};

/* ---- life ---- */

struct bench *bench_create(resolve_function function)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    services_open(&bench->services, function);
    bench->room = SIZE_MAX;
    bench->note_data = true;
    bench->options = (struct socket_options){
        .kind = SOCKET_TCP, .host = "127.0.0.1", .connect_timeout_ms = 5000};
    bench->sock = socket_create(&bench->services.env, &events, bench);
    return bench;
}

void bench_destroy(struct bench *bench)
{
    socket_destroy(bench->sock);
    services_close(&bench->services);
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

/* ---- the service ---- */

void bench_open(struct bench *bench, int port)
{
    bench->options.port = port;
    bench->in_call = true;
    assert_true(socket_open(bench->sock, &bench->options));
    bench->in_call = false;
}

size_t bench_send(struct bench *bench, const char *text)
{
    bench->in_call = true;
    size_t taken = socket_send(bench->sock, text, strlen(text));
    bench->in_call = false;
    return taken;
}

static bool has_line(void *ctx)
{
    struct bench *bench = ctx;
    return buf_len(&bench->lines) > 0;
}

void bench_expect(struct bench *bench, const char *format, ...)
{
    char expected[400];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    bool came = loop_until(bench->services.loop, has_line, bench);
    const char *lines = buf_text(&bench->lines);
    size_t len = strcspn(lines, "\n");
    if (!came || strncmp(lines, expected, strlen(expected)) != 0) {
        print_error("expected '%s', got '%.*s'\n%s", expected, (int)len, lines,
                    buf_text(&bench->services.log_lines));
        fail_msg("another event");
    }
    buf_take(&bench->lines, len + 1);
}

void bench_quiet(struct bench *bench, double seconds)
{
    loop_until_within(bench->services.loop, loop_never, NULL, seconds);
    assert_string_equal(buf_text(&bench->lines), "");
}

void bench_until(struct bench *bench, bool (*done)(void *ctx), void *ctx)
{
    assert_true(loop_until(bench->services.loop, done, ctx));
}

bool bench_logged(struct bench *bench, const char *text)
{
    return strstr(buf_text(&bench->services.log_lines), text) != NULL;
}

/* ---- peers ---- */

int peer_listen(int family, int type, int *port)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)*port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                              .sin6_port = htons((uint16_t)*port)};
    bool six = family == AF_INET6;
    struct sockaddr *address = six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = six ? sizeof v6 : sizeof v4;
    int on = 1;
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(bind(fd, address, len), 0);
    assert_int_equal(getsockname(fd, address, &len), 0);
    *port = ntohs(six ? v6.sin6_port : v4.sin_port);
    if (type == SOCK_STREAM) {
        assert_int_equal(listen(fd, 8), 0);
    }
    return fd;
}

int peer_linked(struct bench *bench)
{
    int port = 0;
    int listener = peer_listen(AF_INET, SOCK_STREAM, &port);
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 ");
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    close(listener);
    return fd;
}

static bool readable(void *ctx)
{
    struct pollfd entry = {.fd = *(int *)ctx, .events = POLLIN};
    return poll(&entry, 1, 1) == 1;
}

/* The loop sleeps until something of its own happens: it is woken to look at the peer. */
static void idle(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)timer;
    (void)revents;
}

static void until_readable(struct bench *bench, int fd)
{
    ev_timer beat;
    ev_timer_init(&beat, idle, 0., 0.005);
    ev_timer_start(bench->services.loop, &beat);
    bench_until(bench, readable, &fd);
    ev_timer_stop(bench->services.loop, &beat);
}

void peer_expect(struct bench *bench, int fd, const char *text)
{
    size_t len = strlen(text);
    char bytes[400] = "";
    size_t got = 0;
    do {
        until_readable(bench, fd);
        ssize_t more = recv(fd, bytes + got, len ? len - got : 1, 0);
        assert_true(more >= 0);
        if (more == 0) {
            break;
        }
        got += (size_t)more;
    } while (got < len);
    bytes[got] = '\0';
    assert_string_equal(bytes, text);
}

bool peer_ended(struct bench *bench, int fd)
{
    char byte;
    until_readable(bench, fd);
    return recv(fd, &byte, 1, 0) <= 0;
}
