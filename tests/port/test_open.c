/* Opening and closing a port: its link, its settings, and port_close() from every event. */
#include "tests/port/bench.h"

#include <ev.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings/settings.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

static bool points_to_a_pty(const char *link)
{
    char target[64] = {0};
    return readlink(link, target, sizeof target - 1) > 0 && strncmp(target, "/dev/pts/", 9) == 0;
}

static int count_entries(const char *folder)
{
    char *command = mem_printf("exit $(ls -A '%s' | wc -l)", folder);
    int status = system(command);
    free(command);
    return WEXITSTATUS(status);
}

static void test_link_goes_with_the_port(void **state)
{
    struct bench *bench = *state;
    assert_true(points_to_a_pty(bench->link));
    assert_int_equal(count_entries(bench->folder), 1);
    port_close(bench->port);
    bench->port = NULL;
    assert_int_equal(count_entries(bench->folder), 0);
}

static void test_old_link_is_replaced(void **state)
{
    struct bench *bench = *state;
    char *link = temp_path(bench->folder, "old");
    char *leftover = temp_path(bench->folder, ".old.new");
    assert_int_equal(symlink("/nowhere", link), 0);
    assert_int_equal(symlink("/nowhere", leftover), 0);
    struct port *port = bench_open(bench, link);
    assert_non_null(port);
    assert_true(points_to_a_pty(link));
    port_close(port);
    assert_int_equal(count_entries(bench->folder), 1);
    free(leftover);
    free(link);
}

static void test_a_foreign_link_stays(void **state)
{
    struct bench *bench = *state;
    char target[64] = {0};
    assert_int_equal(unlink(bench->link), 0);
    assert_int_equal(symlink("/dev/pts/foreign", bench->link), 0);
    port_close(bench->port);
    bench->port = NULL;
    assert_true(readlink(bench->link, target, sizeof target - 1) > 0);
    assert_string_equal(target, "/dev/pts/foreign");
}

static void refuse(struct bench *bench, const char *name, const char *reason)
{
    char *link = temp_path(bench->folder, name);
    char *message = mem_printf("error: cannot make the link %s: %s\n", link, reason);
    buf_clear(&bench->log_lines);
    assert_null(bench_open(bench, link));
    assert_string_equal(buf_text(&bench->log_lines), message);
    free(message);
    free(link);
}

static void test_refused_links(void **state)
{
    struct bench *bench = *state;
    char *file = temp_path(bench->folder, "file");
    char *folder = temp_path(bench->folder, "folder");
    temp_write(file, "precious", 8);
    assert_int_equal(mkdir(folder, 0700), 0);
    refuse(bench, "file", "what is there is not a symbolic link");
    refuse(bench, "folder", "what is there is not a symbolic link");
    refuse(bench, "missing/tty", "its folder does not exist");
    refuse(bench, "file/tty", "its folder does not exist");
    size_t len = 0;
    char *bytes = temp_read(file, &len);
    assert_string_equal(bytes, "precious");
    assert_int_equal(count_entries(bench->folder), 3);
    free(bytes);
    free(file);
    free(folder);
}

static void test_without_link(void **state)
{
    struct bench *bench = *state;
    struct port *port = bench_open(bench, "");
    assert_non_null(port);
    assert_non_null(strstr(buf_text(&bench->log_lines), "info: pseudo-terminal /dev/pts/"));
    port_close(port);
    port_close(NULL);
    port_watch_destroy(NULL);
    assert_int_equal(count_entries(bench->folder), 1);
}

/* Somebody opened the device before anything ran. */
static void test_a_host_at_once(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    port_close(bench->port);
    bench->port = NULL;
    char byte;
    assert_true(read(host, &byte, 1) <= 0);
    close(host);
    loop_wakes(bench->loop, 0.01);
}

/* The loop runs on after each, and no event comes (the bench fails on one). */
static void test_close_in_every_event(void **state)
{
    struct bench *bench = *state;
    static const char much[100000] = {0};
    for (enum event event = EVENT_INPUT; event <= EVENT_LEFT; event++) {
        if (!bench->port) {
            bench->port = bench_open(bench, bench->link);
            assert_non_null(bench->port);
        }
        int host = bench_host(bench);
        if (event != EVENT_ARRIVED) {
            bench_expect(bench, "+");
        }
        bench->close_in = event;
        if (event == EVENT_WRITABLE) {
            bench_send(bench, much, sizeof much);
            char byte[4096];
            while (read(host, byte, sizeof byte) > 0) {
            }
        } else if (event == EVENT_LEFT) {
            close(host);
            host = -1;
        } else {
            assert_int_equal(write(host, "x", 1), 1);
        }
        assert_true(loop_until(bench->loop, bench_closed, bench));
        assert_int_equal(count_entries(bench->folder), 0);
        loop_wakes(bench->loop, 0.01);
        if (host >= 0) {
            close(host);
        }
        loop_wakes(bench->loop, 0.01);
        buf_clear(&bench->trace);
        buf_clear(&bench->output);
    }
}

/* The same through port_poll(), and with both reports of a host that changed unseen. */
static void test_close_in_other_places(void **state)
{
    struct bench *bench = *state;
    int host = bench_host(bench);
    bench_expect(bench, "+");
    assert_int_equal(write(host, "x", 1), 1);
    bench->close_in = EVENT_INPUT;
    port_poll(bench->port);
    assert_null(bench->port);
    close(host);
    for (enum event event = EVENT_ARRIVED; event <= EVENT_LEFT; event++) {
        buf_clear(&bench->trace);
        bench->port = bench_open(bench, bench->link);
        host = bench_host(bench);
        bench_expect(bench, "+");
        bench->close_in = event;
        close(host);
        host = bench_host(bench);
        assert_true(loop_until(bench->loop, bench_closed, bench));
        assert_string_equal(buf_text(&bench->trace), event == EVENT_LEFT ? "-" : "-+");
        close(host);
    }
}

static void set(struct settings *settings, const char *pair)
{
    char *error = NULL;
    assert_true(settings_set_pair(settings, pair, "--set", &error));
}

static void refuse_setting(struct settings *settings, const char *pair, const char *reason)
{
    char *error = NULL;
    assert_false(settings_set_pair(settings, pair, "--set", &error));
    assert_string_equal(error, reason);
    free(error);
}

static void test_settings(void **state)
{
    (void)state;
    const struct settings_group *const groups[] = {&port_settings_group};
    struct settings *settings = settings_create(groups, 1);
    const struct port_settings *port = settings_of(settings, &port_settings_group);
    assert_string_equal(port->path, "pty");
    assert_string_equal(port->link, "");
    assert_int_equal(port->baud, 115200);
    assert_string_equal(port->format, "8N1");
    assert_int_equal(port->flow, PORT_FLOW_NONE);
    assert_false(port->pace);
    set(settings, "port.path=pty");
    set(settings, "port.path=/dev/ttyS0");
    set(settings, "port.path=tcp:127.0.0.1:0");
    set(settings, "port.flow=rtscts");
    assert_int_equal(port->flow, PORT_FLOW_RTSCTS);
    set(settings, "port.flow=none");
    assert_int_equal(port->flow, PORT_FLOW_NONE);
    set(settings, "port.baud=300");
    set(settings, "port.baud=4000000");
    set(settings, "port.format=7e2");
    refuse_setting(settings, "port.path=ttyS0",
                   "--set: port.path: must be 'pty', the path of a device from '/' on, or "
                   "tcp:HOST:PORT, not 'ttyS0'");
    refuse_setting(settings, "port.path=tcp:example.com:1",
                   "--set: port.path: 'tcp:example.com:1': the host must be a numeric address "
                   "(IPv6 in brackets) or localhost");
    refuse_setting(settings, "port.format=9N1",
                   "--set: port.format: must be 7 or 8, then N, O or E, then 1 or 2 (such as 8N1), "
                   "not '9N1'");
    refuse_setting(settings, "port.baud=299",
                   "--set: port.baud: must be a whole number from 300 to 4000000, not '299'");
    settings_destroy(settings);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_create, bench_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_link_goes_with_the_port),
        TEST(test_old_link_is_replaced),
        TEST(test_a_foreign_link_stays),
        TEST(test_refused_links),
        TEST(test_without_link),
        TEST(test_a_host_at_once),
        TEST(test_close_in_every_event),
        TEST(test_close_in_other_places),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
