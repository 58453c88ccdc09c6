#include "tests/service/ppp/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- servers ---- */

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

struct server *serve(struct bench *bench, int type)
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

void stop(struct server *server)
{
    ev_io_stop(server->loop, &server->io);
    ev_io_stop(server->loop, &server->link_io);
    close(server->fd);
    if (server->link >= 0) {
        close(server->link);
    }
}

/* ---- packets ---- */

uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    }
    return sum;
}

uint16_t fold(uint32_t sum)
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

void put16(uint8_t *bytes, unsigned value)
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

void ip_send_from(struct bench *bench, const char *source, const char *target, uint8_t protocol,
                  uint8_t *data, size_t len)
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

void ip_send(struct bench *bench, const char *target, uint8_t protocol, uint8_t *data, size_t len)
{
    ip_send_from(bench, HOST_ADDRESS, target, protocol, data, len);
}

void ip_expect(struct bench *bench, struct packet *packet)
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

void udp_send(struct bench *bench, const char *target, int port, const char *text)
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

void tcp_send(struct tcp *tcp, int flags, const char *text)
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
int tcp_expect(struct tcp *tcp, char *text)
{
    struct packet packet = {0};
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

struct tcp tcp_connect(struct bench *bench, const char *target, int port)
{
    struct tcp tcp = {bench, target, port, 1000, 0};
    char text[2048];
    tcp_send(&tcp, SYN, "");
    assert_int_equal(tcp_expect(&tcp, text), SYN | ACK);
    tcp_send(&tcp, ACK, "");
    return tcp;
}
