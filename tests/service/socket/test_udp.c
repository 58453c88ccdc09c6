/* UDP links: datagrams stay whole, both ways; refusals do not end a link; a queue that fills. */
#include "tests/service/socket/bench.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static int linked(struct bench *bench, struct sockaddr_in *link)
{
    int port = 0;
    int fd = peer_listen(AF_INET, SOCK_DGRAM, &port);
    bench->options.kind = SOCKET_UDP;
    bench->options.local_port = ports_free();
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 %d", bench->options.local_port);
    *link = (struct sockaddr_in){.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)bench->options.local_port)};
    return fd;
}

static void answer(int fd, const struct sockaddr_in *link, const char *text)
{
    ssize_t sent = sendto(fd, text, strlen(text), 0, (const struct sockaddr *)link, sizeof *link);
    assert_int_equal(sent, strlen(text));
}

static void test_datagrams(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in link;
    int fd = linked(bench, &link);
    assert_int_equal(bench_send(bench, "one"), 3);
    assert_int_equal(bench_send(bench, "two"), 3);
    peer_expect(bench, fd, "one");
    peer_expect(bench, fd, "two");
    bench->room = 5;
    answer(fd, &link, "three");
    answer(fd, &link, "");
    answer(fd, &link, "four");
    answer(fd, &link, "five");
    bench_expect(bench, "data three");
    bench_quiet(bench, 0.05);
    bench->room = 100;
    socket_resume(bench->sock);
    bench_expect(bench, "data four");
    bench_expect(bench, "data five");
    close(fd);
}

static void test_stranger(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in link;
    int fd = linked(bench, &link);
    int port = 0;
    int stranger = peer_listen(AF_INET, SOCK_DGRAM, &port);
    answer(stranger, &link, "not for you");
    bench_quiet(bench, 0.05);
    close(stranger);
    close(fd);
}

static void test_local_port_in_use(void **state)
{
    struct bench *bench = *state;
    int local = 0;
    int taken = peer_listen(AF_INET, SOCK_DGRAM, &local);
    bench->options.kind = SOCKET_UDP;
    bench->options.local_port = local;
    bench_open(bench, 7);
    bench_expect(bench, "failed local port");
    close(taken);
}

static void test_refusals_do_not_end_it(void **state)
{
    struct bench *bench = *state;
    int port = ports_free();
    bench->options.kind = SOCKET_UDP;
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 ");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench_send(bench, "nobody"), 6);
        bench_quiet(bench, 0.02);
    }
    assert_true(socket_connected(bench->sock));
    assert_true(loop_wakes(bench->services.loop, 0.05) < 10);
    int fd = peer_listen(AF_INET, SOCK_DGRAM, &port);
    bench_send(bench, "somebody");
    peer_expect(bench, fd, "somebody");
    close(fd);
}

static void test_sizes(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in link;
    int fd = linked(bench, &link);
    static char bytes[SOCKET_DATAGRAM_MAX + 1];
    memset(bytes, 'd', sizeof bytes);
    assert_int_equal(socket_send(bench->sock, bytes, sizeof bytes), 0);
    assert_int_equal(socket_send(bench->sock, bytes, sizeof bytes - 1), sizeof bytes - 1);
    static char got[sizeof bytes];
    ssize_t len = recv(fd, got, sizeof got, 0);
    assert_int_equal(len, SOCKET_DATAGRAM_MAX);
    close(fd);
}

static void test_gone(void **state)
{
    struct bench *bench = *state;
    struct sockaddr_in link;
    int fd = linked(bench, &link);
    network_set_radio(bench->services.network, false);
    bench_expect(bench, "closed network");
    network_set_radio(bench->services.network, true);
    close(fd);
    fd = linked(bench, &link);
    bench_send(bench, "last");
    socket_close(bench->sock);
    peer_expect(bench, fd, "last");
    bench_quiet(bench, 0.02);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_datagrams, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_stranger, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_local_port_in_use, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_refusals_do_not_end_it, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_sizes, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_gone, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
