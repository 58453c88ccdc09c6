/* What the host reaches beyond the peer, in a network namespace of the test's own: an address that
 * is not loopback, and the machine's name server by the address that IPCP gives. */
#include <arpa/inet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/service/ppp/ip.h"
#include "tests/support/netns.h"
#include "tests/support/temp.h"

#define OUTSIDE    "198.51.100.1"
#define NAMESERVER "198.51.100.53"

static bool mounted;

/* The machine's resolv.conf is another one here. */
static bool own_resolver(void)
{
    static const char text[] = "search example.org\nnameserver " NAMESERVER "\n";
    char *folder = temp_folder();
    char *path = temp_path(folder, "resolv.conf");
    temp_write(path, text, strlen(text));
    bool ok = unshare(CLONE_NEWNS) == 0 &&
              mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
              mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
    free(path);
    temp_remove(folder);
    return ok;
}

static void begin(struct bench *bench, bool can)
{
    if (!can) {
        print_message("skipped: the system lets nobody have a namespace\n");
        skip();
    }
    bench_start(bench);
    host_up(bench);
}

/* An echo server at an address. */
static struct server *answer_at(struct bench *bench, const char *number, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct server *echo = serve(bench, SOCK_DGRAM);
    inet_pton(AF_INET, number, &address.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_true(dup3(fd, echo->fd, O_CLOEXEC) >= 0);
    close(fd);
    ev_io_stop(bench->loop, &echo->io); /* the descriptor is another one now */
    ev_io_start(bench->loop, &echo->io);
    return echo;
}

static void expect_echo(struct bench *bench, const char *from, const char *text)
{
    struct packet packet = {0};
    struct in_addr address;
    ip_expect(bench, &packet);
    inet_pton(AF_INET, from, &address);
    assert_memory_equal(packet.bytes + 12, &address, 4);
    assert_int_equal(packet.data_len, strlen(text) + 8);
    assert_memory_equal(packet.data + 8, text, strlen(text));
}

static void test_outside(void **state)
{
    struct bench *bench = *state;
    begin(bench, netns_entered());
    struct server *echo = answer_at(bench, OUTSIDE, 7);
    udp_send(bench, OUTSIDE, 7, "hello");
    expect_echo(bench, OUTSIDE, "hello");
    stop(echo);
}

static void test_name_server(void **state)
{
    struct bench *bench = *state;
    begin(bench, mounted);
    struct server *echo = answer_at(bench, NAMESERVER, 53);
    udp_send(bench, DNS_ADDRESS, 53, "a question, as it were");
    expect_echo(bench, DNS_ADDRESS, "a question, as it were");
    stop(echo);
}

int main(void)
{
    if (netns_enter()) {
        mounted = netns_ip("link set lo up") && netns_ip("addr add " OUTSIDE "/32 dev lo") &&
                  netns_ip("addr add " NAMESERVER "/32 dev lo") && own_resolver();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_outside, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_name_server, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
