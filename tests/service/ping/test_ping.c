/* Pings in a network namespace of the test's own, where both kinds of sockets are allowed or not as
 * the test wants it; and packets that are no replies. */
#include <ev.h>
#include <fcntl.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "service/ping/ping.h"
#include "service/ping/ping_packet.h"
#include "tests/support/loop.h"
#include "tests/support/netns.h"
#include "tests/support/ports.h"
#include "tests/support/services.h"

struct bench {
    struct services services;
    struct ping *ping;
    struct ping_options options;
    struct buf lines; /* "ADDRESS NUMBER ok TTL", "ADDRESS NUMBER lost", "done", "failed REASON" */
    bool over;
    unsigned cancel_at; /* in the reply of this number */
    double last_ms;
};

static const char *failure_text(enum ping_failure failure)
{
    static const char *const texts[] = {
        [PING_FAILED_NETWORK] = "network",
        [PING_FAILED_RESOLVE] = "resolve",
        [PING_FAILED_DENIED] = "denied",
        [PING_FAILED_CONNECT] = "connect",
    };
    return texts[failure];
}

static void on_reply(void *ctx, const struct ping_reply *reply)
{
    struct bench *bench = ctx;
    buf_printf(&bench->lines, "%s %u ", reply->address, reply->number);
    if (reply->ok) {
        buf_printf(&bench->lines, "ok %d\n", reply->ttl);
        assert_true(reply->ms >= 0 && reply->ms < 5000);
    } else {
        buf_add_text(&bench->lines, "lost\n");
    }
    if (reply->number == bench->cancel_at) {
        ping_cancel(bench->ping);
        bench->over = true;
    }
}

static void on_done(void *ctx)
{
    struct bench *bench = ctx;
    buf_add_text(&bench->lines, "done\n");
    bench->over = true;
}

static void on_failed(void *ctx, enum ping_failure failure, const char *why)
{
    struct bench *bench = ctx;
    assert_true(*why);
    buf_printf(&bench->lines, "failed %s\n", failure_text(failure));
    bench->over = true;
}

static const struct ping_events events = {on_reply, on_done, on_failed};

static struct bench *create(resolve_function function)
{
    struct bench *bench = calloc(1, sizeof *bench);
    services_open(&bench->services, function);
    bench->options = (struct ping_options){.host = "127.0.0.1",
                                           .count = 2,
                                           .interval_ms = 50,
                                           .timeout_ms = 2000,
                                           .resolve_timeout_ms = 2000};
    return bench;
}

static void destroy(struct bench *bench)
{
    services_close(&bench->services);
    buf_free(&bench->lines);
    free(bench);
}

static bool over(void *ctx)
{
    const struct bench *bench = ctx;
    return bench->over;
}

static void start(struct bench *bench, const char *host)
{
    bench->options.host = host;
    bench->over = false;
    bench->ping = ping_start(&bench->services.env, &bench->options, &events, bench);
    assert_false(bench->over);
}

static void expect(struct bench *bench, const char *lines)
{
    assert_true(loop_until(bench->services.loop, over, bench));
    assert_string_equal(buf_text(&bench->lines), lines);
    buf_clear(&bench->lines);
}

static bool set_kernel(const char *name, const char *value)
{
    char path[100];
    snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && dprintf(fd, "%s\n", value) > 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* The unprivileged kind for everybody, or for nobody. */
static void allow_unprivileged(bool allow)
{
    if (!set_kernel("ping_group_range", allow ? "0 0" : "1 0")) {
        print_message("net.ipv4.ping_group_range cannot be set here\n");
    }
}

static void need_namespace(void)
{
    if (!netns_entered()) {
        skip();
    }
}

static void test_both_families_and_kinds(void **state)
{
    (void)state;
    need_namespace();
    for (int unprivileged = 0; unprivileged <= 1; unprivileged++) {
        allow_unprivileged(unprivileged);
        struct bench *bench = create(NULL);
        int before = ports_descriptors();
        start(bench, "127.0.0.1");
        expect(bench, "127.0.0.1 1 ok 64\n127.0.0.1 2 ok 64\ndone\n");
        start(bench, "[::1]");
        expect(bench, "::1 1 ok 64\n::1 2 ok 64\ndone\n");
        assert_int_equal(ports_descriptors(), before);
        destroy(bench);
    }
}

static void test_interval(void **state)
{
    (void)state;
    need_namespace();
    struct bench *bench = create(NULL);
    bench->options.interval_ms = 100;
    bench->options.count = 3;
    double begin = ev_time();
    start(bench, "127.0.0.1");
    expect(bench, "127.0.0.1 1 ok 64\n127.0.0.1 2 ok 64\n127.0.0.1 3 ok 64\ndone\n");
    assert_true(ev_time() - begin >= 0.195 && ev_time() - begin < 2);
    destroy(bench);
}

static void test_no_reply(void **state)
{
    (void)state;
    need_namespace();
    if (!set_kernel("icmp_echo_ignore_all", "1")) {
        skip();
    }
    struct bench *bench = create(NULL);
    bench->options.timeout_ms = 100;
    start(bench, "127.0.0.1");
    expect(bench, "127.0.0.1 1 lost\n127.0.0.1 2 lost\ndone\n");
    start(bench, "127.0.0.1"); /* and the network goes in the middle */
    loop_until_within(bench->services.loop, loop_never, NULL, 0.02);
    network_set_radio(bench->services.network, false);
    expect(bench, "failed network\n");
    network_set_radio(bench->services.network, true);
    destroy(bench);
    set_kernel("icmp_echo_ignore_all", "0");
}

static int resolve_test(const char *host, const char *service, const struct addrinfo *hints,
                        struct addrinfo **result)
{
    if (strcmp(host, "none.example") == 0) {
        return EAI_NONAME;
    }
    struct addrinfo *last = NULL;
    int rc = getaddrinfo("203.0.113.1", service, hints, result); /* no route */
    rc = rc ? rc : getaddrinfo("127.0.0.1", service, hints, &last);
    if (rc == 0) {
        (*result)->ai_next = last;
    }
    return rc;
}

static void test_names(void **state)
{
    (void)state;
    need_namespace();
    struct bench *bench = create(resolve_test);
    bench->options.count = 1;
    start(bench, "two.example");
    expect(bench, "127.0.0.1 1 ok 64\ndone\n");
    start(bench, "none.example");
    expect(bench, "failed resolve\n");
    start(bench, "203.0.113.1");
    expect(bench, "failed connect\n");
    destroy(bench);
}

static void test_network(void **state)
{
    (void)state;
    struct bench *bench = create(NULL);
    network_set_radio(bench->services.network, false);
    start(bench, "127.0.0.1");
    expect(bench, "failed network\n");
    destroy(bench);
}

static void test_cancel(void **state)
{
    (void)state;
    need_namespace();
    struct bench *bench = create(NULL);
    int before = ports_descriptors();
    bench->cancel_at = 1;
    start(bench, "127.0.0.1");
    expect(bench, "127.0.0.1 1 ok 64\n");
    bench->cancel_at = 0;
    start(bench, "127.0.0.1");
    ping_cancel(bench->ping);
    ping_cancel(NULL);
    loop_until_within(bench->services.loop, loop_never, NULL, 0.1);
    assert_int_equal(buf_len(&bench->lines), 0);
    assert_int_equal(ports_descriptors(), before);
    destroy(bench);
}

/* A process without rights, where none are given to all. */
static void test_denied(void **state)
{
    (void)state;
    need_namespace();
    allow_unprivileged(false);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
            _exit(77);
        }
        struct bench *bench = create(NULL);
        start(bench, "127.0.0.1");
        loop_until(bench->services.loop, over, bench);
        _exit(strcmp(buf_text(&bench->lines), "failed denied\n") == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- packets ---- */

/* The sum of a packet that is changed in one place and has its checksum put right. */
static void put_right(unsigned char *bytes)
{
    uint32_t sum = 0;
    bytes[2] = bytes[3] = 0;
    for (int i = 0; i < PING_PACKET; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    bytes[2] = (unsigned char)(~sum >> 8);
    bytes[3] = (unsigned char)~sum;
}

static void test_packets(void **state)
{
    (void)state;
    const struct ping_packet packet = {
        .own_ident = true, .ident = 0x1234, .sequence = 7, .cookie = UINT64_C(0x1122334455667788)};
    unsigned char good[PING_PACKET + 1] = {0};
    ping_packet_request(good, &packet);
    assert_false(ping_packet_is_reply(good, PING_PACKET, &packet)); /* the request itself */
    good[0] = 0;
    put_right(good);
    assert_true(ping_packet_is_reply(good, PING_PACKET, &packet));
    for (size_t len = 0; len < PING_PACKET; len++) {
        assert_false(ping_packet_is_reply(good, len, &packet));
    }
    assert_false(ping_packet_is_reply(good, PING_PACKET + 1, &packet));
    for (int i = 0; i < PING_PACKET; i++) {
        unsigned char bad[PING_PACKET];
        memcpy(bad, good, sizeof bad);
        bad[i] ^= 1;
        assert_false(ping_packet_is_reply(bad, sizeof bad, &packet)); /* the checksum */
        if (i != 2 && i != 3) {
            put_right(bad);
            assert_false(ping_packet_is_reply(bad, sizeof bad, &packet));
        }
    }
    struct ping_packet kernel_s = packet;
    kernel_s.own_ident = false;
    kernel_s.ident = 0;
    assert_true(ping_packet_is_reply(good, PING_PACKET, &kernel_s));
    struct ping_packet six = packet;
    six.six = true;
    ping_packet_request(good, &six);
    assert_int_equal(good[0], 128);
    good[0] = 129;
    assert_true(ping_packet_is_reply(good, PING_PACKET, &six));
    assert_false(ping_packet_is_reply(good, PING_PACKET, &packet));
}

static void test_ip_headers(void **state)
{
    (void)state;
    unsigned char bytes[60] = {0x45};
    assert_int_equal(ping_packet_header(bytes, sizeof bytes), 20);
    bytes[0] = 0x4f;
    assert_int_equal(ping_packet_header(bytes, sizeof bytes), 60);
    assert_int_equal(ping_packet_header(bytes, sizeof bytes - 1), 0);
    assert_int_equal(ping_packet_header(bytes, 0), 0);
    bytes[0] = 0x44;
    assert_int_equal(ping_packet_header(bytes, sizeof bytes), 0);
    bytes[0] = 0x65;
    assert_int_equal(ping_packet_header(bytes, sizeof bytes), 0);
}

int main(void)
{
    if (netns_enter()) {
        netns_ip("link set lo up");
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_families_and_kinds),
        cmocka_unit_test(test_interval),
        cmocka_unit_test(test_no_reply),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_denied),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_ip_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
