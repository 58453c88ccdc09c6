/* IP packets through the built-in peer, made and read by hand: TCP, UDP and echo requests against
 * servers on loopback, what must not be reached, floods, hosts that do not read. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/service/ppp/bench.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

enum { ICMP = 1, TCP = 6, UDP = 17, FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* ---- servers ---- */

struct server {
    struct ev_loop *loop;
    int fd;
    int port;
    ev_io io;
    int link; /* of TCP: the connection, or -1 */
    ev_io link_io;
    unsigned accepted;
    size_t flood; /* bytes that it sends by itself instead of an echo */
    size_t sent;
};

static void on_link(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct server *server = io->data;
    char bytes[4096];
    if (server->flood) {
        memset(bytes, 'f', sizeof bytes);
        size_t left = server->flood - server->sent;
        ssize_t put = send(server->link, bytes, left < sizeof bytes ? left : sizeof bytes,
                           MSG_DONTWAIT | MSG_NOSIGNAL);
        server->sent += put > 0 ? (size_t)put : 0;
        if (server->sent == server->flood) {
            ev_io_stop(loop, io);
            shutdown(server->link, SHUT_WR);
        }
        return;
    }
    ssize_t got = recv(server->link, bytes, sizeof bytes, 0);
    if (got > 0) {
        assert_int_equal(send(server->link, bytes, (size_t)got, MSG_NOSIGNAL), got);
    } else {
        ev_io_stop(loop, io);
        close(server->link);
        server->link = -1;
    }
}

static void on_server(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct server *server = io->data;
    int type = 0;
    socklen_t len = sizeof type;
    getsockopt(server->fd, SOL_SOCKET, SO_TYPE, &type, &len);
    if (type == SOCK_STREAM) {
        server->link = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
        assert_true(server->link >= 0);
        server->accepted++;
        ev_io_init(&server->link_io, on_link, server->link, server->flood ? EV_WRITE : EV_READ);
        server->link_io.data = server;
        ev_io_start(loop, &server->link_io);
        return;
    }
    char bytes[2048];
    struct sockaddr_in from;
    len = sizeof from;
    ssize_t got = recvfrom(server->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);
    assert_true(got >= 0);
    server->accepted++;
    sendto(server->fd, bytes, (size_t)got, 0, (struct sockaddr *)&from, len);
}

static struct server *serve(struct bench *bench, int type)
{
    static struct server server;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    server = (struct server){.loop = bench->loop, .link = -1};
    server.fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&address, &len), 0);
    assert_true(type != SOCK_STREAM || listen(server.fd, 4) == 0);
    server.port = ntohs(address.sin_port);
    ev_io_init(&server.io, on_server, server.fd, EV_READ);
    server.io.data = &server;
    ev_io_start(bench->loop, &server.io);
    return &server;
}

static void stop(struct server *server)
{
    ev_io_stop(server->loop, &server->io);
    ev_io_stop(server->loop, &server->link_io);
    close(server->fd);
    if (server->link >= 0) {
        close(server->link);
    }
}

/* ---- packets ---- */

struct packet {
    uint8_t bytes[2048];
    size_t len;
    uint8_t protocol;
    const uint8_t *data; /* behind the head of IP */
    size_t data_len;
};

static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* Of TCP and UDP: with the pseudo header. */
static uint16_t transport_sum(const uint8_t *ip, uint8_t protocol, const uint8_t *data, size_t len)
{
    return fold(sum_of(data, len, sum_of(ip + 12, 8, protocol + (uint32_t)len)));
}

static void put16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes + 2, value & 0xffff);
}

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void ip_send_from(struct bench *bench, const char *source, const char *target,
                         uint8_t protocol, uint8_t *data, size_t len)
{
    uint8_t ip[2048] = {0x45, 0};
    put16(ip + 2, (unsigned)len + 20);
    ip[8] = 64;
    ip[9] = protocol;
    inet_pton(AF_INET, source, ip + 12);
    inet_pton(AF_INET, target, ip + 16);
    put16(ip + 10, fold(sum_of(ip, 20, 0)));
    if (protocol == TCP) {
        put16(data + 16, transport_sum(ip, TCP, data, len));
    } else if (protocol == UDP) {
        put16(data + 6, transport_sum(ip, UDP, data, len));
    } else {
        put16(data + 2, fold(sum_of(data, len, 0)));
    }
    memcpy(ip + 20, data, len);
    host_packet(bench, 0x0021, ip, len + 20);
}

static void ip_send(struct bench *bench, const char *target, uint8_t protocol, uint8_t *data,
                    size_t len)
{
    ip_send_from(bench, HOST_ADDRESS, target, protocol, data, len);
}

/* The next packet; its checksums must be right. */
static void ip_expect(struct bench *bench, struct packet *packet)
{
    uint8_t *ip = packet->bytes;
    packet->len = host_packet_of(bench, "0021 ", ip, sizeof packet->bytes);
    assert_true(packet->len >= 20 && ip[0] == 0x45);
    assert_int_equal(ip[2] << 8 | ip[3], packet->len);
    assert_int_equal(fold(sum_of(ip, 20, 0)), 0);
    struct in_addr host;
    inet_pton(AF_INET, HOST_ADDRESS, &host);
    assert_memory_equal(ip + 16, &host, 4);
    packet->protocol = ip[9];
    packet->data = ip + 20;
    packet->data_len = packet->len - 20;
    if (packet->protocol == TCP) {
        assert_int_equal(transport_sum(ip, TCP, packet->data, packet->data_len), 0);
    }
}

static void udp_send(struct bench *bench, const char *target, int port, const char *text)
{
    uint8_t data[1400];
    size_t len = strlen(text);
    put16(data, 5000);
    put16(data + 2, (unsigned)port);
    put16(data + 4, (unsigned)len + 8);
    put16(data + 6, 0);
    memcpy(data + 8, text, len);
    ip_send(bench, target, UDP, data, len + 8);
}

/* ---- TCP, the least of it ---- */

struct tcp {
    struct bench *bench;
    const char *target;
    int port;
    uint32_t seq; /* the next byte of ours */
    uint32_t ack; /* the next byte of theirs */
};

static void tcp_send(struct tcp *tcp, int flags, const char *text)
{
    uint8_t data[1400] = {0};
    size_t len = strlen(text);
    put16(data, 5001);
    put16(data + 2, (unsigned)tcp->port);
    put32(data + 4, tcp->seq);
    put32(data + 8, flags & ACK ? tcp->ack : 0);
    data[12] = 5 << 4;
    data[13] = (uint8_t)flags;
    put16(data + 14, 60000);
    memcpy(data + 20, text, len);
    ip_send(tcp->bench, tcp->target, TCP, data, len + 20);
    tcp->seq += (uint32_t)len + (flags & (SYN | FIN) ? 1 : 0);
}

/* The next segment; its flags. Data in sequence are acknowledged; *text (with room for 2048) gets
 * them. */
static int tcp_expect(struct tcp *tcp, char *text)
{
    struct packet packet;
    ip_expect(tcp->bench, &packet);
    assert_int_equal(packet.protocol, TCP);
    size_t head = (size_t)(packet.data[12] >> 4) * 4;
    size_t len = packet.data_len - head;
    int flags = packet.data[13];
    *text = '\0';
    if (flags & SYN) {
        tcp->ack = get32(packet.data + 4) + 1;
    } else if (get32(packet.data + 4) == tcp->ack) {
        memcpy(text, packet.data + head, len);
        text[len] = '\0';
        tcp->ack += (uint32_t)len + (flags & FIN ? 1 : 0);
        if (len || flags & FIN) {
            tcp_send(tcp, ACK, "");
        }
    }
    return flags;
}

static struct tcp tcp_connect(struct bench *bench, const char *target, int port)
{
    struct tcp tcp = {bench, target, port, 1000, 0};
    char text[2048];
    tcp_send(&tcp, SYN, "");
    assert_int_equal(tcp_expect(&tcp, text), SYN | ACK);
    tcp_send(&tcp, ACK, "");
    return tcp;
}

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
    struct packet packet;
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
    struct packet packet;
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
static void test_rubbish(void **state)
{
    struct bench *bench = *state;
    start(bench, true);
    bench->keep = true;
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[300];
        size_t len = random_byte();
        for (size_t n = 0; n < sizeof bytes; n++) {
            bytes[n] = random_byte();
        }
        static const unsigned protocols[] = {0xc021, 0x8021, 0x0021, 0x80fd};
        unsigned protocol = protocols[random_byte() % 4];
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_udp),     TEST(test_ping),
        TEST(test_tcp),     TEST(test_refused),
        TEST(test_sleeps),  TEST(test_loopback_is_shut),
        TEST(test_flood),   TEST(test_what_is_dropped),
        TEST(test_rubbish), TEST(test_back_pressure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
