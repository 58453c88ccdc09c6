/* A serial device: here the one side of a pseudo-terminal, whose other side is the host. What a
 * pseudo-terminal keeps of a line's settings (not the data bits and the parity) is seen there. */
#include "tests/port/bench.h"

#include <ev.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "port/line.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

/* Plugs a device in, under the bench's link; returns the host's side. */
static int plug(struct bench *bench)
{
    int host = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(host >= 0);
    assert_int_equal(grantpt(host), 0);
    assert_int_equal(unlockpt(host), 0);
    char name[64];
    assert_int_equal(ptsname_r(host, name, sizeof name), 0);
    unlink(bench->link);
    assert_int_equal(symlink(name, bench->link), 0);
    return host;
}

static void unplug(struct bench *bench, int host)
{
    unlink(bench->link);
    close(host);
}

static struct port_settings device(struct bench *bench)
{
    return bench_settings(bench->link);
}

/* The bench's port becomes a device that is there; returns the host's side. */
static int open_plugged(struct bench *bench)
{
    struct port_settings settings = device(bench);
    port_close(bench->port);
    bench->port = NULL;
    int host = plug(bench);
    bench_replace(bench, &settings);
    bench_expect(bench, "+");
    return host;
}

static bool have_256(void *ctx)
{
    return buf_len(&((struct bench *)ctx)->trace) >= 256;
}

static void test_every_byte_both_ways(void **state)
{
    struct bench *bench = *state;
    int host = open_plugged(bench);
    struct termios line;
    assert_int_equal(tcgetattr(host, &line), 0);
    assert_int_equal(line.c_lflag, 0);
    assert_int_equal(line.c_oflag, 0);
    char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)(255 - i);
    }
    bench_send(bench, bytes, sizeof bytes);
    bench_host_reads(bench, host, bytes, sizeof bytes);
    assert_int_equal(write(host, bytes, sizeof bytes), sizeof bytes);
    assert_true(loop_until(bench->loop, have_256, bench));
    assert_memory_equal(buf_bytes(&bench->trace), bytes, sizeof bytes);
    close(host);
}

static void test_much_both_ways(void **state)
{
    struct bench *bench = *state;
    int host = open_plugged(bench);
    int keep = dup(host); /* else the host's end would be the device's */
    bench_echo(bench, host, 1024 * 1024);
    assert_int_equal(buf_len(&bench->trace), 1024 * 1024);
    assert_true(bench->writable_calls > 0);
    close(keep);
}

static size_t count(struct bench *bench, const char *text)
{
    size_t found = 0;
    for (const char *at = buf_text(&bench->log_lines); (at = strstr(at, text)); at++) {
        found++;
    }
    return found;
}

static void test_an_absent_device_is_waited_for(void **state)
{
    struct bench *bench = *state;
    char *folder = temp_path(bench->folder, "by-id");
    char *path = temp_path(folder, "usb");
    struct port_settings settings = bench_settings(path);
    bench_replace(bench, &settings);
    assert_int_equal(port_write(bench->port, "lost", 4), 4);
    port_discard_output(bench->port);
    port_poll(bench->port);
    assert_in_range(loop_wakes(bench->loop, 1.), 0, 12);
    char *warning = mem_printf("warning: waiting for %s: No such file or directory\n", path);
    assert_string_equal(buf_text(&bench->log_lines), warning);
    assert_int_equal(buf_len(&bench->trace), 0);
    int host = plug(bench);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(rename(bench->link, path), 0);
    bench_expect(bench, "+");
    assert_non_null(strstr(buf_text(&bench->log_lines), " is open, 115200 baud"));
    bench_send(bench, "hello", 5);
    bench_host_reads(bench, host, "hello", 5);
    close(host);
    free(warning);
    free(path);
    free(folder);
}

static void test_replugged_in_the_middle(void **state)
{
    struct bench *bench = *state;
    static const char much[100000];
    int host = open_plugged(bench);
    for (int i = 0; i < 3; i++) {
        bench_send(bench, much, sizeof much);
        assert_true(buf_len(&bench->output) > 0);
        assert_int_equal(write(host, "AT+HALF", 7), 7);
        bench_expect(bench, "AT+HALF");
        unplug(bench, host);
        bench_expect(bench, "-");
        assert_int_equal(count(bench, "waiting for"), i + 1);
        host = plug(bench);
        bench_expect(bench, "+");
        bench_send(bench, "new", 3);
        bench_host_reads(bench, host, "new", 3);
    }
    close(host);
}

/* While there is no room for input the device is not read. */
static void test_unplugged_without_room(void **state)
{
    struct bench *bench = *state;
    static const char much[100000];
    int host = open_plugged(bench);
    bench->room = 0;
    assert_int_equal(write(host, "x", 1), 1);
    bench_expect_sleep(bench);
    bench_send(bench, much, sizeof much);
    unplug(bench, host);
    bench_expect_sleep(bench);
    assert_int_equal(buf_len(&bench->output), 0); /* the owner is rid of it */
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    assert_true(loop_until(bench->loop, bench_gone, bench));
}

static void expect_refused(struct bench *bench, const struct port_settings *settings,
                           const char *why)
{
    buf_clear(&bench->log_lines);
    assert_null(bench_open_as(bench, settings, NULL));
    char *message = mem_printf("error: cannot open %s: %s\n", settings->path, why);
    assert_string_equal(buf_text(&bench->log_lines), message);
    free(message);
}

static void test_one_opener_only(void **state)
{
    struct bench *bench = *state;
    int host = open_plugged(bench);
    struct port_settings settings = device(bench);
    expect_refused(bench, &settings, "another program uses it");
    int exclusive = 0;
    int other = open(bench->link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (other >= 0) { /* root may */
        assert_int_equal(ioctl(other, TIOCGEXCL, &exclusive), 0);
        assert_true(exclusive);
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
    }
    port_close(bench->port);
    bench->port = NULL;
    if (other < 0) {
        other = open(bench->link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    assert_int_equal(ioctl(other, TIOCGEXCL, &exclusive), 0);
    assert_false(exclusive);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    expect_refused(bench, &settings, "another program uses it");
    close(other);
    bench->port = bench_open_as(bench, &settings, NULL);
    assert_non_null(bench->port);
    bench_expect(bench, "+");
    close(host);
}

/* Somebody takes the device while it is away: that is waited for, too. */
static void test_locked_by_another_after_a_replug(void **state)
{
    struct bench *bench = *state;
    int host = open_plugged(bench);
    unplug(bench, host);
    bench_expect(bench, "-");
    host = plug(bench);
    int other = open(bench->link, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
    loop_wakes(bench->loop, 0.6);
    assert_int_equal(buf_len(&bench->trace), 0);
    close(other);
    bench_expect(bench, "+");
    close(host);
}

static void test_what_is_no_device(void **state)
{
    struct bench *bench = *state;
    char *file = temp_path(bench->folder, "file");
    temp_write(file, "precious", 8);
    struct port_settings settings = bench_settings(file);
    expect_refused(bench, &settings, "it is no serial device");
    settings.path = bench->folder;
    expect_refused(bench, &settings, "it is no serial device");
    settings.path = "/dev/null";
    expect_refused(bench, &settings, "it is no serial device");
    size_t len = 0;
    char *bytes = temp_read(file, &len);
    assert_string_equal(bytes, "precious");
    free(bytes);
    free(file);
}

/* ---- speed and format ---- */

static void test_formats(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned flags;
        int bits;
    } cases[] = {
        {"8N1", CS8, 10},          {"8n2", CS8 | CSTOPB, 11},
        {"7E1", CS7 | PARENB, 10}, {"7o2", CS7 | PARENB | PARODD | CSTOPB, 11},
        {"7N1", CS7, 9},           {"8E2", CS8 | PARENB | CSTOPB, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct port_line line = {.baud = 9600};
        assert_true(line_parse_format(cases[i].text, &line));
        assert_int_equal(line_flags(&line), cases[i].flags);
        assert_int_equal(line_bits(&line), cases[i].bits);
        line.flow = PORT_FLOW_RTSCTS;
        assert_int_equal(line_flags(&line), cases[i].flags | CRTSCTS);
    }
    static const char *const bad[] = {"", "8", "8N", "8N1 ", "6N1", "9N1", "8M1", "8N3", "8 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct port_line line;
        assert_false(line_parse_format(bad[i], &line));
    }
}

/* Speeds with and without a name. */
static void test_the_line_is_set(void **state)
{
    struct bench *bench = *state;
    static const int speeds[] = {300, 9600, 74880, 115200, 250000, 921600, 4000000};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        port_close(bench->port);
        bench->port = NULL;
        int host = plug(bench);
        struct port_settings settings = device(bench);
        settings.baud = speeds[i];
        settings.format = i % 2 ? "8N2" : "8N1";
        settings.flow = i % 2 ? PORT_FLOW_RTSCTS : PORT_FLOW_NONE;
        bench_replace(bench, &settings);
        struct termios line;
        assert_int_equal(tcgetattr(host, &line), 0);
        assert_int_equal(line_speed(host), speeds[i]);
        assert_int_equal(!(line.c_cflag & CSTOPB), !(i % 2));
        assert_int_equal(!(line.c_cflag & CRTSCTS), !(i % 2));
        if (speeds[i] == 921600) {
            assert_int_equal(cfgetospeed(&line), B921600);
        }
        assert_int_equal(port_line(bench->port)->baud, speeds[i]);
        bench_expect(bench, "+");
        close(host);
    }
}

static bool has_new_speed(void *ctx)
{
    return line_speed(*(int *)ctx) == 57600;
}

/* A pseudo-terminal takes all bytes at once; what the line would still need is waited for. */
static void test_speed_changes_after_the_output(void **state)
{
    struct bench *bench = *state;
    static const char old[240];
    port_close(bench->port);
    bench->port = NULL;
    int host = plug(bench);
    struct port_settings settings = device(bench);
    settings.baud = 9600;
    bench_replace(bench, &settings);
    bench_expect(bench, "+");
    struct port_line line = *port_line(bench->port);
    line.baud = 57600;
    double begin = clock_seconds();
    bench_send(bench, old, sizeof old);
    assert_int_equal(buf_len(&bench->output), 0);
    port_set_line(bench->port, &line);
    bench_send(bench, "new", 3);
    assert_int_equal(buf_len(&bench->output), 3); /* it waits for the new speed */
    bench_host_reads(bench, host, old, sizeof old);
    assert_int_equal(line_speed(host), 9600);
    assert_true(loop_until(bench->loop, has_new_speed, &host));
    assert_true(clock_seconds() - begin >= sizeof old * 10 / 9600.);
    bench_host_reads(bench, host, "new", 3);
    assert_int_equal(write(host, "AT", 2), 2);
    bench_expect(bench, "AT");
    close(host);
}

static void test_speed_of_a_device_that_is_away(void **state)
{
    struct bench *bench = *state;
    int host = open_plugged(bench);
    struct port_line line = *port_line(bench->port);
    line.baud = 19200;
    port_set_line(bench->port, &line); /* goes away before it is changed */
    bench_send(bench, "held", 4);
    unplug(bench, host);
    bench_expect(bench, "-");
    line.baud = 57600;
    port_set_line(bench->port, &line);
    host = plug(bench);
    bench_expect(bench, "+");
    assert_int_equal(line_speed(host), 57600);
    bench_send(bench, "free", 4);
    bench_host_reads(bench, host, "free", 4);
    close(host);
}

/* ---- life ---- */

static void test_close_in_every_event(void **state)
{
    struct bench *bench = *state;
    static const char much[100000];
    struct port_settings settings = device(bench);
    port_close(bench->port);
    bench->port = NULL;
    for (enum event event = EVENT_INPUT; event <= EVENT_LEFT; event++) {
        int host = plug(bench);
        bench->port = bench_open_as(bench, &settings, NULL);
        assert_non_null(bench->port);
        if (event != EVENT_ARRIVED) {
            bench_expect(bench, "+");
        }
        bench->close_in = event;
        if (event == EVENT_WRITABLE) {
            bench_send(bench, much, sizeof much);
            char bytes[4096];
            while (read(host, bytes, sizeof bytes) > 0) {
            }
        } else if (event == EVENT_LEFT) {
            close(host);
            host = -1;
        } else {
            assert_int_equal(write(host, "x", 1), 1);
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

/* While it is opened, waited for, or waits for its output to leave. */
static void test_close_at_other_times(void **state)
{
    struct bench *bench = *state;
    struct port_settings settings = device(bench);
    port_close(bench->port);
    bench->port = NULL;
    bench->port = bench_open_as(bench, &settings, NULL);
    port_close(bench->port);
    bench->port = NULL;
    int host = plug(bench);
    bench->port = bench_open_as(bench, &settings, NULL);
    port_close(bench->port);
    bench->port = bench_open_as(bench, &settings, NULL);
    bench_expect(bench, "+");
    struct port_line line = *port_line(bench->port);
    bench_send(bench, "much to say", 11);
    port_set_line(bench->port, &line);
    port_close(bench->port);
    bench->port = NULL;
    loop_wakes(bench->loop, 0.01);
    close(host);
}

static void test_no_spinning(void **state)
{
    struct bench *bench = *state;
    static const char much[100000];
    int host = open_plugged(bench);
    bench_expect_sleep(bench);
    bench_send(bench, much, sizeof much);
    bench_expect_sleep(bench); /* output blocked */
    bench->room = 0;
    assert_int_equal(write(host, "pending", 7), 7);
    bench_expect_sleep(bench); /* and input paused */
    close(host);
    bench_expect_sleep(bench);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    bench_expect_sleep(bench); /* gone */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_create, bench_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_every_byte_both_ways),
        TEST(test_much_both_ways),
        TEST(test_an_absent_device_is_waited_for),
        TEST(test_replugged_in_the_middle),
        TEST(test_unplugged_without_room),
        TEST(test_one_opener_only),
        TEST(test_locked_by_another_after_a_replug),
        TEST(test_what_is_no_device),
        cmocka_unit_test(test_formats),
        TEST(test_the_line_is_set),
        TEST(test_speed_changes_after_the_output),
        TEST(test_speed_of_a_device_that_is_away),
        TEST(test_close_in_every_event),
        TEST(test_close_at_other_times),
        TEST(test_no_spinning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
