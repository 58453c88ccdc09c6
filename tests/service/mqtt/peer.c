#include "tests/service/mqtt/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/support/loop.h"

struct peer {
    struct bench *bench;
    int port;
    int connections;
    ev_io accept;
    ev_io read; /* its fd is the connection; -1: none */
    bool dumb;
    const void *greeting;
    size_t greeting_len;
    const void *connack;
    size_t connack_len;
    unsigned char own_connack[4];
    struct buf input;
    struct buf lines;
};

static const char *const names[16] = {
    "0",       "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
    "PUBREL",  "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
    "PINGREQ", "PINGRESP", "DISCONNECT", "15",
};

static unsigned number(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static void write_down(struct peer *peer, unsigned char first, const unsigned char *body)
{
    unsigned type = first >> 4;
    unsigned qos = first >> 1 & 3;
    buf_add_text(&peer->lines, names[type]);
    if (type == 1) {
        const unsigned char *flags = body + 2 + number(body) + 1;
        buf_printf(&peer->lines, " %d %d", *flags >> 1 & 1, *flags >> 2 & 1);
        if (peer->connack) {
            peer_send(peer, peer->connack, peer->connack_len);
            peer->own_connack[2] = !(*flags & 2);
        }
    } else if (type == 3) {
        unsigned id = qos ? number(body + 2 + number(body)) : 0;
        buf_printf(&peer->lines, " %d %u %u", first >> 3 & 1, qos, id);
    } else if (type < 12) {
        buf_printf(&peer->lines, " %u", number(body));
    }
    buf_add_byte(&peer->lines, '\n');
}

static void take_packets(struct peer *peer)
{
    for (;;) {
        const unsigned char *bytes = (const unsigned char *)buf_bytes(&peer->input);
        size_t len = buf_len(&peer->input);
        size_t at = 1;
        size_t body = 0;
        for (unsigned shift = 0; at < len; shift += 7) {
            body |= (size_t)(bytes[at] & 0x7f) << shift;
            if (!(bytes[at++] & 0x80)) {
                break;
            }
        }
        if (len < 2 || bytes[at - 1] & 0x80 || len < at + body) {
            return;
        }
        write_down(peer, bytes[0], bytes + at);
        buf_take(&peer->input, at + body);
    }
}

static void drop(struct peer *peer)
{
    if (peer->read.fd >= 0) {
        ev_io_stop(peer->bench->loop, &peer->read);
        close(peer->read.fd);
        peer->read.fd = -1;
        buf_clear(&peer->input);
    }
}

static void on_read(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct peer *peer = io->data;
    ssize_t got = read(io->fd, buf_room(&peer->input, 65536), 65536);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        buf_add_text(&peer->lines, "END\n");
        drop(peer);
        return;
    }
    buf_added(&peer->input, (size_t)got);
    if (!peer->dumb) {
        take_packets(peer);
    }
}

static void on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct peer *peer = io->data;
    int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    for (int i = 0; i < 2 && peer->read.fd >= 0; i++) {
        on_read(loop, &peer->read, EV_READ); /* the end of the last one may be there already */
    }
    drop(peer);
    peer->connections++;
    ev_io_set(&peer->read, fd, EV_READ);
    ev_io_start(loop, &peer->read);
    if (peer->greeting) {
        peer_send(peer, peer->greeting, peer->greeting_len);
    }
}

struct peer *peer_create(struct bench *bench)
{
    struct peer *peer = mem_zeroed(sizeof *peer);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    peer->bench = bench;
    peer->port = ntohs(address.sin_port);
    ev_io_init(&peer->accept, on_accept, fd, EV_READ);
    peer->accept.data = peer;
    ev_io_start(bench->loop, &peer->accept);
    ev_io_init(&peer->read, on_read, -1, EV_READ);
    peer->read.data = peer;
    return peer;
}

struct peer *peer_connect(struct bench *bench)
{
    struct peer *peer = peer_create(bench);
    peer_answer_connect(peer, 0, false);
    bench_online(bench, peer_port(peer));
    peer_expect(peer, "CONNECT %d 0", bench->options.clean_session);
    return peer;
}

void peer_destroy(struct peer *peer)
{
    drop(peer);
    ev_io_stop(peer->bench->loop, &peer->accept);
    close(peer->accept.fd);
    buf_free(&peer->input);
    buf_free(&peer->lines);
    free(peer);
}

int peer_port(const struct peer *peer)
{
    return peer->port;
}

int peer_connections(const struct peer *peer)
{
    return peer->connections;
}

void peer_play_dumb(struct peer *peer)
{
    peer->dumb = true;
}

void peer_greet(struct peer *peer, const void *bytes, size_t len)
{
    peer->greeting = bytes;
    peer->greeting_len = len;
}

void peer_answer_connect(struct peer *peer, int code, bool session_present)
{
    unsigned char bytes[] = {0x20, 2, session_present, (unsigned char)code};
    memcpy(peer->own_connack, bytes, sizeof bytes);
    peer->connack = code < 0 ? NULL : peer->own_connack;
    peer->connack_len = sizeof bytes;
}

void peer_answer_connect_with(struct peer *peer, const void *bytes, size_t len)
{
    peer->connack = bytes;
    peer->connack_len = len;
}

void peer_pause(struct peer *peer, bool pause)
{
    if (pause) {
        ev_io_stop(peer->bench->loop, &peer->read);
    } else {
        ev_io_start(peer->bench->loop, &peer->read);
    }
}

void peer_drain(struct peer *peer)
{
    ssize_t got;
    while ((got = read(peer->read.fd, buf_room(&peer->input, 65536), 65536)) > 0) {
        buf_added(&peer->input, (size_t)got);
    }
    take_packets(peer);
}

void peer_send(struct peer *peer, const void *bytes, size_t len)
{
    assert_int_equal(write(peer->read.fd, bytes, len), len);
}

void peer_send_ack(struct peer *peer, unsigned char type, unsigned id, int last)
{
    unsigned char bytes[] = {type, last < 0 ? 2 : 3, (unsigned char)(id >> 8), (unsigned char)id,
                             (unsigned char)last};
    peer_send(peer, bytes, last < 0 ? 4 : 5);
}

void peer_close(struct peer *peer)
{
    drop(peer);
}

void peer_reset(struct peer *peer)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(peer->read.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    drop(peer);
}

static bool has_line(void *ctx)
{
    const struct peer *peer = ctx;
    return buf_len(&peer->lines) > 0;
}

void peer_expect(struct peer *peer, const char *format, ...)
{
    char expected[100];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    bench_until(peer->bench, has_line, peer);
    const char *text = buf_text(&peer->lines);
    size_t len = strcspn(text, "\n");
    char *line = mem_copy(text, len);
    assert_string_equal(line, expected);
    free(line);
    buf_take(&peer->lines, len + 1);
}

bool peer_received(const struct peer *peer, const char *text)
{
    return memmem(buf_bytes(&peer->input), buf_len(&peer->input), text, strlen(text)) != NULL;
}

const char *peer_lines(struct peer *peer)
{
    return buf_text(&peer->lines);
}
