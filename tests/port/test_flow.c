/* Bytes both ways: back pressure, hosts with odd line settings, output that nobody reads, and a
 * loop that sleeps when nothing happens. */
#include "tests/port/bench.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/loop.h"

#ifndef EXTPROC
#define EXTPROC 0200000
#endif

static void test_a_mebibyte_both_ways(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    bench_echo(bench, host, 1024 * 1024);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    assert_int_equal(buf_len(&bench->trace), 1024 * 1024 + 1);
    assert_true(bench->writable_calls > 0);
}

static void test_reading_stops_without_room(void **state)
{
    struct bench *bench = *state;
    bench->room = 0;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    size_t kept = bench_fill(bench, host);
    assert_int_equal(buf_len(&bench->trace), 0);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    port_resume(bench->port);
    close(host);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    assert_int_equal(buf_len(&bench->trace), kept + 1);
}

static void test_input_fits_the_room(void **state)
{
    struct bench *bench = *state;
    bench->room = 5;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(write(host, "0123456789", 10), 10);
    ev_run(bench->loop, EVRUN_ONCE);
    assert_string_equal(buf_text(&bench->trace), "01234");
    bench_expect(bench, "0123456789");
    close(host);
}

static void test_poll_reads_at_once(void **state)
{
    struct bench *bench = *state;
    port_poll(bench->port);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(write(host, "now", 3), 3);
    port_poll(bench->port);
    assert_string_equal(buf_text(&bench->trace), "now");
    port_poll(bench->port);
    close(host);
    port_poll(bench->port);
    assert_string_equal(buf_text(&bench->trace), "now-");
    buf_clear(&bench->trace);
}

/* A host that turns on everything which echoes or waits for a line gets plain bytes, and none of
 * them comes back. */
static void expect_plain(struct bench *bench, int host)
{
    bench_send(bench, "OK\r\n+URC", 8);
    bench_host_reads(bench, host, "OK\r\n+URC", 8);
    assert_int_equal(write(host, "AT", 2), 2);
    bench_expect(bench, "AT");
}

static void test_cooked_hosts_get_no_echo(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    struct termios line;
    assert_int_equal(tcgetattr(host, &line), 0);
    line.c_lflag |= ECHO | ECHOE | ECHONL | ICANON | ISIG | IEXTEN;
    assert_int_equal(tcsetattr(host, TCSANOW, &line), 0);
    expect_plain(bench, host);

    line.c_lflag &= ~(tcflag_t)EXTPROC; /* as those do that fill in a fresh struct */
    assert_int_equal(tcsetattr(host, TCSANOW, &line), 0);
    expect_plain(bench, host);
    close(host);
    bench_expect(bench, "-");
}

static void test_each_host_finds_a_fresh_line(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    struct termios fresh;
    assert_int_equal(tcgetattr(host, &fresh), 0);
    assert_int_equal(fresh.c_lflag & (ECHO | ICANON | ISIG), 0);
    assert_int_equal(fresh.c_oflag & OPOST, 0);
    assert_true(fresh.c_lflag & EXTPROC);
    struct termios odd = fresh;
    odd.c_lflag = ECHO | ICANON;
    odd.c_oflag = OPOST | ONLCR;
    odd.c_iflag = ICRNL;
    cfsetspeed(&odd, B0);
    assert_int_equal(tcsetattr(host, TCSANOW, &odd), 0);
    bench_expect(bench, "+");
    close(host);
    bench_expect(bench, "-");

    host = bench_host(bench);
    struct termios found;
    assert_int_equal(tcgetattr(host, &found), 0);
    assert_int_equal(found.c_lflag, fresh.c_lflag);
    assert_int_equal(found.c_oflag, fresh.c_oflag);
    assert_int_equal(found.c_iflag, fresh.c_iflag);
    assert_int_equal(cfgetospeed(&found), cfgetospeed(&fresh));
    close(host);
}

/* What a host that never read left behind is not for the next one. */
static void test_old_output_goes_with_its_host(void **state)
{
    struct bench *bench = *state;
    static const char old[100000] = {'o'};
    int host = bench_host(bench);
    bench_expect(bench, "+");
    bench_send(bench, old, sizeof old);
    assert_true(buf_len(&bench->output) > 0);
    close(host);
    bench_expect(bench, "-");

    assert_int_equal(port_write(bench->port, old, sizeof old), sizeof old);
    host = bench_host(bench);
    bench_expect(bench, "+");
    bench_send(bench, "new", 3);
    bench_host_reads(bench, host, "new", 3);

    bench_send(bench, old, sizeof old);
    port_discard_output(bench->port);
    buf_clear(&bench->output);
    bench_send(bench, "newer", 5);
    bench_host_reads(bench, host, "newer", 5);
    close(host);
    bench_expect(bench, "-");
}

/* Output is full, so there is no room for input, so the end of input is not reached, so output
 * would stay full: the host that goes must not leave the port locked. */
static void test_a_host_that_never_reads_can_leave(void **state)
{
    struct bench *bench = *state;
    bench->echo = true;
    int host = bench_host(bench);
    bench_fill(bench, host);
    close(host);
    assert_true(loop_until(bench->loop, bench_gone, bench));
}

static void test_no_spinning(void **state)
{
    struct bench *bench = *state;
    bench_expect_sleep(bench); /* never opened */
    int host = bench_host(bench);
    bench_expect(bench, "+");
    bench_expect_sleep(bench); /* open */
    struct termios line;
    assert_int_equal(tcgetattr(host, &line), 0);
    line.c_lflag = ECHO | ICANON;
    assert_int_equal(tcsetattr(host, TCSANOW, &line), 0);
    bench_send(bench, "OK\r\n", 4);
    bench_expect_sleep(bench); /* cooked, with output waiting */
    static const char much[100000] = {0};
    bench_send(bench, much, sizeof much);
    bench_expect_sleep(bench); /* output blocked */
    bench->room = 0;
    assert_int_equal(write(host, "pending", 7), 7);
    bench_expect_sleep(bench); /* and input paused */
    close(host);
    bench_expect_sleep(bench); /* host gone, input still paused */
    assert_int_equal(buf_len(&bench->trace), 0);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    bench_expect(bench, "pending-");
    bench_expect_sleep(bench); /* closed */
    port_write(bench->port, much, sizeof much);
    bench_expect_sleep(bench); /* written to nobody */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_create, bench_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_a_mebibyte_both_ways),
        TEST(test_reading_stops_without_room),
        TEST(test_input_fits_the_room),
        TEST(test_poll_reads_at_once),
        TEST(test_cooked_hosts_get_no_echo),
        TEST(test_each_host_finds_a_fresh_line),
        TEST(test_old_output_goes_with_its_host),
        TEST(test_a_host_that_never_reads_can_leave),
        TEST(test_no_spinning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
