/* A program as the peer; and a real pppd against the built-in one, where the kernel has PPP. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "service/process/process.h"
#include "tests/service/ppp/bench.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static void start(struct bench *bench, const char *command)
{
    bench->settings.command = command;
    bench->keep = true;
    bench_start(bench);
}

static const char *wanted;

static bool said(void *ctx)
{
    struct bench *bench = ctx;
    return strstr(buf_text(&bench->said), wanted) != NULL;
}

static void until_said(struct bench *bench, const char *text)
{
    wanted = text;
    bench_until(bench, said, bench);
}

static void test_its_bytes(void **state)
{
    struct bench *bench = *state;
    start(bench, "echo talk; echo '~up' %a %l %% %x; tr a-z A-Z & wait");
    until_said(bench, "~up " HOST_ADDRESS " " OWN_ADDRESS " % %x\n");
    assert_true(strncmp(buf_text(&bench->said), "~up", 3) == 0); /* the talk is not said */
    ppp_destroy(bench->ppp);
    bench->ppp = NULL;
    buf_clear(&bench->said);
    start(bench, "exec sed -u 's/^/~/;s/end/END/;/END/q'");
    host_bytes(bench, "one\r\n", 5);
    until_said(bench, "~one\r\n"); /* raw: nothing of it is changed, nor echoed */
    host_bytes(bench, "end\n", 4);
    host_expect(bench, "ended program");
    until_said(bench, "~END\n");
    assert_string_equal(buf_text(&bench->said), "~one\r\n~END\n");
    bench_quiet(bench, 0.05);
}

static void test_cannot_run(void **state)
{
    struct bench *bench = *state;
    start(bench, "/nowhere/pppd nodetach");
    host_expect(bench, "ended start");
    assert_true(bench_logged(bench, "ppp.command could not be run"));
}

static void test_fails(void **state)
{
    struct bench *bench = *state;
    start(bench, "exit 3");
    host_expect(bench, "ended program");
    assert_true(bench_logged(bench, "exit status 3"));
}

/* Its whole group is told, and gone: the pipe is held by all of it. */
static void test_hang_up(void **state)
{
    struct bench *bench = *state;
    int ends[2];
    char command[200];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(command, sizeof command,
             "exec 7>/proc/%d/fd/%d; trap '' HUP; sleep 1000 & trap 'printf t >&7; exit' TERM; "
             "echo '~'; wait",
             getpid(), ends[1]);
    start(bench, command);
    until_said(bench, "~");
    close(ends[1]);
    ppp_destroy(bench->ppp);
    bench->ppp = NULL;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, 't');
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static bool ready(void *ctx)
{
    return ((struct bench *)ctx)->ready;
}

/* Both directions stand still and go on, and nothing is lost. */
static void test_back_pressure(void **state)
{
    struct bench *bench = *state;
    static char bytes[1024 * 1024];
    size_t sent = 0;
    memset(bytes, '~', sizeof bytes);
    bench->room = 0;
    start(bench, "exec cat");
    while (sent < sizeof bytes) {
        size_t taken = ppp_input(bench->ppp, bytes + sent, sizeof bytes - sent);
        sent += taken;
        if (taken == 0) {
            break;
        }
        loop_until_within(bench->loop, loop_never, NULL, 0.01);
    }
    assert_true(sent < sizeof bytes);
    assert_true(loop_wakes(bench->loop, 0.1) < 5);
    bench->room = SIZE_MAX;
    ppp_resume(bench->ppp);
    while (sent < sizeof bytes) {
        bench->ready = false;
        size_t taken = ppp_input(bench->ppp, bytes + sent, sizeof bytes - sent);
        sent += taken;
        if (sent < sizeof bytes) {
            bench_until(bench, ready, bench);
        }
    }
    while (buf_len(&bench->said) < sizeof bytes) {
        loop_until_within(bench->loop, loop_never, NULL, 0.01);
    }
    assert_int_equal(buf_len(&bench->said), sizeof bytes);
}

static void test_no_descriptor_is_left(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 5; i++) {
        start(bench, "exit 3");
        host_expect(bench, "ended program");
        ppp_destroy(bench->ppp);
        bench->ppp = NULL;
    }
    bench->settings.command = "";
    assert_int_equal(ports_descriptors(), before);
}

/* ---- pppd ---- */

struct wire {
    struct ppp *ppp;
    int fd;
    struct buf said; /* pppd's own words */
};

static void on_pppd(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct wire *wire = io->data;
    char bytes[4096];
    ssize_t got = read(wire->fd, bytes, sizeof bytes);
    if (got > 0) {
        ppp_input(wire->ppp, bytes, (size_t)got);
    } else if (got == 0 || errno != EAGAIN) {
        ev_io_stop(loop, io);
    }
}

static size_t to_pppd(void *ctx, const char *bytes, size_t len)
{
    const struct wire *wire = ctx;
    ssize_t put = write(wire->fd, bytes, len);
    return put < 0 ? 0 : (size_t)put;
}

static void at_end(void *ctx, enum ppp_end end, const char *why)
{
    struct wire *wire = ctx;
    (void)why;
    buf_printf(&wire->said, "ended %s\n", ppp_end_text(end));
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void pppd_ended(void *ctx, const struct process_end *end)
{
    (void)ctx;
    (void)end;
}

static bool call_is_over(void *ctx)
{
    struct wire *wire = ctx;
    return strstr(buf_text(&wire->said), "ended") != NULL;
}

static void test_pppd(void **state)
{
    struct bench *bench = *state;
    int kernel = open("/dev/ppp", O_RDWR | O_CLOEXEC);
    if (kernel < 0 || access("/usr/sbin/pppd", X_OK) != 0 || getuid() != 0) {
        print_message("skipped: no /dev/ppp that may be used, no pppd, or not root\n");
        if (kernel >= 0) {
            close(kernel);
        }
        skip();
    }
    close(kernel);
    static const struct ppp_events events = {to_pppd, nothing, at_end};
    struct wire wire = {0};
    char name[64];
    char why[200];
    struct termios line;
    wire.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    assert_true(wire.fd >= 0 && grantpt(wire.fd) == 0 && unlockpt(wire.fd) == 0);
    assert_int_equal(ptsname_r(wire.fd, name, sizeof name), 0);
    tcgetattr(wire.fd, &line);
    cfmakeraw(&line);
    tcsetattr(wire.fd, TCSANOW, &line);
    const char *const argv[] = {
        "/usr/sbin/pppd", "nodetach",   "noauth",     "local", "nocrtscts", "noipdefault",
        "nodefaultroute", "usepeerdns", "maxconnect", "3",     NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = -1, .err = -1, .terminal = name, .grace_ms = 2000};
    wire.ppp = ppp_create(&bench->env, &bench->settings, HOST_ADDRESS, &events, &wire);
    struct process *pppd = process_start(&bench->env, &options, pppd_ended, NULL, why, sizeof why);
    assert_non_null(pppd);
    ev_io io;
    ev_io_init(&io, on_pppd, wire.fd, EV_READ);
    io.data = &wire;
    ev_io_start(bench->loop, &io);
    assert_true(loop_until(bench->loop, call_is_over, &wire)); /* its time is up: LCP's Terminate */
    assert_true(bench_logged(bench, "the host has its address"));
    assert_string_equal(buf_text(&wire.said), "ended host\n");
    ev_io_stop(bench->loop, &io);
    process_destroy(pppd);
    ppp_destroy(wire.ppp);
    close(wire.fd);
    buf_free(&wire.said);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_descriptor_is_left),
        TEST(test_its_bytes),
        TEST(test_cannot_run),
        TEST(test_fails),
        TEST(test_hang_up),
        TEST(test_back_pressure),
        TEST(test_pppd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
