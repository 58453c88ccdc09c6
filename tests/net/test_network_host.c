/* A cellular module's network that is the host's: interfaces of a namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/network.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/netns.h"

#define NEED_NETWORK()                                                                             \
    if (!netns_entered()) {                                                                        \
        skip();                                                                                    \
    }

struct bench {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct network_settings settings;
    struct network *network;
    struct network_listener listener;
    int heard;
    const char *wanted; /* address */
};

static void hear(void *ctx)
{
    struct bench *bench = ctx;
    bench->heard++;
}

static int create(void **state)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->log = logged_create(&bench->log_lines);
    bench->settings = (struct network_settings){.registration = NETWORK_ROAMING,
                                                .rssi = -71,
                                                .ip = "192.168.40.13",
                                                .interface = "",
                                                .provider = NETWORK_HOST};
    bench->listener = (struct network_listener){.changed = hear, .ctx = bench};
    *state = bench;
    return 0;
}

/* Also of a test that has failed. */
static int destroy(void **state)
{
    struct bench *bench = *state;
    if (netns_entered()) {
        netns_ip("link del w0 2>/dev/null");
    }
    network_destroy(bench->network);
    log_destroy(bench->log);
    buf_free(&bench->log_lines);
    ev_loop_destroy(bench->loop);
    free(bench);
    return 0;
}

static void start(struct bench *bench, bool has_sim)
{
    bench->network = network_create(&bench->settings, has_sim);
    network_follow_host(bench->network, bench->loop, bench->log);
    network_listen(bench->network, &bench->listener);
}

static void add_interface(void)
{
    assert_true(netns_ip("link add w0 type veth peer name w1"));
    assert_true(netns_ip("link set w1 up"));
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    assert_true(netns_ip("link set w0 up"));
}

static bool is_so(void *ctx)
{
    const struct bench *bench = ctx;
    return strcmp(network_ip(bench->network), bench->wanted) == 0;
}

enum { ANY = -1 }; /* a link that has just been set up may run a moment later */

static void expect(struct bench *bench, const char *ip, int stat, int heard)
{
    bench->wanted = ip;
    assert_true(loop_until(bench->loop, is_so, bench));
    assert_int_equal(network_creg_stat(bench->network), stat);
    assert_int_equal(network_usable(bench->network), stat == 1);
    if (heard != ANY) {
        assert_int_equal(bench->heard, heard);
    }
}

static void test_default_route(void **state)
{
    NEED_NETWORK();
    struct bench *bench = *state;
    start(bench, true);
    expect(bench, "0.0.0.0", 2, 0);
    add_interface(); /* a route of its own, but none that leads out */
    loop_until_within(bench->loop, loop_never, NULL, .2);
    expect(bench, "0.0.0.0", 2, 0);
    assert_true(netns_ip("route add default via 192.0.2.1"));
    expect(bench, "192.0.2.5", 1, 1);
    network_set_registration(bench->network, NETWORK_DENIED); /* not asked */
    expect(bench, "192.0.2.5", 1, 1);
    network_set_coverage(bench->network, false); /* the signal is still a play */
    assert_int_equal(network_creg_stat(bench->network), 2);
    network_set_coverage(bench->network, true);
    expect(bench, "192.0.2.5", 1, 3);
    assert_true(netns_ip("route del default"));
    expect(bench, "0.0.0.0", 2, 4);
    assert_true(netns_ip("route add default via 192.0.2.1"));
    expect(bench, "192.0.2.5", 1, 5);
    assert_true(netns_ip("link set w1 down")); /* as a cable that is pulled */
    expect(bench, "0.0.0.0", 2, 6);
}

static void test_there_from_the_start(void **state)
{
    NEED_NETWORK();
    struct bench *bench = *state;
    add_interface();
    assert_true(netns_ip("route add default via 192.0.2.1"));
    start(bench, true);
    expect(bench, "192.0.2.5", 1, ANY);
}

/* A new address is no news of the registration. */
static void test_another_address(void **state)
{
    NEED_NETWORK();
    struct bench *bench = *state;
    bench->settings.interface = "w0";
    add_interface();
    start(bench, true);
    expect(bench, "192.0.2.5", 1, ANY);
    assert_true(netns_ip("addr add 198.51.100.6/24 dev w0"));
    assert_true(netns_ip("addr del 192.0.2.5/24 dev w0"));
    bench->wanted = "198.51.100.6";
    assert_true(loop_until(bench->loop, is_so, bench));
    assert_int_equal(network_creg_stat(bench->network), 1);
}

static void test_interface(void **state)
{
    struct bench *bench = *state;
    if (netns_entered()) {
        assert_true(netns_ip("link set lo up"));
    }
    bench->settings.interface = "lo";
    start(bench, true);
    expect(bench, "127.0.0.1", 1, 0);
}

static void test_no_sim(void **state)
{
    struct bench *bench = *state;
    bench->settings.interface = "lo";
    start(bench, false);
    assert_int_equal(network_creg_stat(bench->network), 0);
    assert_false(network_usable(bench->network));
}

static void test_simulated(void **state)
{
    struct bench *bench = *state;
    bench->settings.provider = NETWORK_SIM;
    bench->settings.interface = "lo";
    start(bench, true);
    assert_int_equal(network_creg_stat(bench->network), 5);
    assert_string_equal(network_ip(bench->network), "192.168.40.13");
    assert_true(loop_wakes(bench->loop, .1) <= 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    if (!netns_enter()) {
        fprintf(stderr, "no network namespace of its own: some tests are skipped\n");
    }
    const struct CMUnitTest tests[] = {
        TEST(test_default_route),   TEST(test_there_from_the_start),
        TEST(test_another_address), TEST(test_interface),
        TEST(test_no_sim),          TEST(test_simulated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
