/* Private to the PPP service: what IP packets of the host lead to. libslirp makes ordinary sockets
 * of them, on a libev loop. */
#ifndef SERVICE_PPP_PPP_NET_H
#define SERVICE_PPP_PPP_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/ppp/ppp_ipcp.h"

struct ev_loop;
struct log;
struct ppp_net;

struct ppp_net_options {
    struct ppp_addresses addresses;
    unsigned mtu;  /* of packets to the host */
    bool loopback; /* our own address leads to services on the machine's loopback */
};

/* output gets IPv4 packets for the host; also from inside ppp_net_input(). */
struct ppp_net *ppp_net_create(struct ev_loop *loop, struct log *log,
                               const struct ppp_net_options *options,
                               void (*output)(void *ctx, const uint8_t *packet, size_t len),
                               void *ctx);
/* NULL is fine. */
void ppp_net_destroy(struct ppp_net *net);

/* A packet of the host. Only whole TCP, UDP and ICMP without IP options pass, from the host's
 * address and neither to loopback nor to several; no fragments. */
void ppp_net_input(struct ppp_net *net, const uint8_t *packet, size_t len);

/* While it is held, sockets are not read, so that their peers wait. */
void ppp_net_hold(struct ppp_net *net, bool held);

#endif
