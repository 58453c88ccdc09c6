/* Who is there: opens and closes of the host's side, in every order and at every speed. */
#include "tests/port/bench.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/loop.h"
#include "tests/support/temp.h"

static void test_hosts_come_and_go(void **state)
{
    struct bench *bench = *state;
    char first[64] = {0};
    assert_true(readlink(bench->link, first, sizeof first - 1) > 0);
    for (int i = 0; i < 100; i++) {
        int fd = bench_host(bench);
        bench_expect(bench, "+");
        close(fd);
        bench_expect(bench, "-");
    }
    char last[64] = {0};
    assert_true(readlink(bench->link, last, sizeof last - 1) > 0);
    assert_string_equal(first, last);
    struct stat status;
    assert_int_equal(stat(bench->link, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0660);
}

static void test_reports_precede_input(void **state)
{
    struct bench *bench = *state;
    int fd = bench_host(bench);
    assert_int_equal(write(fd, "AT\r", 3), 3);
    bench_expect(bench, "+AT\r");
    assert_int_equal(write(fd, "ATI\r", 4), 4);
    close(fd);
    bench_expect(bench, "ATI\r-");
}

/* As `printf AT >ttyAT0` does: gone before anybody looked. */
static void test_printf_and_close(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 50; i++) {
        int fd = open(bench->link, O_WRONLY | O_NOCTTY);
        assert_int_equal(write(fd, "AT\r", 3), 3);
        close(fd);
        bench_expect(bench, "+AT\r-");
    }
}

/* 10,000 bytes are several reads; the end is reported behind the last. */
static void test_much_before_the_close(void **state)
{
    struct bench *bench = *state;
    static char text[10000 + 3];
    memset(text, 'x', sizeof text - 1);
    int fd = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(write(fd, text, 10000), 10000);
    close(fd);
    text[10000] = '-';
    text[10001] = '\0';
    bench_expect(bench, text);
}

static void test_no_room_delays_the_report(void **state)
{
    struct bench *bench = *state;
    bench->room = 0;
    int fd = bench_host(bench);
    assert_int_equal(write(fd, "abcdef", 6), 6);
    close(fd);
    bench_expect(bench, "+");
    bench->room = 4; /* each time it is asked */
    port_resume(bench->port);
    bench_expect(bench, "abcdef-");
}

static void test_killed_hosts(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            int fd = open(bench->link, O_RDWR | O_NOCTTY);
            if (fd < 0 || write(fd, "AT+HALF", 7) != 7) {
                _exit(1);
            }
            for (;;) {
                pause();
            }
        }
        bench_expect(bench, "+AT+HALF");
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        bench_expect(bench, "-");
    }
}

/* The next host is there before anybody saw the last one go. */
static void test_changing_hands_unseen(void **state)
{
    struct bench *bench = *state;
    int first = bench_host(bench);
    assert_int_equal(write(first, "AT+HALF", 7), 7);
    bench_expect(bench, "+AT+HALF");
    for (int i = 0; i < 20; i++) {
        close(first);
        first = bench_host(bench);
        assert_int_equal(write(first, "AT\r", 3), 3);
        bench_expect(bench, "-+AT\r");
    }
    close(first);
    bench_expect(bench, "-");
}

/* inotify tells two opens, or two closes, that follow each other unread as one. */
static void test_joined_opens(void **state)
{
    struct bench *bench = *state;
    int first = bench_host(bench);
    int second = bench_host(bench);
    int third = bench_host(bench);
    bench_expect(bench, "+");
    close(first);
    assert_int_equal(write(second, "2", 1), 1);
    bench_expect(bench, "2");
    close(second);
    assert_int_equal(write(third, "3", 1), 1);
    bench_expect(bench, "3");
    close(third);
    bench_expect(bench, "-");
}

static void test_joined_closes(void **state)
{
    struct bench *bench = *state;
    int first = bench_host(bench);
    assert_int_equal(write(first, "1", 1), 1);
    bench_expect(bench, "+1");
    int second = bench_host(bench);
    assert_int_equal(write(second, "2", 1), 1);
    bench_expect(bench, "2");
    close(first);
    close(second);
    bench_expect(bench, "-");
    int again = bench_host(bench);
    bench_expect(bench, "+");
    close(again);
    bench_expect(bench, "-");
}

/* stty and udev open and close while a host is there. */
static void test_probes_beside_a_host(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    for (int i = 0; i < 50; i++) {
        close(bench_host(bench));
        assert_int_equal(write(host, "x", 1), 1);
        bench_expect(bench, "x");
    }
    close(host);
    bench_expect(bench, "-");
}

static void test_duplicated_descriptor(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    int copy = dup(host);
    bench_expect(bench, "+");
    close(host);
    assert_int_equal(write(copy, "x", 1), 1);
    bench_expect(bench, "x");
    close(copy);
    bench_expect(bench, "-");
}

/* A second port on the same loop and watch. */
static void open_neighbour(const struct bench *bench, struct bench *neighbour, const char *name)
{
    *neighbour = (struct bench){
        .loop = bench->loop,
        .watch = bench->watch,
        .log = bench->log,
        .link = temp_path(bench->folder, name),
        .room = SIZE_MAX,
    };
    neighbour->port = bench_open(neighbour, neighbour->link);
    assert_non_null(neighbour->port);
}

static void close_neighbour(struct bench *neighbour)
{
    port_close(neighbour->port);
    buf_free(&neighbour->trace);
    free(neighbour->link);
}

static int queue_limit(void)
{
    FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    int limit = 0;
    if (!file || fscanf(file, "%d", &limit) != 1) {
        limit = 0;
    }
    if (file) {
        fclose(file);
    }
    return limit;
}

/* A neighbour's opens and closes fill the kernel's queue, and what happens here is dropped. */
static void test_lost_events(void **state)
{
    struct bench *bench = *state;
    int limit = queue_limit();
    if (limit == 0 || limit > 100000) {
        skip();
    }
    struct bench neighbour;
    open_neighbour(bench, &neighbour, "neighbour");
    loop_wakes(bench->loop, 0.01); /* the look that each port begins with is over */
    for (int i = 0; i <= limit / 2; i++) {
        close(bench_host(&neighbour));
    }
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_non_null(strstr(buf_text(&bench->log_lines), "inotify dropped events"));
    close(host);
    bench_expect(bench, "-");
    close_neighbour(&neighbour);
}

static void test_ports_do_not_mix(void **state)
{
    struct bench *bench = *state;
    enum { COUNT = 10 };
    struct bench others[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "tty%d", i);
        open_neighbour(bench, &others[i], name);
    }
    for (int i = COUNT - 1; i >= 0; i--) {
        int host = bench_host(&others[i]);
        assert_int_equal(write(host, "x", 1), 1);
        bench_expect(&others[i], "+x");
        if (i % 2) {
            port_close(others[i].port);
            others[i].port = NULL;
            char byte;
            assert_true(read(host, &byte, 1) <= 0);
        }
        close(host);
        if (i % 2 == 0) {
            bench_expect(&others[i], "-");
        }
    }
    assert_int_equal(buf_len(&bench->trace), 0);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(buf_len(&others[i].trace), 0);
        close_neighbour(&others[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_create, bench_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_hosts_come_and_go),
        TEST(test_reports_precede_input),
        TEST(test_printf_and_close),
        TEST(test_much_before_the_close),
        TEST(test_no_room_delays_the_report),
        TEST(test_killed_hosts),
        TEST(test_changing_hands_unseen),
        TEST(test_joined_opens),
        TEST(test_joined_closes),
        TEST(test_probes_beside_a_host),
        TEST(test_duplicated_descriptor),
        TEST(test_lost_events),
        TEST(test_ports_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
