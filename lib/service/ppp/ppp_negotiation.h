/* Private to the PPP service: the automaton by which two sides agree on options (RFC 1661 4), which
 * LCP and the protocols of the network layer share. */
#ifndef SERVICE_PPP_PPP_NEGOTIATION_H
#define SERVICE_PPP_PPP_NEGOTIATION_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum ppp_code {
    PPP_CONF_REQ = 1,
    PPP_CONF_ACK,
    PPP_CONF_NAK,
    PPP_CONF_REJ,
    PPP_TERM_REQ,
    PPP_TERM_ACK,
    PPP_CODE_REJ,
    PPP_PROTO_REJ, /* from here on of LCP only */
    PPP_ECHO_REQ,
    PPP_ECHO_REPLY,
    PPP_DISCARD,
};

enum ppp_verdict { PPP_ACK, PPP_NAK, PPP_REJECT };

struct ppp_option {
    uint8_t type;
    uint8_t len; /* of value */
    uint8_t value[253];
};

/* What a protocol knows of its options. */
struct ppp_negotiation_events {
    uint16_t protocol;
    /* Adds what this side wants. */
    void (*wants)(void *ctx, struct buf *options);
    /* What to say to an option of the host; with PPP_NAK it is changed to what would do. */
    enum ppp_verdict (*judge)(void *ctx, struct ppp_option *option);
    /* An option of the request that was acknowledged; first comes NULL: all are as if not given. */
    void (*agreed)(void *ctx, const struct ppp_option *option);
    /* What the host says to an option of this side: rejected, or this would do. */
    void (*refused)(void *ctx, const struct ppp_option *option, bool rejected);
    /* A code beyond 7; false: there is no such code. */
    bool (*other)(void *ctx, uint8_t code, uint8_t id, const uint8_t *bytes, size_t len);
};

/* What its peer does with it. */
struct ppp_layer_events {
    void (*opened)(void *ctx);
    void (*lowered)(void *ctx); /* it was open */
    /* The last event, but for lowered() before it. */
    void (*over)(void *ctx, bool by_host, const char *why);
    void (*send)(void *ctx, uint16_t protocol, const void *bytes, size_t len);
};

enum ppp_negotiation_state {
    PPP_CLOSED,  /* nothing is said or heard */
    PPP_STOPPED, /* waits for the host to begin */
    PPP_REQ_SENT,
    PPP_ACK_RCVD,
    PPP_ACK_SENT,
    PPP_OPENED,
};

struct ppp_negotiation {
    struct ev_loop *loop;
    const struct ppp_negotiation_events *events;
    void *ctx;
    const struct ppp_layer_events *layer;
    void *layer_ctx;
    enum ppp_negotiation_state state;
    uint8_t id;      /* of the request that waits for an answer */
    uint8_t reject;  /* of the last packet that was rejected */
    unsigned left;   /* how often it may still be sent */
    unsigned naks;   /* sent since it was open */
    unsigned turned; /* how often the host did not like the request since then */
    ev_timer timer;
};

void ppp_negotiation_init(struct ppp_negotiation *negotiation, struct ev_loop *loop,
                          const struct ppp_negotiation_events *events, void *ctx,
                          const struct ppp_layer_events *layer, void *layer_ctx);
/* Begins. */
void ppp_negotiation_open(struct ppp_negotiation *negotiation);
/* What is below is not there (any more): no event. */
void ppp_negotiation_close(struct ppp_negotiation *negotiation);
/* As at first, but the host is to begin. */
void ppp_negotiation_wait(struct ppp_negotiation *negotiation);
/* There is no agreement: over() comes. */
void ppp_negotiation_fail(struct ppp_negotiation *negotiation, const char *why);
/* A packet of the protocol. Any event may come. */
void ppp_negotiation_take(struct ppp_negotiation *negotiation, const uint8_t *bytes, size_t len);
/* Sends a packet of the protocol; cut so that it fits. */
void ppp_negotiation_send(struct ppp_negotiation *negotiation, uint8_t code, uint8_t id,
                          const void *bytes, size_t len);

#endif
