/* IP packets through the built-in peer, made and read by hand: TCP, UDP and echo requests against
 * servers on loopback, what must not be reached, floods, hosts that do not read. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/service/ppp/ip.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

/* ---- tests ---- */

static void start(struct bench *bench, bool loopback)
{
    bench->settings.loopback = loopback;
    bench_start(bench);
    host_up(bench);
}

static void test_udp(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_DGRAM);
    struct packet packet = {0};
    start(bench, true);
    for (int i = 0; i < 3; i++) {
        udp_send(bench, OWN_ADDRESS, server->port, "hello");
        ip_expect(bench, &packet);
        assert_int_equal(packet.protocol, UDP);
        assert_int_equal(packet.data[0] << 8 | packet.data[1], server->port);
        assert_int_equal(packet.data[2] << 8 | packet.data[3], 5000);
        assert_int_equal(packet.data_len, 13);
        assert_memory_equal(packet.data + 8, "hello", 5);
    }
    stop(server);
}

static void test_ping(void **state)
{
    struct bench *bench = *state;
    struct packet packet = {0};
    uint8_t data[] = {8, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'};
    start(bench, false);
    ip_send(bench, OWN_ADDRESS, ICMP, data, sizeof data);
    ip_expect(bench, &packet);
    assert_int_equal(packet.protocol, ICMP);
    assert_int_equal(packet.data[0], 0);
    assert_int_equal(fold(sum_of(packet.data, packet.data_len, 0)), 0);
    assert_memory_equal(packet.data + 4, data + 4, sizeof data - 4);
}

static void test_tcp(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_STREAM);
    char text[2048];
    start(bench, true);
    struct tcp tcp = tcp_connect(bench, OWN_ADDRESS, server->port);
    for (int i = 0; i < 3; i++) {
        tcp_send(&tcp, PSH | ACK, "hello");
        do {
            tcp_expect(&tcp, text);
        } while (!*text);
        assert_string_equal(text, "hello");
    }
    tcp_send(&tcp, FIN | ACK, "");
    while (!(tcp_expect(&tcp, text) & FIN)) {
    }
    assert_int_equal(server->accepted, 1);
    stop(server);
}

static void test_refused(void **state)
{
    struct bench *bench = *state;
    char text[2048];
    start(bench, true);
    struct tcp tcp = {bench, OWN_ADDRESS, ports_free(), 1000, 0};
    tcp_send(&tcp, SYN, "");
    assert_true(tcp_expect(&tcp, text) & RST);
}

/* Nobody hears of it; what the host hears does not matter. */
static void test_loopback_is_shut(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_STREAM);
    for (int loopback = 0; loopback < 2; loopback++) {
        start(bench, loopback);
        struct tcp tcp = {bench, loopback ? "127.0.0.1" : OWN_ADDRESS, server->port, 1000, 0};
        tcp_send(&tcp, SYN, "");
        tcp.target = "192.168.40.9"; /* another address of the same 8 */
        if (!loopback) {
            tcp_send(&tcp, SYN, "");
        }
        tcp.target = "0.0.0.0";
        tcp_send(&tcp, SYN, "");
        loop_until_within(bench->loop, loop_never, NULL, 0.2);
        ppp_destroy(bench->ppp);
        bench->ppp = NULL;
        buf_clear(&bench->lines);
        buf_clear(&bench->raw);
    }
    assert_int_equal(server->accepted, 0);
    stop(server);
}

static void test_what_is_dropped(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_DGRAM);
    uint8_t data[] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
    start(bench, true);
    ip_send_from(bench, "192.168.40.11", OWN_ADDRESS, ICMP, data,
                 sizeof data); /* not its address */
    ip_send(bench, "224.0.0.1", ICMP, data, sizeof data);
    ip_send(bench, "255.255.255.255", ICMP, data, sizeof data);
    ip_send(bench, "127.0.0.1", ICMP, data, sizeof data);
    host_send(bench, 0x0021, "45 00");
    host_send(bench, 0x0021, "60 00 0000 0000 3b40 00000000000000000000000000000001");
    host_send(bench, 0x0021, "45 00 00ff 0000 0000 4001 0000 c0a8280d c0a8280e"); /* cut */
    host_send(bench, 0x0021, "44 00 0014 0000 0000 4001 0000 c0a8280d c0a8280e");
    bench_quiet(bench, 0.05);
    udp_send(bench, OWN_ADDRESS, server->port, "still here");
    host_expect(bench, "0021 45");
    stop(server);
}

static void test_sleeps(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_STREAM);
    start(bench, true);
    bench_quiet(bench, 0.05);
    assert_true(loop_wakes(bench->loop, 0.5) <= 3);
    struct tcp tcp = tcp_connect(bench, OWN_ADDRESS, server->port);
    bench_quiet(bench, 0.05);
    (void)tcp;
    assert_true(loop_wakes(bench->loop, 1.) <=
                8); /* TCP has clocks of half and a fifth of a second */
    stop(server);
}

/* A host that does not read: what waits is bounded, and nothing is lost in the end. */
static void test_back_pressure(void **state)
{
    struct bench *bench = *state;
    struct server *server = serve(bench, SOCK_STREAM);
    static char text[4096];
    server->flood = 400000;
    start(bench, true);
    struct tcp tcp = tcp_connect(bench, OWN_ADDRESS, server->port);
    bench->room = 0;
    loop_until_within(bench->loop, loop_never, NULL, 0.2);
    assert_true(server->sent > 0);
    bench->room = SIZE_MAX;
    ppp_resume(bench->ppp);
    size_t got = 0;
    int flags = 0;
    while (!(flags & FIN) || got < server->flood) {
        flags |= tcp_expect(&tcp, text) & FIN;
        assert_int_equal(strspn(text, "f"), strlen(text));
        got += strlen(text);
    }
    assert_int_equal(got, server->flood);
    stop(server);
}

static bool ready(void *ctx)
{
    return ((struct bench *)ctx)->ready;
}

/* Echo requests without end from a host that reads no reply. */
static void test_flood(void **state)
{
    struct bench *bench = *state;
    start(bench, false);
    bench->room = 0;
    uint8_t data[1000] = {8, 0, 0, 0, 0x12, 0x34, 0, 1};
    uint8_t ip[1020] = {0x45};
    put16(data + 2, fold(sum_of(data, sizeof data, 0)));
    put16(ip + 2, sizeof ip);
    ip[8] = 64;
    ip[9] = ICMP;
    inet_pton(AF_INET, HOST_ADDRESS, ip + 12);
    inet_pton(AF_INET, OWN_ADDRESS, ip + 16);
    put16(ip + 10, fold(sum_of(ip, 20, 0)));
    memcpy(ip + 20, data, sizeof data);
    struct buf line = {0};
    uint8_t echo[] = {0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0, 0, 0};
    put16(echo + 12, 0);
    uint16_t fcs = host_fcs(echo, 12);
    echo[12] = (uint8_t)fcs;
    echo[13] = (uint8_t)(fcs >> 8);
    buf_add_byte(&line, 0x7e);
    for (size_t i = 0; i < sizeof echo; i++) {
        buf_add_byte(&line, 0x7d);
        buf_add_byte(&line, (char)(echo[i] ^ 0x20));
    }
    buf_add_byte(&line, 0x7e);
    size_t taken = 0;
    size_t last;
    do { /* LCP's, which are answered at once */
        last = ppp_input(bench->ppp, buf_bytes(&line), buf_len(&line));
        taken += last;
        assert_true(taken < 1024 * 1024);
    } while (last == buf_len(&line));
    assert_int_equal(ppp_input(bench->ppp, "x", 1), 0);
    loop_until_within(bench->loop, loop_never, NULL, 0.05);
    assert_false(bench->ready);
    bench->room = SIZE_MAX;
    ppp_resume(bench->ppp);
    bench_until(bench, ready, bench);
    buf_clear(&bench->lines);
    for (int i = 0; i < 300; i++) { /* and those of IP */
        bench->in_call = true;
        host_packet(bench, 0x0021, ip, sizeof ip);
        bench->in_call = false;
        loop_until_within(bench->loop, loop_never, NULL, 0.0005);
    }
    buf_free(&line);
    host_expect(bench, "0021 45");
}

static uint32_t random_state = 1;

static uint8_t random_byte(void)
{
    random_state = random_state * 1103515245 + 12345;
    return (uint8_t)(random_state >> 16);
}

/* Rubbish: as bytes, and in frames whose FCS is right. */
static void rubbish(struct bench *bench, bool only_ip)
{
    start(bench, true);
    bench->keep = true;
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[300];
        size_t len = random_byte();
        for (size_t n = 0; n < sizeof bytes; n++) {
            bytes[n] = random_byte();
        }
        static const unsigned protocols[] = {0xc021, 0x8021, 0x0021, 0x80fd};
        unsigned protocol = only_ip ? 0x0021 : protocols[random_byte() % 4];
        if (protocol == 0x0021) { /* nearly good ones */
            bytes[0] = random_byte() % 4 ? 0x45 : bytes[0];
            put16(bytes + 2, (unsigned)len);
            bytes[9] = random_byte() % 3 ? (random_byte() % 2 ? TCP : UDP) : ICMP;
            inet_pton(AF_INET, HOST_ADDRESS, bytes + 12);
            inet_pton(AF_INET, OWN_ADDRESS, bytes + 16);
            put16(bytes + 10, 0);
            put16(bytes + 10, fold(sum_of(bytes, 20, 0)));
        } else if (random_byte() % 4) {
            bytes[0] = (uint8_t)(random_byte() % 13);
            bytes[0] = bytes[0] == 5 || bytes[0] == 7 ? 1 : bytes[0]; /* which would end it */
            put16(bytes + 2, (unsigned)len);
        }
        host_packet(bench, protocol, bytes, len);
        if (ppp_input(bench->ppp, (const char *)bytes, len) < len) {
            break; /* it has ended, as it may: the two did not agree */
        }
        ev_run(bench->loop, EVRUN_NOWAIT);
        buf_clear(&bench->said);
        if (buf_len(&bench->lines)) {
            break;
        }
    }
}

static void test_rubbish(void **state)
{
    rubbish(*state, false);
}

/* Fragments among them, which libslirp must never see. */
static void test_rubbish_of_ip(void **state)
{
    rubbish(*state, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_udp),           TEST(test_ping),
        TEST(test_tcp),           TEST(test_refused),
        TEST(test_sleeps),        TEST(test_loopback_is_shut),
        TEST(test_flood),         TEST(test_what_is_dropped),
        TEST(test_rubbish),       TEST(test_rubbish_of_ip),
        TEST(test_back_pressure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
