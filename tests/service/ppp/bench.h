/* What a test of the PPP service works with: a loop, a peer, and a host whose PPP is written down
 * by hand, with a framing of its own. What comes to the host becomes lines of hexadecimal digits:
 * protocol, blank, the packet. The end becomes "ended HOW". */
#ifndef TESTS_SERVICE_PPP_BENCH_H
#define TESTS_SERVICE_PPP_BENCH_H

#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "net/network.h"
#include "service/env.h"
#include "service/ppp/ppp.h"

#define HOST_ADDRESS "192.168.40.13"
#define OWN_ADDRESS  "192.168.40.14" /* what the peer makes of it */
#define DNS_ADDRESS  "192.168.40.12"

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct network *network;
    struct buf log_lines;
    struct ppp_settings settings;
    struct ppp *ppp;
    struct buf raw;   /* that came, from the last flag on */
    struct buf lines; /* packets and events that nobody has taken */
    struct buf said;  /* all bytes, where keep is set */
    bool keep;
    size_t room; /* what output() takes in all */
    bool ready;
    bool in_call;
    const char *die; /* the event in which it is destroyed */
    const char *why_has;
};

int bench_setup(void **state);
int bench_teardown(void **state);

void bench_start(struct bench *bench);
bool bench_logged(struct bench *bench, const char *text);
void bench_quiet(struct bench *bench, double seconds);
void bench_until(struct bench *bench, bool (*done)(void *ctx), void *ctx);

/* The host sends raw bytes (all must be taken), or a packet in hexadecimal digits and blanks. */
void host_bytes(struct bench *bench, const void *bytes, size_t len);
void host_packet(struct bench *bench, unsigned protocol, const void *bytes, size_t len);
void host_send(struct bench *bench, unsigned protocol, const char *hex, ...)
    __attribute__((format(printf, 3, 4)));
/* The next packet or event, without what it begins with, until the next call; it must begin so. A
 * `?` stands for any digit. */
const char *host_expect(struct bench *bench, const char *start);
/* The next packet of a protocol as bytes; their number. */
size_t host_packet_of(struct bench *bench, const char *protocol, uint8_t *bytes, size_t size);

/* Brings LCP up as an ordinary host does; then IPCP too. */
void host_lcp_up(struct bench *bench);
void host_up(struct bench *bench);

/* From hexadecimal digits and blanks. */
size_t from_hex(const char *hex, uint8_t *bytes, size_t size);
uint16_t host_fcs(const uint8_t *bytes, size_t len);

#endif
