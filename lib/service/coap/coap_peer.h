/* Private to the CoAP service: one session of libcoap with one address, on the loop, with DTLS
 * where the options ask for it. A context each, as only the end of its context ends all that
 * libcoap does for a session. */
#ifndef SERVICE_COAP_COAP_PEER_H
#define SERVICE_COAP_COAP_PEER_H

#include <coap3/coap.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/coap/coap_client.h"

struct coap_peer;
struct net_address;
struct service_env;

struct coap_peer_events {
    /* Ready for requests (again: once for each peer, also without DTLS). */
    void (*up)(void *ctx);
    /* It is good for nothing any more; the callee may destroy it. */
    void (*down)(void *ctx, enum coap_client_outcome outcome, const char *why);
    /* These two come from inside libcoap: the callee notes them, it neither sends nor destroys.
     * answer: a response; false: nobody waits for it. unanswered: what libcoap did for a CON is
     * over without an ACK; reset: because of a RST. */
    bool (*answer)(void *ctx, const coap_pdu_t *pdu);
    void (*unanswered)(void *ctx, coap_mid_t mid, bool reset);
};

/* events come from the loop. options and events outlive it. Never NULL: what cannot be begun is
 * down from the loop. */
struct coap_peer *coap_peer_create(const struct service_env *env,
                                   const struct coap_client_options *options,
                                   const struct net_address *address,
                                   const struct coap_peer_events *events, void *ctx);
/* Not from inside answer() and unanswered(). NULL is fine. */
void coap_peer_destroy(struct coap_peer *peer);

bool coap_peer_is_up(const struct coap_peer *peer);

/* A message id that is not in use. */
coap_mid_t coap_peer_next_mid(struct coap_peer *peer);

enum { COAP_PEER_NEVER = 10000 }; /* seconds: longer than a peer lives */

/* Takes pdu and sends it. Of a CON libcoap sends one copy more after wait seconds (at least 1),
 * unless the ACK is in by then, and calls unanswered() after three times as long. A failure is told
 * by down(). */
void coap_peer_send(struct coap_peer *peer, coap_pdu_t *pdu, double wait);

#endif
