/* Private to the PPP service: the link control protocol (RFC 1661), with its options MRU, ACCM,
 * magic number, and compression of fields. */
#ifndef SERVICE_PPP_PPP_LCP_H
#define SERVICE_PPP_PPP_LCP_H

#include "service/ppp/ppp_negotiation.h"

struct ppp_lcp {
    struct ppp_negotiation negotiation;
    /* The host takes no IP: it has rejected this protocol. */
    void (*rejected)(void *ctx, uint16_t protocol);
    void *ctx;
    uint32_t magic;
    unsigned unwanted; /* bits of option types that the host has rejected */
    unsigned loops;    /* requests with our own magic number in a row */
    /* What the host wants; valid while it is open. */
    uint32_t host_accm;
    uint16_t host_mru;
    uint8_t reject_id;
};

void ppp_lcp_init(struct ppp_lcp *lcp, struct ev_loop *loop, const struct ppp_layer_events *events,
                  void (*rejected)(void *ctx, uint16_t protocol), void *ctx);
void ppp_lcp_end(struct ppp_lcp *lcp);
bool ppp_lcp_is_open(const struct ppp_lcp *lcp);

/* Tells the host that a protocol is not known here. */
void ppp_lcp_reject(struct ppp_lcp *lcp, uint16_t protocol, const uint8_t *bytes, size_t len);
/* Tells the host that it is over. */
void ppp_lcp_terminate(struct ppp_lcp *lcp);

#endif
