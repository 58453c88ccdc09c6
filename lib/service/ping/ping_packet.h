/* Private to the ping service: echo requests and what makes a packet the reply to one. */
#ifndef SERVICE_PING_PING_PACKET_H
#define SERVICE_PING_PING_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PING_PACKET = 40 };

struct ping_packet {
    bool six;       /* ICMPv6 */
    bool own_ident; /* false: the kernel puts its own into packets, and sorts replies by it */
    uint16_t ident;
    uint16_t sequence;
    uint64_t cookie; /* in the data: a reply to an older program or a forged one differs */
};

/* The checksum of ICMPv6 is left to the kernel, which alone knows both addresses. */
void ping_packet_request(unsigned char bytes[PING_PACKET], const struct ping_packet *packet);
/* Whether bytes, without an IP header, are the reply to the request. */
bool ping_packet_is_reply(const unsigned char *bytes, size_t len, const struct ping_packet *packet);
/* How long the IPv4 header in front is; 0: that is none. */
size_t ping_packet_header(const unsigned char *bytes, size_t len);

#endif
