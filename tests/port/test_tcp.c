/* The TCP listener: one client at a time, and all ways in which a client goes. */
#include "tests/port/bench.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "port/tcp_address.h"
#include "tests/support/loop.h"

static void open_at(struct bench *bench, const char *path)
{
    struct port_settings settings = bench_settings(path);
    bench_replace(bench, &settings);
}

/* The address that the log names, with "tcp:" before it. */
static char *listening(struct bench *bench)
{
    const char *place = strstr(buf_text(&bench->log_lines), "listening on ");
    assert_non_null(place);
    place += strlen("listening on ");
    return mem_printf("tcp:%.*s", (int)strcspn(place, "\n"), place);
}

static int connect_to(const char *path)
{
    struct tcp_address address;
    char why[200];
    assert_true(tcp_address_parse(path + 4, &address, why, sizeof why));
    int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address.storage, address.len), 0);
    return fd;
}

static int client(struct bench *bench)
{
    char *path = listening(bench);
    int fd = connect_to(path);
    free(path);
    return fd;
}

static int create(void **state)
{
    int result = bench_create(state);
    open_at(*state, "tcp:127.0.0.1:0");
    return result;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

struct ended {
    int fd;
    bool ended;
};

static void on_end(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct ended *ended = io->data;
    char byte;
    ssize_t got = recv(ended->fd, &byte, 1, MSG_DONTWAIT);
    ended->ended = got == 0 || (got < 0 && errno != EAGAIN);
}

static bool has_ended(void *ctx)
{
    return ((struct ended *)ctx)->ended;
}

/* The port ends this connection, without a further byte. */
static void expect_end(struct bench *bench, int fd)
{
    struct ended ended = {.fd = fd};
    ev_io io;
    ev_io_init(&io, on_end, fd, EV_READ);
    io.data = &ended;
    ev_io_start(bench->loop, &io);
    assert_true(loop_until(bench->loop, has_ended, &ended));
    ev_io_stop(bench->loop, &io);
    close(fd);
}

/* Closes so that the other side sees a reset. */
static void reset(int fd)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

static void test_a_client_comes_and_goes(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 2; i++) {
        int fd = client(bench);
        say(fd, "AT\r");
        bench_expect(bench, "+AT\r");
        bench_send(bench, "OK\r\n", 4);
        bench_host_reads(bench, fd, "OK\r\n", 4);
        say(fd, "ATI");
        close(fd);
        bench_expect(bench, "ATI-");
        assert_int_equal(port_write(bench->port, "lost", 4), 4);
    }
}

static void test_a_second_client_is_refused(void **state)
{
    struct bench *bench = *state;
    int first = client(bench);
    bench_expect(bench, "+");
    int second = client(bench);
    expect_end(bench, second);
    assert_non_null(strstr(buf_text(&bench->log_lines), "info: refused 127.0.0.1:"));
    say(first, "AT\r");
    bench_expect(bench, "AT\r");
    bench_send(bench, "OK", 2);
    bench_host_reads(bench, first, "OK", 2);
    close(first);
}

/* A client that closes and connects again need not wait until the old connection is given up. */
static void test_the_next_client_is_let_in_at_once(void **state)
{
    struct bench *bench = *state;
    int fd = client(bench);
    bench_expect(bench, "+");
    for (int i = 0; i < 50; i++) {
        say(fd, "x");
        close(fd);
        fd = client(bench);
        say(fd, "y");
        bench_expect(bench, "x-+y");
    }
    close(fd);
}

static void test_half_closed_clients_get_their_answer(void **state)
{
    struct bench *bench = *state;
    int fd = client(bench);
    say(fd, "AT\r");
    shutdown(fd, SHUT_WR);
    bench_expect(bench, "+AT\r");
    loop_wakes(bench->loop, 0.05); /* a command that takes its time */
    bench_send(bench, "OK\r\n", 4);
    bench_host_reads(bench, fd, "OK\r\n", 4);
    bench_expect_sleep(bench);
    bench_expect(bench, "-");
    expect_end(bench, fd);
}

static const char much[4 * 1024 * 1024];

/* All of a long answer, too, if the client reads more slowly than the port gives up. */
static void test_half_closed_clients_get_a_long_answer(void **state)
{
    struct bench *bench = *state;
    int fd = client(bench);
    say(fd, "AT\r");
    shutdown(fd, SHUT_WR);
    bench_expect(bench, "+AT\r");
    bench_send(bench, much, sizeof much);
    assert_true(buf_len(&bench->output) > 0);
    loop_wakes(bench->loop, 1.2); /* the time after which it would leave */
    assert_false(bench->gone);
    bench_host_reads(bench, fd, much, sizeof much);
    bench_expect(bench, "-");
    expect_end(bench, fd);
}

static void test_a_half_closed_client_makes_room(void **state)
{
    struct bench *bench = *state;
    int first = client(bench);
    shutdown(first, SHUT_WR);
    bench_expect(bench, "+");
    bench_send(bench, much, sizeof much);
    bench_expect_sleep(bench);
    int second = client(bench);
    say(second, "AT");
    bench_expect(bench, "-+AT");
    bench_send(bench, "OK", 2);
    bench_host_reads(bench, second, "OK", 2);
    close(first);
    close(second);
}

static void test_a_reset_is_the_end(void **state)
{
    struct bench *bench = *state;
    int fd = client(bench);
    bench_expect(bench, "+");
    reset(fd);
    bench_expect(bench, "-");
    fd = client(bench);
    bench_expect(bench, "+");
    bench_send(bench, much, sizeof much); /* while it is blocked */
    reset(fd);
    bench_expect(bench, "-");
    fd = client(bench);
    bench->room = 0;
    say(fd, "x");
    bench_expect(bench, "+");
    loop_wakes(bench->loop, 0.01);
    reset(fd); /* while nothing is read: it shows when there is room */
    bench_expect_sleep(bench);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    bench_expect(bench, "x-");
    fd = client(bench);
    bench_expect(bench, "+");
    reset(fd);
    assert_int_equal(port_write(bench->port, "ab", 2), 2); /* raises no SIGPIPE */
    assert_int_equal(port_write(bench->port, "ab", 2), 2);
    bench_expect(bench, "-");
}

enum { UNREAD = 50000 };

static bool have_unread(void *ctx)
{
    return buf_len(&((struct bench *)ctx)->trace) >= UNREAD + 2;
}

/* What a client sent before it closed is read first, and the next client waits for that. */
static void test_unread_input_is_not_lost(void **state)
{
    struct bench *bench = *state;
    bench->room = 0;
    int first = client(bench);
    assert_int_equal(write(first, much, UNREAD), UNREAD);
    close(first);
    bench_expect(bench, "+");
    int second = client(bench);
    bench_expect_sleep(bench);
    assert_null(strstr(buf_text(&bench->log_lines), "refused"));
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    assert_true(loop_until(bench->loop, have_unread, bench));
    assert_string_equal(buf_text(&bench->trace) + UNREAD, "-+");
    buf_clear(&bench->trace);
    say(second, "AT");
    bench_expect(bench, "AT");
    close(second);
}

static void test_much_both_ways(void **state)
{
    struct bench *bench = *state;
    int fd = client(bench);
    bench_expect(bench, "+");
    bench_echo(bench, fd, 16 * 1024 * 1024);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    assert_int_equal(buf_len(&bench->trace), 16 * 1024 * 1024 + 1);
}

static void test_close_in_every_event(void **state)
{
    struct bench *bench = *state;
    for (enum event event = EVENT_INPUT; event <= EVENT_LEFT; event++) {
        if (!bench->port) {
            buf_clear(&bench->log_lines);
            struct port_settings settings = bench_settings("tcp:0");
            bench->port = bench_open_as(bench, &settings, NULL);
        }
        int fd = client(bench);
        if (event != EVENT_ARRIVED) {
            bench_expect(bench, "+");
        }
        bench->close_in = event;
        if (event == EVENT_WRITABLE) {
            bench_send(bench, much, sizeof much);
            char bytes[65536];
            while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
            }
        } else if (event == EVENT_LEFT) {
            shutdown(fd, SHUT_WR);
        } else {
            say(fd, "x");
        }
        assert_true(loop_until(bench->loop, bench_closed, bench));
        loop_wakes(bench->loop, 0.01);
        close(fd);
        buf_clear(&bench->trace);
        buf_clear(&bench->output);
    }
}

/* The report that a half-closed client has gone closes the port while the next one is let in. */
static void test_close_between_two_clients(void **state)
{
    struct bench *bench = *state;
    int first = client(bench);
    shutdown(first, SHUT_WR);
    bench_expect(bench, "+");
    loop_wakes(bench->loop, 0.01);
    bench->close_in = EVENT_LEFT;
    int second = client(bench);
    assert_true(loop_until(bench->loop, bench_closed, bench));
    expect_end(bench, first);
    expect_end(bench, second);
}

static void test_no_spinning(void **state)
{
    struct bench *bench = *state;
    bench_expect_sleep(bench); /* listening */
    int fd = client(bench);
    bench_expect(bench, "+");
    bench_expect_sleep(bench); /* connected */
    bench_send(bench, much, sizeof much);
    bench_expect_sleep(bench); /* output blocked */
    bench->room = 0;
    say(fd, "pending");
    bench_expect_sleep(bench); /* and input paused */
    close(fd);
    bench_expect_sleep(bench);
    bench->room = SIZE_MAX;
    port_resume(bench->port);
    assert_true(loop_until(bench->loop, bench_gone, bench));
    bench_expect_sleep(bench);
}

static void test_where_it_listens(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *path, *address;
    } cases[] = {
        {"tcp:0", "tcp:127.0.0.1:"},           {"tcp::0", "tcp:127.0.0.1:"},
        {"tcp:localhost:0", "tcp:127.0.0.1:"}, {"tcp:0.0.0.0:0", "tcp:0.0.0.0:"},
        {"tcp:127.0.0.2:0", "tcp:127.0.0.2:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        open_at(bench, cases[i].path);
        char *path = listening(bench);
        size_t len = strlen(cases[i].address);
        assert_memory_equal(path, cases[i].address, len);
        assert_int_not_equal(atoi(path + len), 0);
        int fd = connect_to(path);
        bench_expect(bench, "+");
        close(fd);
        free(path);
    }
}

static void test_ipv6(void **state)
{
    struct bench *bench = *state;
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    bool usable = probe >= 0 && bind(probe, (struct sockaddr *)&loopback, sizeof loopback) == 0;
    close(probe);
    if (!usable) {
        skip();
    }
    open_at(bench, "tcp:[::1]:0");
    assert_non_null(strstr(buf_text(&bench->log_lines), "listening on [::1]:"));
    int fd = client(bench);
    bench_expect(bench, "+");
    close(fd);
}

static void test_refused_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       ":",          "x",    "127.0.0.1", "127.0.0.1:",   "127.0.0.1:65536",
        "1:-1",   "1:+1",       "h:5",  "::1:5",     "[::1:5",       "[127.0.0.1:5",
        "[x]:5",  "[::1]x:5",   "[:5",  "[",         "127.0.0.1: 5", "localhos:5",
        "0:1:2:", "fe80::1:22", "*:80", "[]:0",      "1:5",          "1.2.3.4.5:6",
    };
    static const char *const good[] = {"5", ":65535", "localhost:1", "10.0.0.1:9", "[fe80::1]:22"};
    struct tcp_address address;
    char why[200];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        if (tcp_address_parse(bad[i], &address, why, sizeof why)) {
            fail_msg("%s was taken", bad[i]);
        }
        assert_non_null(strstr(why, "must be a num"));
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(tcp_address_parse(good[i], &address, why, sizeof why));
    }
}

static void test_a_port_in_use(void **state)
{
    struct bench *bench = *state;
    char *path = listening(bench);
    buf_clear(&bench->log_lines);
    struct port_settings settings = bench_settings(path);
    assert_null(bench_open_as(bench, &settings, NULL));
    char *message =
        mem_printf("error: cannot listen on %s: Address already in use\n", path + strlen("tcp:"));
    assert_string_equal(buf_text(&bench->log_lines), message);
    /* Free again at once, although a connection has just ended there from the port's side. */
    int fd = connect_to(path);
    bench_expect(bench, "+");
    bench_replace(bench, &settings);
    expect_end(bench, fd);
    free(message);
    free(path);
}

static void test_a_link_is_ignored(void **state)
{
    struct bench *bench = *state;
    struct port_settings settings = bench_settings("tcp:0");
    settings.link = bench->link;
    bench_replace(bench, &settings);
    assert_non_null(strstr(buf_text(&bench->log_lines), "warning: port.link has no effect"));
    assert_int_equal(access(bench->link, F_OK), -1);
}

static void test_the_line_is_remembered(void **state)
{
    struct bench *bench = *state;
    struct port_line line = *port_line(bench->port);
    assert_int_equal(line.baud, 115200);
    line.baud = 9600;
    port_set_line(bench->port, &line);
    assert_int_equal(port_line(bench->port)->baud, 9600);
    port_discard_output(bench->port);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, create, bench_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_a_client_comes_and_goes),
        TEST(test_a_second_client_is_refused),
        TEST(test_the_next_client_is_let_in_at_once),
        TEST(test_half_closed_clients_get_their_answer),
        TEST(test_half_closed_clients_get_a_long_answer),
        TEST(test_a_half_closed_client_makes_room),
        TEST(test_a_reset_is_the_end),
        TEST(test_unread_input_is_not_lost),
        TEST(test_much_both_ways),
        TEST(test_close_in_every_event),
        TEST(test_close_between_two_clients),
        TEST(test_no_spinning),
        TEST(test_where_it_listens),
        TEST(test_ipv6),
        cmocka_unit_test(test_refused_addresses),
        TEST(test_a_port_in_use),
        TEST(test_a_link_is_ignored),
        TEST(test_the_line_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
