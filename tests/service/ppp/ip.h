/* IP packets of a host, made and read by hand, and servers on loopback that they are for. */
#ifndef TESTS_SERVICE_PPP_IP_H
#define TESTS_SERVICE_PPP_IP_H

#include "tests/service/ppp/bench.h"

enum { ICMP = 1, TCP = 6, UDP = 17, FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* On 127.0.0.1, run by the test's loop; an echo. */
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

/* type: SOCK_STREAM or SOCK_DGRAM; one at a time. */
struct server *serve(struct bench *bench, int type);
void stop(struct server *server);

struct packet {
    uint8_t bytes[2048];
    size_t len;
    uint8_t protocol;
    const uint8_t *data; /* behind the head of IP */
    size_t data_len;
};

/* The sum of RFC 1071: added up, and folded. */
uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum);
uint16_t fold(uint32_t sum);
void put16(uint8_t *bytes, unsigned value);

/* Sends a packet, in which the checksums are put. */
void ip_send_from(struct bench *bench, const char *source, const char *target, uint8_t protocol,
                  uint8_t *data, size_t len);
void ip_send(struct bench *bench, const char *target, uint8_t protocol, uint8_t *data, size_t len);
void udp_send(struct bench *bench, const char *target, int port, const char *text);
/* The next packet; its checksums must be right. */
void ip_expect(struct bench *bench, struct packet *packet);

/* ---- TCP, the least of it ---- */

struct tcp {
    struct bench *bench;
    const char *target;
    int port;
    uint32_t seq; /* the next byte of ours */
    uint32_t ack; /* the next byte of theirs */
};

struct tcp tcp_connect(struct bench *bench, const char *target, int port);
void tcp_send(struct tcp *tcp, int flags, const char *text);
/* The next segment; its flags. Data in sequence are acknowledged; *text, with room for 2048, gets
 * them. */
int tcp_expect(struct tcp *tcp, char *text);

#endif
