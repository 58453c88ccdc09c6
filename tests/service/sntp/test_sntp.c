/* SNTP queries against a server of the test's own, honest and otherwise; the packet alone. */
#include <arpa/inet.h>
#include <ev.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "net/redirect.h"
#include "service/sntp/sntp.h"
#include "service/sntp/sntp_packet.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"
#include "tests/support/services.h"

#define SECONDS_1900 2208988800U

struct bench {
    struct services services;
    /* the server */
    int fd, port;
    ev_io io;
    int asked;
    int ignore;    /* so many queries get no answer */
    int64_t ahead; /* seconds by which its clock is */
    void (*spoil)(struct bench *bench, unsigned char *packet, size_t *len);
    /* the outcome */
    bool over;
    struct sntp_result result;
    char why[200];
    char address[64];
};

static const char *failure_text(enum sntp_failure failure)
{
    static const char *const texts[] = {
        [SNTP_FAILED_NETWORK] = "network", [SNTP_FAILED_RESOLVE] = "resolve",
        [SNTP_FAILED_CONNECT] = "connect", [SNTP_FAILED_TIMEOUT] = "timeout",
        [SNTP_FAILED_SERVER] = "server",
    };
    return texts[failure];
}

static void put32(unsigned char *to, uint32_t value)
{
    value = htonl(value);
    memcpy(to, &value, sizeof value);
}

static void put_time(unsigned char *to, int64_t seconds, long ns)
{
    put32(to, (uint32_t)(seconds + SECONDS_1900));
    put32(to + 4, (uint32_t)((uint64_t)ns * 4294967296U / 1000000000U));
}

static void on_query(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct bench *bench = io->data;
    unsigned char packet[68] = {0};
    struct sockaddr_storage from;
    socklen_t from_len = sizeof from;
    ssize_t got = recvfrom(bench->fd, packet, 48, 0, (struct sockaddr *)&from, &from_len);
    assert_int_equal(got, 48);
    assert_int_equal(packet[0], 0x23); /* version 4, client */
    bench->asked++;
    if (bench->ignore > 0) {
        bench->ignore--;
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memmove(packet + 24, packet + 40, 8);
    packet[0] = 0x24;
    packet[1] = 2;
    put_time(packet + 32, now.tv_sec + bench->ahead, now.tv_nsec);
    put_time(packet + 40, now.tv_sec + bench->ahead, now.tv_nsec);
    size_t len = 48;
    if (bench->spoil) {
        bench->spoil(bench, packet, &len);
    }
    sendto(bench->fd, packet, len, 0, (struct sockaddr *)&from, from_len);
}

static struct bench *create(resolve_function function)
{
    struct bench *bench = calloc(1, sizeof *bench);
    services_open(&bench->services, function);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    bench->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(bench->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(bench->fd, (struct sockaddr *)&address, &len), 0);
    bench->port = ntohs(address.sin_port);
    ev_io_init(&bench->io, on_query, bench->fd, EV_READ);
    bench->io.data = bench;
    ev_io_start(bench->services.loop, &bench->io);
    return bench;
}

static void destroy(struct bench *bench)
{
    ev_io_stop(bench->services.loop, &bench->io);
    close(bench->fd);
    services_close(&bench->services);
    free(bench);
}

static int setup(void **state)
{
    *state = create(NULL);
    return 0;
}

static int teardown(void **state)
{
    destroy(*state);
    return 0;
}

static void done(void *ctx, const struct sntp_result *result)
{
    struct bench *bench = ctx;
    assert_false(bench->over);
    bench->over = true;
    bench->result = *result;
    snprintf(bench->why, sizeof bench->why, "%s", result->why ? result->why : "");
    snprintf(bench->address, sizeof bench->address, "%s", result->address ? result->address : "");
}

static bool over(void *ctx)
{
    const struct bench *bench = ctx;
    return bench->over;
}

static void query(struct bench *bench, const char *host, unsigned timeout_ms)
{
    bench->over = false;
    assert_non_null(sntp_query(&bench->services.env, host, bench->port, timeout_ms, done, bench));
    assert_false(bench->over);
    assert_true(loop_until(bench->services.loop, over, bench));
}

static void expect_failure(struct bench *bench, enum sntp_failure failure)
{
    assert_false(bench->result.ok);
    assert_string_equal(failure_text(bench->result.failure), failure_text(failure));
    assert_true(*bench->why);
    assert_non_null(strstr(buf_text(&bench->services.log_lines), "warning: sntp: no time from "));
}

static void expect_offset(struct bench *bench, int64_t seconds)
{
    assert_true(bench->result.ok);
    int64_t error = bench->result.offset_us - seconds * 1000000;
    assert_true(error > -100000 && error < 100000);
    assert_true(bench->result.delay_us >= 0 && bench->result.delay_us < 1000000);
    assert_int_equal(bench->result.stratum, 2);
    assert_string_equal(bench->address, "127.0.0.1");
}

static void test_offset(void **state)
{
    struct bench *bench = *state;
    static const int64_t ahead[] = {0, 3600, -86400 * 400LL, 86400 * 365 * 12LL /* behind 2036 */};
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        bench->ahead = ahead[i];
        query(bench, "127.0.0.1", 5000);
        expect_offset(bench, ahead[i]);
    }
}

static void test_repeated_when_lost(void **state)
{
    struct bench *bench = *state;
    bench->ignore = 1;
    query(bench, "127.0.0.1", 5000);
    expect_offset(bench, 0);
    assert_int_equal(bench->asked, 2);
}

static void test_no_answer(void **state)
{
    struct bench *bench = *state;
    bench->ignore = 100;
    double start = ev_time();
    query(bench, "127.0.0.1", 200);
    expect_failure(bench, SNTP_FAILED_TIMEOUT);
    assert_true(ev_time() - start > 0.15);
}

/* ---- answers that are none, or bad ones ---- */

static void another_originate(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[31] ^= 1;
}

static void short_one(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)packet;
    *len = 47;
}

static void a_client_s(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[0] = 0x23;
}

static void no_version(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[0] = 0x04;
}

static void test_foreign_packets(void **state)
{
    struct bench *bench = *state;
    void (*const spoils[])(struct bench *, unsigned char *,
                           size_t *) = {another_originate, short_one, a_client_s, no_version};
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        bench->spoil = spoils[i];
        query(bench, "127.0.0.1", 100);
        expect_failure(bench, SNTP_FAILED_TIMEOUT);
    }
}

static void not_synchronised(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[0] = 0xe4;
}

static void stratum_16(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[1] = 16;
}

static void no_transmit_time(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    memset(packet + 40, 0, 8);
}

static void kiss_of_death(struct bench *bench, unsigned char *packet, size_t *len)
{
    (void)bench;
    (void)len;
    packet[1] = 0;
    memcpy(packet + 12, "RA\nE", 4);
}

static void test_no_time(void **state)
{
    struct bench *bench = *state;
    void (*const spoils[])(struct bench *, unsigned char *, size_t *) = {
        not_synchronised, stratum_16, no_transmit_time, kiss_of_death};
    for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
        bench->spoil = spoils[i];
        bench->asked = 0;
        query(bench, "127.0.0.1", 5000);
        expect_failure(bench, SNTP_FAILED_SERVER);
        assert_int_equal(bench->asked, 1); /* who is told to go away goes */
    }
    assert_non_null(strstr(bench->why, "RA?E"));
}

/* ---- the way there ---- */

static int two_addresses(const char *host, const char *service, const struct addrinfo *hints,
                         struct addrinfo **result)
{
    if (strcmp(host, "none.example") == 0) {
        return EAI_NONAME;
    }
    struct addrinfo *last = NULL;
    int rc = getaddrinfo("127.0.0.2", service, hints, result);
    rc = rc ? rc : getaddrinfo("127.0.0.1", service, hints, &last);
    if (rc == 0) {
        (*result)->ai_next = last;
    }
    return rc;
}

static void test_names(void **state)
{
    (void)state;
    struct bench *bench = create(two_addresses);
    query(bench, "two.example", 5000);
    expect_offset(bench, 0);
    query(bench, "none.example", 5000);
    expect_failure(bench, SNTP_FAILED_RESOLVE);
    struct redirect *redirect = redirect_create("none.example=127.0.0.1");
    bench->services.env.redirect = redirect;
    query(bench, "none.example", 5000);
    expect_offset(bench, 0);
    redirect_destroy(redirect);
    destroy(bench);
}

static void test_nobody_listens(void **state)
{
    struct bench *bench = *state;
    bench->port = ports_free();
    query(bench, "127.0.0.1", 5000);
    expect_failure(bench, SNTP_FAILED_CONNECT);
}

static void test_network(void **state)
{
    struct bench *bench = *state;
    network_set_radio(bench->services.network, false);
    query(bench, "127.0.0.1", 5000);
    expect_failure(bench, SNTP_FAILED_NETWORK);
    network_set_radio(bench->services.network, true);
    bench->ignore = 100;
    bench->over = false;
    sntp_query(&bench->services.env, "127.0.0.1", bench->port, 5000, done, bench);
    loop_until_within(bench->services.loop, loop_never, NULL, 0.05);
    network_set_radio(bench->services.network, false);
    assert_false(bench->over);
    assert_true(loop_until(bench->services.loop, over, bench));
    expect_failure(bench, SNTP_FAILED_NETWORK);
    network_set_radio(bench->services.network, true);
}

static void test_cancel(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 3; i++) {
        struct sntp *sntp =
            sntp_query(&bench->services.env, "127.0.0.1", bench->port, 5000, done, bench);
        for (int k = 0; k < i; k++) {
            ev_run(bench->services.loop, EVRUN_NOWAIT);
        }
        sntp_cancel(sntp);
    }
    sntp_cancel(NULL);
    loop_until_within(bench->services.loop, loop_never, NULL, 0.05);
    assert_false(bench->over);
    assert_int_equal(ports_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_offset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_repeated_when_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_packets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_time, setup, teardown),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_nobody_listens, setup, teardown),
        cmocka_unit_test_setup_teardown(test_network, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
