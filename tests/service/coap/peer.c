#include "tests/service/coap/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"

/* ---- decoding ---- */

static bool take_length(const uint8_t **at, const uint8_t *end, unsigned *value)
{
    size_t more = *value == 13 ? 1 : *value == 14 ? 2 : 0;
    if (*value == 15 || (size_t)(end - *at) < more) {
        return false;
    }
    if (more) {
        *value = more == 1 ? (*at)[0] + 13U : (unsigned)((*at)[0] << 8 | (*at)[1]) + 269U;
    }
    *at += more;
    return true;
}

static bool decode(struct message *message, const uint8_t *at, size_t len)
{
    const uint8_t *end = at + len;
    unsigned number = 0;
    *message = (struct message){.type = -1};
    if (len < 4 || at[0] >> 6 != 1 || (at[0] & 15U) > 8 || len < 4 + (at[0] & 15U)) {
        return false;
    }
    int type = at[0] >> 4 & 3;
    message->token_len = at[0] & 15U;
    message->code = at[1];
    message->mid = (uint16_t)(at[2] << 8 | at[3]);
    memcpy(message->token, at + 4, message->token_len);
    at += 4 + message->token_len;
    while (at < end && *at != 0xff) {
        unsigned delta = *at >> 4;
        unsigned size = *at & 15U;
        at++;
        if (!take_length(&at, end, &delta) || !take_length(&at, end, &size) ||
            size > (size_t)(end - at) || message->option_count == PEER_OPTIONS) {
            return false;
        }
        number += delta;
        message->options[message->option_count++] = (struct option){number, at, size};
        at += size;
    }
    if (at < end) {
        message->bytes = at + 1;
        message->len = (size_t)(end - at) - 1;
    }
    message->type = type;
    return true;
}

/* ---- encoding ---- */

static unsigned nibble(size_t value)
{
    return value < 13 ? (unsigned)value : value < 269 ? 13 : 14;
}

static void add_extended(struct buf *buf, size_t value)
{
    if (value >= 269) {
        buf_add_byte(buf, (char)((value - 269) >> 8));
        buf_add_byte(buf, (char)(value - 269));
    } else if (value >= 13) {
        buf_add_byte(buf, (char)(value - 13));
    }
}

void peer_send(struct peer *peer, const struct message *message)
{
    struct buf buf = {0};
    unsigned last = 0;
    buf_add_byte(&buf, (char)(0x40 | message->type << 4 | (int)message->token_len));
    buf_add_byte(&buf, (char)message->code);
    buf_add_byte(&buf, (char)(message->mid >> 8));
    buf_add_byte(&buf, (char)message->mid);
    buf_add(&buf, message->token, message->token_len);
    for (size_t i = 0; i < message->option_count; i++) {
        const struct option *option = &message->options[i];
        size_t delta = option->number - last;
        buf_add_byte(&buf, (char)(nibble(delta) << 4 | nibble(option->len)));
        add_extended(&buf, delta);
        add_extended(&buf, option->len);
        buf_add(&buf, option->bytes, option->len);
        last = option->number;
    }
    if (message->len) {
        buf_add_byte(&buf, (char)0xff);
        buf_add(&buf, message->bytes, message->len);
    }
    peer_send_raw(peer, buf_bytes(&buf), buf_len(&buf));
    buf_free(&buf);
}

void peer_send_raw(struct peer *peer, const void *bytes, size_t len)
{
    sendto(peer->fd, bytes, len, 0, (struct sockaddr *)&peer->from, peer->from_len);
}

struct message peer_response(const struct message *to, unsigned code, const char *text)
{
    struct message message = {.type = ACK,
                              .code = code,
                              .mid = to->mid,
                              .token_len = to->token_len,
                              .bytes = text,
                              .len = strlen(text)};
    memcpy(message.token, to->token, sizeof message.token);
    return message;
}

struct message peer_empty(const struct message *to, int type)
{
    return (struct message){.type = type, .mid = to->mid};
}

long peer_number(const struct message *message, unsigned number)
{
    for (size_t i = 0; i < message->option_count; i++) {
        const struct option *option = &message->options[i];
        if (option->number == number) {
            long value = 0;
            for (size_t k = 0; k < option->len; k++) {
                value = value << 8 | ((const uint8_t *)option->bytes)[k];
            }
            return value;
        }
    }
    return -1;
}

struct option peer_block(unsigned number, unsigned block, bool more, unsigned szx, uint8_t value[4])
{
    unsigned all = block << 4 | (more ? 8U : 0U) | szx;
    value[0] = (uint8_t)(all >> 16);
    value[1] = (uint8_t)(all >> 8);
    value[2] = (uint8_t)all;
    return (struct option){number, value, 3};
}

void peer_answer_x(struct peer *peer, const struct message *message)
{
    if (message->type == CON) {
        struct message response = peer_response(message, 0x45, "x");
        peer_send(peer, &response);
    }
}

/* ---- life ---- */

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct peer *peer = io->data;
    peer->from_len = sizeof peer->from;
    ssize_t len = recvfrom(peer->fd, peer->raw, sizeof peer->raw, 0, (struct sockaddr *)&peer->from,
                           &peer->from_len);
    if (len < 0) {
        return;
    }
    peer->raw_len = (size_t)len;
    peer->received++;
    decode(&peer->last, (const uint8_t *)peer->raw, peer->raw_len);
    if (peer->answer) {
        peer->answer(peer, &peer->last);
    }
}

struct peer *peer_create(struct ev_loop *loop, const char *ip, int port)
{
    struct peer *peer = mem_zeroed(sizeof *peer);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is_v4 = inet_pton(AF_INET, ip, &v4.sin_addr) == 1;
    assert_true(is_v4 || inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1);
    struct sockaddr *address = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
    socklen_t len = is_v4 ? sizeof v4 : sizeof v6;
    peer->loop = loop;
    peer->fd = socket(address->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(peer->fd, address, len), 0);
    assert_int_equal(getsockname(peer->fd, address, &len), 0);
    peer->port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
    ev_io_init(&peer->io, on_readable, peer->fd, EV_READ);
    peer->io.data = peer;
    ev_io_start(loop, &peer->io);
    return peer;
}

void peer_destroy(struct peer *peer)
{
    if (peer) {
        ev_io_stop(peer->loop, &peer->io);
        close(peer->fd);
        free(peer);
    }
}

bool peer_has_received(void *ctx)
{
    const struct peer *peer = ctx;
    return peer->received >= peer->expected;
}
