/* port.pace: the arithmetic with a clock of the test's own, then ports that are held to a speed.
 * How fast those are is not measured here; a lower bound shows that they are held at all. */
#include "tests/port/bench.h"

#include <ev.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "port/line.h"
#include "port/pace.h"
#include "tests/support/loop.h"

/* ---- the arithmetic ---- */

/* Carries endless bytes for some seconds; the caller of pace is late by up to a millisecond. */
static double carry(struct pace *pace, double from, double seconds)
{
    double now = from;
    double carried = 0.;
    for (unsigned i = 0;; i++) {
        double wait = pace_wait(pace, now, SIZE_MAX);
        now += wait + (i * 7 % 11) / 10000.;
        if (now >= from + seconds) {
            return carried;
        }
        size_t allowed = pace_allowed(pace, now, SIZE_MAX);
        assert_true(allowed > 0);
        pace_take(pace, allowed);
        carried += (double)allowed;
        assert_true(carried <= (now - from) / pace->byte_time + 1e-3); /* no byte too early */
    }
}

static void test_every_speed_is_kept(void **state)
{
    (void)state;
    static const int speeds[] = {300, 2400, 9600, 74880, 115200, 921600, 4000000};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        struct pace pace = {.byte_time = 10. / speeds[i]};
        double from = 1e6 + (double)i;
        pace_start(&pace, from);
        double seconds = speeds[i] < 9600 ? 10. : 1.;
        double rate = carry(&pace, from, seconds) * 10. / seconds;
        assert_true(rate > speeds[i] * 0.98);
        assert_true(rate < speeds[i] * 1.02);
    }
}

static void expect_wait(double wait, double expected)
{
    assert_true(wait > expected - 1e-9 && wait < expected + 1e-9);
}

static void test_the_first_byte_takes_its_time(void **state)
{
    (void)state;
    struct pace pace = {.byte_time = 0.01};
    pace_start(&pace, 100.);
    assert_int_equal(pace_allowed(&pace, 100., 1), 0);
    expect_wait(pace_wait(&pace, 100., 1), 0.01);
    assert_int_equal(pace_allowed(&pace, 100.0099, 1), 0);
    assert_int_equal(pace_allowed(&pace, 100.01, 1), 1);
    assert_int_equal(pace_allowed(&pace, 100.0399, 5), 3);
    pace_take(&pace, 3);
    assert_int_equal(pace_allowed(&pace, 100.0399, 2), 0);
    assert_int_equal(pace_allowed(&pace, 100.0401, 2), 1);
    assert_int_equal(pace_allowed(&pace, 200., 2), 2);
}

static void test_bursts_are_small(void **state)
{
    (void)state;
    struct pace pace = {.byte_time = 10. / 115200};
    pace_start(&pace, 0.);
    /* A short answer is not kept waiting for a burst to be full. */
    expect_wait(pace_wait(&pace, 0., 6), 6 * pace.byte_time);
    double wait = pace_wait(&pace, 0., 1000);
    assert_true(wait > 0.001 && wait <= 0.002);
    assert_true(pace_allowed(&pace, wait, 1000) <= 23);
    pace.byte_time = 10. / 300; /* one byte takes longer than a burst */
    expect_wait(pace_wait(&pace, 0., 1000), pace.byte_time);
}

static void test_idle_time_is_not_made_up_for(void **state)
{
    (void)state;
    struct pace pace = {.byte_time = 0.01};
    pace_start(&pace, 0.);
    pace_start(&pace, 0.005); /* it is at work already */
    assert_int_equal(pace_allowed(&pace, 0.01, 1), 1);
    pace_take(&pace, 1);
    pace_stop(&pace);
    pace_start(&pace, 60.);
    assert_int_equal(pace_allowed(&pace, 60., 100), 0);
    assert_int_equal(pace_allowed(&pace, 60.0201, 100), 2);
}

/* ---- ports ---- */

static void open_paced(struct bench *bench, const char *path, int baud)
{
    struct port_settings settings = bench_settings(path);
    settings.baud = baud;
    settings.pace = true;
    bench_replace(bench, &settings);
}

enum { COUNT = 192, MOST = 96 }; /* 0.2 s and 0.1 s at 9600 baud */

static bool have_count(void *ctx)
{
    return buf_len(&((struct bench *)ctx)->trace) >= COUNT;
}

static bool have_most(void *ctx)
{
    return buf_len(&((struct bench *)ctx)->trace) >= MOST;
}

/* Seconds that COUNT bytes take from the host and to it. */
static void measure(struct bench *bench, int host, double *in, double *out)
{
    static const char bytes[COUNT];
    buf_clear(&bench->trace);
    double begin = clock_seconds();
    assert_int_equal(write(host, bytes, COUNT), COUNT);
    assert_true(loop_until(bench->loop, have_count, bench));
    *in = clock_seconds() - begin;
    begin = clock_seconds();
    bench_send(bench, bytes, COUNT);
    bench_host_reads(bench, host, bytes, COUNT);
    *out = clock_seconds() - begin;
    buf_clear(&bench->trace);
}

static void expect_held(struct bench *bench, int host, double byte_time)
{
    double in;
    double out;
    measure(bench, host, &in, &out);
    assert_true(in >= COUNT * byte_time * 0.999);
    assert_true(out >= COUNT * byte_time * 0.999);
}

static void test_held_to_the_setting(void **state)
{
    struct bench *bench = *state;
    open_paced(bench, "pty", 9600);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(line_speed(host), 9600);
    expect_held(bench, host, 10. / 9600);
    struct port_line line = *port_line(bench->port);
    line.parity = 'E';
    line.stop_bits = 2;
    port_set_line(bench->port, &line);
    expect_held(bench, host, 12. / 9600);
    line.baud = 4800;
    port_set_line(bench->port, &line);
    assert_int_equal(line_speed(host), 4800);
    expect_held(bench, host, 12. / 4800);
    close(host);
    bench_expect(bench, "-");
    host = bench_host(bench); /* the next host finds the same */
    assert_int_equal(line_speed(host), 4800);
    close(host);
}

static void set_speed(int host, speed_t speed)
{
    struct termios line;
    assert_int_equal(tcgetattr(host, &line), 0);
    cfsetspeed(&line, speed);
    assert_int_equal(tcsetattr(host, TCSANOW, &line), 0);
}

static void test_held_to_what_the_host_sets(void **state)
{
    struct bench *bench = *state;
    open_paced(bench, "pty", 4000000);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    set_speed(host, B9600);
    expect_held(bench, host, 10. / 9600);
    close(host);
    bench_expect(bench, "-");
    host = bench_host(bench);
    assert_int_equal(line_speed(host), 4000000);
    close(host);
    open_paced(bench, "pty", 9600);
    host = bench_host(bench);
    bench_expect(bench, "+");
    set_speed(host, B0); /* hung up: no speed at all */
    expect_held(bench, host, 10. / 9600);
    close(host);
}

static void test_much_both_ways(void **state)
{
    struct bench *bench = *state;
    open_paced(bench, "pty", 4000000);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    bench_echo(bench, host, 100000);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    assert_int_equal(buf_len(&bench->trace), 100000 + 1);
    bench_expect_sleep(bench);
}

/* Back pressure from either side stops the line, and the loop sleeps. */
static void test_back_pressure(void **state)
{
    struct bench *bench = *state;
    static const char much[100000];
    open_paced(bench, "pty", 4000000);
    bench_expect_sleep(bench);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    bench_expect_sleep(bench);
    bench->room = 0;
    assert_int_equal(write(host, "pending", 7), 7);
    bench_send(bench, much, sizeof much);
    loop_wakes(bench->loop, 0.2); /* until the kernel is full */
    size_t left = buf_len(&bench->output);
    assert_in_range(left, 1, sizeof much - 1);
    bench_expect_sleep(bench);
    assert_int_equal(buf_len(&bench->output), left);
    bench_host_reads(bench, host, much, sizeof much);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    bench_expect(bench, "pending");
    bench_expect_sleep(bench);
    close(host);
    bench_expect(bench, "-");
}

/* The time in which the owner had no room is not made up for. */
static void test_a_pause_holds_the_line_up(void **state)
{
    struct bench *bench = *state;
    static const char bytes[COUNT];
    open_paced(bench, "pty", 9600);
    int host = bench_host(bench);
    assert_int_equal(write(host, "x", 1), 1);
    bench_expect(bench, "+x");
    assert_int_equal(write(host, bytes, COUNT), COUNT);
    ev_run(bench->loop, EVRUN_ONCE); /* the line begins to carry them */
    buf_clear(&bench->trace);
    bench->room = 0;
    loop_wakes(bench->loop, 0.5);
    assert_int_equal(buf_len(&bench->trace), 0);
    bench->room = SIZE_MAX;
    double begin = clock_seconds();
    port_resume(bench->port);
    assert_true(loop_until(bench->loop, have_most, bench));
    assert_true(clock_seconds() - begin >= MOST * 10. / 9600);
    close(host);
}

/* Between two bytes of a slow line the loop sleeps, too. */
static void test_slow_lines_wake_seldom(void **state)
{
    struct bench *bench = *state;
    open_paced(bench, "pty", 300);
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(write(host, "0123456789012345", 16), 16);
    bench_send(bench, "0123456789012345", 16);
    assert_in_range(loop_wakes(bench->loop, 0.3), 5, 100);
    close(host);
}

static void test_input_precedes_the_report(void **state)
{
    struct bench *bench = *state;
    open_paced(bench, "pty", 9600);
    int host = bench_host(bench);
    assert_int_equal(write(host, "0123456789", 10), 10);
    bench_send(bench, "nobody reads this", 17);
    close(host);
    bench_expect(bench, "+0123456789-");
    bench_expect_sleep(bench);
}

static bool have_some(void *ctx)
{
    return buf_len(&((struct bench *)ctx)->trace) > 1;
}

static void test_close_under_way(void **state)
{
    struct bench *bench = *state;
    static const char much[1000];
    for (enum event event = EVENT_NONE; event <= EVENT_LEFT; event++) {
        open_paced(bench, "pty", 115200);
        int host = bench_host(bench);
        bench->close_in = event;
        bench_send(bench, much, sizeof much);
        assert_int_equal(write(host, much, sizeof much), sizeof much);
        if (event == EVENT_NONE) {
            assert_true(loop_until(bench->loop, have_some, bench));
            port_close(bench->port);
            bench->port = NULL;
        } else if (event == EVENT_WRITABLE) {
            bench->room = 0;
            bench_expect(bench, "+");
            bench_send(bench, much, sizeof much);
            bench->room = SIZE_MAX;
        } else if (event == EVENT_LEFT) {
            close(host);
            host = -1;
        }
        assert_true(loop_until(bench->loop, bench_closed, bench));
        loop_wakes(bench->loop, 0.01);
        if (host >= 0) {
            close(host);
        }
        buf_clear(&bench->trace);
        buf_clear(&bench->output);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_create, bench_destroy)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_speed_is_kept),
        cmocka_unit_test(test_the_first_byte_takes_its_time),
        cmocka_unit_test(test_bursts_are_small),
        cmocka_unit_test(test_idle_time_is_not_made_up_for),
        TEST(test_held_to_the_setting),
        TEST(test_held_to_what_the_host_sets),
        TEST(test_much_both_ways),
        TEST(test_back_pressure),
        TEST(test_a_pause_holds_the_line_up),
        TEST(test_slow_lines_wake_seldom),
        TEST(test_input_precedes_the_report),
        TEST(test_close_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
