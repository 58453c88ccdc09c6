/* The host's Wi-Fi as the kernel tells of it: a real interface in a namespace of the test's own,
 * and dumps that are damaged. */
#include "tests/net/air.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/netlink_table.h"
#include "tests/support/loop.h"
#include "tests/support/netns.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

#define NEED_NETWORK()                                                                             \
    if (!netns_entered()) {                                                                        \
        skip();                                                                                    \
    }

static int create(void **state)
{
    air_create(state);
    struct air *air = *state;
    air->settings.provider = NETWORK_HOST;
    return 0;
}

/* Also of a test that has failed. */
static int destroy(void **state)
{
    if (netns_entered()) {
        netns_ip("link del w0 2>/dev/null");
    }
    return air_destroy(state);
}

static void add_interface(void)
{
    assert_true(netns_ip("link add w0 address 02:11:22:33:44:55 type veth peer name w1"));
    assert_true(netns_ip("link set w1 up"));
}

static void add_interface_with_address(void)
{
    add_interface();
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    assert_true(netns_ip("link set w0 up"));
}

static void start_without_address(struct air *air)
{
    add_interface();
    assert_true(netns_ip("link set w0 up"));
    air->settings.interface = "w0";
    air_start(air);
}

struct wanted {
    struct air *air;
    enum wifi_state state;
    const char *ip;
};

static bool is_so(void *ctx)
{
    const struct wanted *wanted = ctx;
    return wifi_state(wanted->air->wifi) == wanted->state &&
           strcmp(wifi_ip(wanted->air->wifi), wanted->ip) == 0;
}

static void expect(struct air *air, enum wifi_state state, const char *ip)
{
    struct wanted wanted = {air, state, ip};
    unsigned before = air->changed;
    loop_until(air->loop, is_so, &wanted);
    air_expect_state(air, state, ip);
    air_expect(air, before + 1, air->joined, air->scanned);
}

/* ---- real interfaces ---- */

static void test_comes_and_goes(void **state)
{
    NEED_NETWORK();
    struct air *air = *state;
    air->settings.interface = "w0";
    air_start(air);
    assert_true(air_logged(air, "there is no interface w0 yet"));
    air_expect_state(air, WIFI_NEVER, NULL);
    assert_string_not_equal(wifi_mac(air->wifi), "02:11:22:33:44:55");

    add_interface(); /* only its MAC is news */
    air_expect(air, 1, 0, 0);
    assert_string_equal(wifi_mac(air->wifi), "02:11:22:33:44:55");
    air_expect_state(air, WIFI_NEVER, NULL);
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    assert_true(netns_ip("link set w0 up"));
    expect(air, WIFI_JOINED, "192.0.2.5");
    assert_string_equal(wifi_ssid(air->wifi), "");

    assert_true(netns_ip("link set w1 down")); /* as a cable that is pulled */
    expect(air, WIFI_LOST, "0.0.0.0");
    assert_true(netns_ip("link set w1 up"));
    expect(air, WIFI_JOINED, "192.0.2.5");
    assert_true(netns_ip("addr del 192.0.2.5/24 dev w0"));
    expect(air, WIFI_LOST, "0.0.0.0");
    assert_true(netns_ip("addr add 192.0.2.6/24 dev w0"));
    expect(air, WIFI_JOINED, "192.0.2.6");
    assert_true(netns_ip("link del w0"));
    expect(air, WIFI_LOST, "0.0.0.0");
    air_expect_sleep(air);
    assert_false(wifi_sim_link(air->wifi, false));
}

static void test_there_from_the_start(void **state)
{
    NEED_NETWORK();
    struct air *air = *state;
    add_interface_with_address();
    air->settings.interface = "w0";
    air->options.mac = "b8:4d:43:35:a6:06";
    air_start(air);
    air_expect_state(air, WIFI_JOINED, "192.0.2.5");
    assert_string_equal(wifi_mac(air->wifi), "B8:4D:43:35:A6:06");
    air_expect(air, 1, 0, 0);
    air_expect_sleep(air);
    air_expect(air, 1, 0, 0);
}

static void test_default_route(void **state)
{
    NEED_NETWORK();
    struct air *air = *state;
    add_interface_with_address();
    air_start(air);
    air_expect_state(air, WIFI_NEVER, NULL); /* no default route */
    assert_true(netns_ip("route add default via 192.0.2.1 metric 50"));
    expect(air, WIFI_JOINED, "192.0.2.5");
    assert_string_equal(wifi_mac(air->wifi), "02:11:22:33:44:55");

    /* A better one by another interface. */
    assert_true(netns_ip("addr add 198.51.100.7/24 dev w1"));
    assert_true(netns_ip("route add default via 198.51.100.1 metric 10"));
    expect(air, WIFI_JOINED, "198.51.100.7");
    assert_string_not_equal(wifi_mac(air->wifi), "02:11:22:33:44:55");
    assert_true(netns_ip("route del default via 198.51.100.1 metric 10"));
    expect(air, WIFI_JOINED, "192.0.2.5");
    /* Of several by one interface its best counts. */
    assert_true(netns_ip("route add default via 192.0.2.2 metric 5"));
    assert_true(netns_ip("route add default via 198.51.100.1 metric 10"));
    loop_wakes(air->loop, 0.2);
    air_expect_state(air, WIFI_JOINED, "192.0.2.5");
    assert_true(netns_ip("route flush default"));
    expect(air, WIFI_LOST, "0.0.0.0");
}

static void test_only_ipv6(void **state)
{
    NEED_NETWORK();
    struct air *air = *state;
    start_without_address(air);
    air_expect_sleep(air); /* its link-local address is none */
    air_expect_state(air, WIFI_NEVER, NULL);
    if (!netns_ip("-6 addr add 2001:db8::5/64 dev w0 nodad noprefixroute 2>/dev/null")) {
        skip(); /* a kernel without IPv6 */
    }
    loop_wakes(air->loop, 0.2); /* link-local routes are none either */
    air_expect_state(air, WIFI_NEVER, NULL);
    assert_true(netns_ip("-6 route add 2001:db8::/64 dev w0"));
    expect(air, WIFI_JOINED, "2001:db8::5");
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    expect(air, WIFI_JOINED, "192.0.2.5");
}

/* More than the socket holds, while the loop does not run. */
static void test_overflow(void **state)
{
    NEED_NETWORK();
    struct air *air = *state;
    start_without_address(air);
    char *batch = temp_path(air->folder, "batch");
    struct buf lines = {0};
    for (int i = 0; i < 3000; i++) {
        buf_printf(&lines, "addr %s 10.%d.%d.1/32 dev w1\n", i % 2 ? "del" : "add", i / 2 / 256,
                   i / 2 % 256);
    }
    buf_add_text(&lines, "addr add 192.0.2.5/24 dev w0\n");
    temp_write(batch, buf_bytes(&lines), buf_len(&lines));
    buf_free(&lines);
    assert_true(netns_ip("-batch %s", batch));
    free(batch);
    expect(air, WIFI_JOINED, "192.0.2.5");
    assert_true(netns_ip("addr del 192.0.2.5/24 dev w0"));
    expect(air, WIFI_LOST, "0.0.0.0"); /* it goes on */
    assert_false(air_logged(air, "any more:"));
    air_expect_sleep(air);
}

static void test_loopback(void **state)
{
    struct air *air = *state;
    if (netns_entered()) {
        assert_true(netns_ip("link set lo up"));
    }
    air->settings.interface = "lo";
    air_start(air);
    air_expect_state(air, WIFI_JOINED, "127.0.0.1");
    unsigned high = (unsigned)strtoul(wifi_mac(air->wifi), NULL, 16);
    assert_int_equal(high & 3, 2); /* it has none: one is made */
    air_expect(air, 1, 0, 0);
    air_join(air, "x", "12345678"); /* nobody is there who could */
    air_expect(air, 1, 1, 0);
    assert_int_equal(air->join_outcome, WIFI_NO_RADIO);
    assert_true(air_logged(air, "no wpa_supplicant at "));
    wifi_leave(air->wifi);
    air_scan(air);
    air_expect(air, 1, 1, 1);
    assert_int_equal(air->scan_outcome, WIFI_NO_RADIO);
    air_expect_state(air, WIFI_JOINED, "127.0.0.1");
}

static void test_many_lives(void **state)
{
    struct air *air = *state;
    air->settings.interface = "lo";
    int before = ports_descriptors();
    for (int i = 0; i < 300; i++) {
        air_start(air);
        air_join(air, "x", "12345678");
        air_scan(air);
        if (i % 3 == 0) {
            loop_wakes(air->loop, 0.001);
        }
        air_stop(air);
    }
    assert_int_equal(ports_descriptors(), before);
}

/* ---- the table ---- */

static struct netlink_view view_of(const struct netlink_table *table, const char *name,
                                   const char *before)
{
    struct netlink_view last = {0};
    snprintf(last.interface, sizeof last.interface, "%s", before);
    return netlink_table_view(table, name, &last);
}

static void test_choice(void **state)
{
    (void)state;
    struct netlink_link links[] = {
        {.index = 1, .flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK, .name = "lo"},
        {.index = 2, .flags = IFF_UP | IFF_RUNNING, .ethernet = true, .name = "a"},
        {.index = 3, .flags = IFF_UP | IFF_RUNNING, .ethernet = true, .name = "b"},
    };
    struct netlink_address addresses[] = {
        {.index = 2, .family = AF_INET, .scope = RT_SCOPE_LINK, .text = "169.254.1.1"},
        {.index = 2, .family = AF_INET6, .text = "2001:db8::2"},
        {.index = 3, .family = AF_INET6, .text = "2001:db8::3"},
        {.index = 3, .family = AF_INET, .text = "10.0.0.3"},
    };
    struct netlink_route routes[] = {
        {.index = 2, .family = AF_INET6, .everywhere = true, .metric = 1},
        {.index = 3, .family = AF_INET, .everywhere = true, .metric = 100},
        {.index = 9, .family = AF_INET, .everywhere = true, .metric = 1}, /* no such link */
        {.index = 2, .family = AF_INET},
    };
    struct netlink_table table = {links, addresses, routes, 3, 4, 4};

    struct netlink_view view = view_of(&table, "", "");
    assert_string_equal(view.interface, "b"); /* IPv4 first */
    assert_string_equal(view.ip, "10.0.0.3");
    view = view_of(&table, "a", "");
    assert_true(view.up);
    assert_string_equal(view.ip, "2001:db8::2"); /* its IPv4 one is good for the link only */
    routes[1].everywhere = false;
    view = view_of(&table, "", "");
    assert_string_equal(view.interface, "a"); /* another family's default route */
    routes[0].everywhere = false;
    table.route_count = 2;
    view = view_of(&table, "", "b");
    assert_string_equal(view.interface, "b"); /* that of before */
    assert_false(view.up);
    view = view_of(&table, "", "");
    assert_string_equal(view.interface, "a"); /* the first with a MAC */
    view = view_of(&table, "b", "");
    assert_true(view.up); /* named: any route will do */
    links[2].flags = IFF_UP;
    view = view_of(&table, "b", "");
    assert_false(view.up);
    assert_string_equal(view.ip, "");
    view = view_of(&table, "c", "");
    assert_string_equal(view.interface, "");
}

/* A real dump, as one run of bytes with the datagrams' lengths. */
struct recorded {
    struct buf bytes;
    size_t lens[64];
    size_t count;
};

static void record(struct recorded *recorded, uint16_t kind)
{
    struct {
        struct nlmsghdr header;
        struct rtgenmsg body;
    } request = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof request.body),
                            .nlmsg_type = kind,
                            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                            .nlmsg_seq = 1}};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    assert_true(fd >= 0);
    assert_true(send(fd, &request, request.header.nlmsg_len, 0) > 0);
    for (enum netlink_end end = NETLINK_MORE; end == NETLINK_MORE;) {
        struct netlink_table table = {0};
        char *room = buf_room(&recorded->bytes, 65536);
        ssize_t got = recv(fd, room, 65536, 0);
        assert_true(got > 0);
        end = netlink_table_take(&table, room, (size_t)got, 1);
        netlink_table_free(&table);
        buf_added(&recorded->bytes, (size_t)got);
        assert_true(recorded->count < 64);
        recorded->lens[recorded->count++] = (size_t)got;
    }
    close(fd);
}

/* Each datagram in memory of its own, so that the sanitizer sees a byte too far. */
static void feed(const struct recorded *recorded, struct netlink_table *table, unsigned damage)
{
    const char *at = buf_bytes(&recorded->bytes);
    for (size_t i = 0; i < recorded->count; i++) {
        size_t len = recorded->lens[i];
        char *copy = mem_copy(at, len);
        for (unsigned n = 0; n < damage; n++) {
            copy[(size_t)rand() % len] = (char)rand();
        }
        size_t keep = damage && rand() % 4 == 0 ? (size_t)rand() % len : len;
        char *exact = mem_zeroed(keep);
        memcpy(exact, copy, keep);
        netlink_table_take(table, exact, keep, 1);
        free(exact);
        free(copy);
        at += len;
    }
}

static void test_damaged_dumps(void **state)
{
    (void)state;
    struct recorded recorded = {0};
    if (netns_entered()) {
        add_interface_with_address();
        assert_true(netns_ip("link set lo up"));
        assert_true(netns_ip("route add default via 192.0.2.1"));
    }
    record(&recorded, RTM_GETLINK);
    record(&recorded, RTM_GETADDR);
    record(&recorded, RTM_GETROUTE);

    struct netlink_table whole = {0};
    feed(&recorded, &whole, 0);
    assert_true(whole.link_count > 0);
    if (netns_entered()) {
        struct netlink_view view = view_of(&whole, "", "");
        assert_true(view.up);
        assert_string_equal(view.ip, "192.0.2.5");
    }
    netlink_table_free(&whole);

    srand(1);
    for (unsigned i = 0; i < 20000; i++) {
        struct netlink_table table = {0};
        feed(&recorded, &table, 1 + i % 8);
        view_of(&table, i % 2 ? "w0" : "", "lo");
        netlink_table_free(&table);
    }
    buf_free(&recorded.bytes);
}

static void test_answers(void **state)
{
    (void)state;
    struct netlink_table table = {0};
    struct nlmsghdr message = {
        .nlmsg_len = sizeof message, .nlmsg_type = NLMSG_DONE, .nlmsg_seq = 3};
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 3), NETLINK_DONE);
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 4), NETLINK_MORE);
    message.nlmsg_flags = NLM_F_DUMP_INTR;
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 3), NETLINK_AGAIN);
    message.nlmsg_flags = 0;
    message.nlmsg_type = NLMSG_ERROR;
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 3), NETLINK_FAILED);
    message.nlmsg_type = RTM_NEWLINK; /* without a body */
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 3), NETLINK_MORE);
    message.nlmsg_len = sizeof message + 1;
    assert_int_equal(netlink_table_take(&table, &message, sizeof message, 3), NETLINK_FAILED);
    assert_int_equal(netlink_table_take(&table, &message, 3, 3), NETLINK_FAILED);
    assert_int_equal(netlink_table_take(&table, NULL, 0, 3), NETLINK_MORE);
    assert_int_equal(table.link_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    if (!netns_enter()) {
        fprintf(stderr, "no network namespace of its own: some tests are skipped\n");
    }
    const struct CMUnitTest tests[] = {
        TEST(test_comes_and_goes), TEST(test_there_from_the_start),
        TEST(test_default_route),  TEST(test_only_ipv6),
        TEST(test_overflow),       TEST(test_loopback),
        TEST(test_many_lives),     cmocka_unit_test(test_choice),
        TEST(test_damaged_dumps),  cmocka_unit_test(test_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
