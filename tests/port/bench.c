#include "tests/port/bench.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

enum { ECHO_MAX = 8192 };

static bool close_if(struct bench *bench, enum event event)
{
    if (bench->close_in != event) {
        return false;
    }
    bench->close_in = EVENT_NONE;
    port_close(bench->port);
    bench->port = NULL;
    return true;
}

static void flush(struct bench *bench)
{
    size_t done = port_write(bench->port, buf_bytes(&bench->output), buf_len(&bench->output));
    buf_take(&bench->output, done);
}

static void on_input(void *ctx, const char *bytes, size_t len)
{
    struct bench *bench = ctx;
    assert_non_null(bench->port);
    buf_add(&bench->trace, bytes, len);
    if (bench->echo) {
        buf_add(&bench->output, bytes, len);
        flush(bench);
    }
    close_if(bench, EVENT_INPUT);
}

static size_t on_input_room(void *ctx)
{
    struct bench *bench = ctx;
    assert_non_null(bench->port);
    if (close_if(bench, EVENT_ROOM)) {
        return 0;
    }
    return bench->echo ? ECHO_MAX - buf_len(&bench->output) : bench->room;
}

static void on_writable(void *ctx)
{
    struct bench *bench = ctx;
    assert_non_null(bench->port);
    bench->writable_calls++;
    if (close_if(bench, EVENT_WRITABLE)) {
        return;
    }
    flush(bench);
    if (bench->echo) {
        port_resume(bench->port);
    }
}

static void on_present(void *ctx, bool present)
{
    struct bench *bench = ctx;
    assert_non_null(bench->port);
    buf_add_byte(&bench->trace, present ? '+' : '-');
    bench->gone = !present;
    buf_clear(&bench->output);
    close_if(bench, present ? EVENT_ARRIVED : EVENT_LEFT);
}

static const struct port_events bench_events = {
    .input = on_input,
    .input_room = on_input_room,
    .writable = on_writable,
    .present = on_present,
};

struct port *bench_open_as(struct bench *bench, const struct port_settings *settings,
                           const char *link)
{
    const struct port_env env = {bench->loop, bench->watch, &bench_events, bench, bench->log};
    return port_open(&env, settings, link);
}

struct port_settings bench_settings(const char *path)
{
    return (struct port_settings){.path = path, .link = "", .baud = 115200, .format = "8N1"};
}

void bench_replace(struct bench *bench, const struct port_settings *settings)
{
    port_close(bench->port);
    bench->port = NULL; /* no event may come */
    buf_clear(&bench->log_lines);
    bench->port = bench_open_as(bench, settings, bench->link);
    assert_non_null(bench->port);
}

struct port *bench_open(struct bench *bench, const char *link)
{
    struct port_settings settings = bench_settings("pty");
    return bench_open_as(bench, &settings, link);
}

int bench_create(void **state)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->log = logged_create(&bench->log_lines);
    bench->watch = port_watch_create(bench->loop, bench->log);
    bench->folder = temp_folder();
    bench->link = temp_path(bench->folder, "ttyAT0");
    bench->room = SIZE_MAX;
    bench->port = bench_open(bench, bench->link);
    *state = bench;
    return bench->port ? 0 : -1;
}

int bench_destroy(void **state)
{
    struct bench *bench = *state;
    port_close(bench->port);
    port_watch_destroy(bench->watch);
    ev_loop_destroy(bench->loop);
    log_destroy(bench->log);
    temp_remove(bench->folder);
    free(bench->link);
    buf_free(&bench->log_lines);
    buf_free(&bench->trace);
    buf_free(&bench->output);
    free(bench);
    return 0;
}

int bench_host(const struct bench *bench)
{
    int fd = open(bench->link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

struct expected {
    struct bench *bench;
    const char *trace;
};

static bool trace_is(void *ctx)
{
    struct expected *expected = ctx;
    return strcmp(buf_text(&expected->bench->trace), expected->trace) == 0;
}

bool bench_closed(void *ctx)
{
    const struct bench *bench = ctx;
    return !bench->port;
}

bool bench_gone(void *ctx)
{
    const struct bench *bench = ctx;
    return bench->gone;
}

void bench_expect(struct bench *bench, const char *trace)
{
    struct expected expected = {bench, trace};
    if (!loop_until_within(bench->loop, trace_is, &expected, 10.)) {
        assert_string_equal(buf_text(&bench->trace), trace);
    }
    buf_clear(&bench->trace);
}

void bench_send(struct bench *bench, const char *bytes, size_t len)
{
    buf_add(&bench->output, bytes, len);
    flush(bench);
}

struct reading {
    int fd;
    struct buf got;
    size_t len;
};

static bool have_read(void *ctx)
{
    struct reading *reading = ctx;
    char bytes[4096];
    ssize_t got = read(reading->fd, bytes, sizeof bytes);
    if (got > 0) {
        buf_add(&reading->got, bytes, (size_t)got);
    }
    return buf_len(&reading->got) >= reading->len;
}

/* Wakes the loop so that have_read() is asked. */
static void on_host_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)io;
    (void)revents;
}

void bench_host_reads(struct bench *bench, int fd, const char *bytes, size_t len)
{
    struct reading reading = {.fd = fd, .len = len};
    ev_io io;
    ev_io_init(&io, on_host_readable, fd, EV_READ);
    ev_io_start(bench->loop, &io);
    loop_until_within(bench->loop, have_read, &reading, 10.);
    ev_io_stop(bench->loop, &io);
    assert_int_equal(buf_len(&reading.got), len);
    assert_memory_equal(buf_bytes(&reading.got), bytes, len);
    buf_free(&reading.got);
}

size_t bench_fill(struct bench *bench, int fd)
{
    static const char bytes[4096] = {0};
    size_t total = 0;
    /* The kernel passes bytes from buffer to buffer in its own time. */
    for (int full = 0; full < 5; full++) {
        ssize_t put;
        while ((put = write(fd, bytes, sizeof bytes)) > 0) {
            total += (size_t)put;
            full = 0;
        }
        assert_int_equal(errno, EAGAIN);
        loop_wakes(bench->loop, 0.01);
    }
    return total;
}

static char pattern(size_t at)
{
    return (char)(at * 7 + at / 251);
}

/* A host that sends len bytes and reads them back, but only when it can send no more. */
static bool echo_client(int fd, size_t len)
{
    size_t sent = 0;
    size_t got = 0;
    while (got < len) {
        struct pollfd entry = {.fd = fd, .events = POLLIN};
        if (sent < len) {
            entry.events |= POLLOUT;
        }
        if (poll(&entry, 1, 20000) != 1) {
            return false;
        }
        char bytes[3000];
        if (entry.revents & POLLOUT) {
            size_t chunk = len - sent < sizeof bytes ? len - sent : sizeof bytes;
            for (size_t i = 0; i < chunk; i++) {
                bytes[i] = pattern(sent + i);
            }
            ssize_t put = write(fd, bytes, chunk);
            sent += put > 0 ? (size_t)put : 0;
        }
        ssize_t count = entry.revents & POLLOUT ? 0 : read(fd, bytes, sizeof bytes);
        for (ssize_t i = 0; i < count; i++) {
            if (bytes[i] != pattern(got++)) {
                return false;
            }
        }
    }
    return true;
}

/* Wakes the loop when the child is gone: its end of the pipe closes. */
static void on_child_gone(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    ev_io_stop(loop, io);
    *(bool *)io->data = true;
}

static bool is_set(void *ctx)
{
    return *(bool *)ctx;
}

void bench_echo(struct bench *bench, int fd, size_t len)
{
    int ends[2];
    bool gone = false;
    assert_int_equal(pipe(ends), 0);
    bench->echo = true;
    pid_t child = fork();
    if (child == 0) {
        _exit(echo_client(fd, len) ? 0 : 1);
    }
    close(fd);
    close(ends[1]);
    ev_io io;
    ev_io_init(&io, on_child_gone, ends[0], EV_READ);
    io.data = &gone;
    ev_io_start(bench->loop, &io);
    assert_true(loop_until_within(bench->loop, is_set, &gone, 60.));
    close(ends[0]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* What is under way may wake it a few times more, on a busy machine for a while; a loop that spins
 * never stops waking. */
void bench_expect_sleep(struct bench *bench)
{
    unsigned wakes = UINT_MAX;
    for (int i = 0; i < 20 && wakes > 4; i++) {
        wakes = loop_wakes(bench->loop, 0.1);
    }
    assert_in_range(wakes, 0, 4);
}
