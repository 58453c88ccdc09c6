#include "service/ping/ping_packet.h"

#include <string.h>

enum {
    ECHO_4 = 8,
    REPLY_4 = 0,
    ECHO_6 = 128,
    REPLY_6 = 129,
    HEAD = 8,
    COOKIE = HEAD, /* its place; a pattern follows */
};

static void put16(unsigned char *to, uint16_t value)
{
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)value;
}

static uint16_t get16(const unsigned char *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

/* RFC 1071 */
static uint16_t checksum(const unsigned char *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2) {
        sum += get16(bytes + i);
    }
    if (len % 2) {
        sum += (uint32_t)bytes[len - 1] << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum += sum >> 16;
    return (uint16_t)~sum;
}

void ping_packet_request(unsigned char bytes[PING_PACKET], const struct ping_packet *packet)
{
    memset(bytes, 0, PING_PACKET);
    bytes[0] = packet->six ? ECHO_6 : ECHO_4;
    put16(bytes + 4, packet->ident);
    put16(bytes + 6, packet->sequence);
    memcpy(bytes + COOKIE, &packet->cookie, sizeof packet->cookie);
    for (size_t i = COOKIE + sizeof packet->cookie; i < PING_PACKET; i++) {
        bytes[i] = (unsigned char)('a' + i % 26);
    }
    if (!packet->six) {
        put16(bytes + 2, checksum(bytes, PING_PACKET));
    }
}

bool ping_packet_is_reply(const unsigned char *bytes, size_t len, const struct ping_packet *packet)
{
    unsigned char expected[PING_PACKET];
    if (len != PING_PACKET || bytes[0] != (packet->six ? REPLY_6 : REPLY_4) || bytes[1] != 0 ||
        (!packet->six && checksum(bytes, len) != 0)) {
        return false;
    }
    ping_packet_request(expected, packet);
    bool ident = !packet->own_ident || get16(bytes + 4) == packet->ident;
    return ident && memcmp(bytes + 6, expected + 6, PING_PACKET - 6) == 0;
}

size_t ping_packet_header(const unsigned char *bytes, size_t len)
{
    size_t size = len ? (size_t)(bytes[0] & 0xf) * 4 : 0;
    return len && bytes[0] >> 4 == 4 && size >= 20 && size <= len ? size : 0;
}
