/* Private to the CoAP service: the way to a server, from its name to a session that is ready:
 * look-up with network.redirect, then one address after the other. Its requests belong to whoever
 * made it. */
#ifndef SERVICE_COAP_COAP_LINK_H
#define SERVICE_COAP_COAP_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "service/coap/coap_peer.h"

struct coap_link;

struct coap_link_events {
    /* Ready: send. Also after up() of before, if that address proved to be dead: send again. */
    void (*up)(void *ctx, struct coap_link *link);
    /* No address is left, or a session that worked broke. The callee destroys it. */
    void (*down)(void *ctx, struct coap_link *link, enum coap_client_outcome outcome,
                 const char *why);
    /* As those of struct coap_peer_events. */
    bool (*answer)(void *ctx, struct coap_link *link, const coap_pdu_t *pdu);
    void (*unanswered)(void *ctx, struct coap_link *link, coap_mid_t mid, bool reset);
};

/* Begins to look up and to connect; events come from the loop. first: how many of the addresses to
 * pass over at first (they come last then). patience: seconds in which somebody hopes for an
 * answer; each address but the last gets its share of it for a DTLS handshake. */
struct coap_link *coap_link_create(const struct service_env *env,
                                   const struct coap_client_options *options, unsigned first,
                                   double patience, const struct coap_link_events *events,
                                   void *ctx);
/* NULL is fine. */
void coap_link_destroy(struct coap_link *link);

/* The session to send with, or NULL: not ready. */
struct coap_peer *coap_link_peer(const struct coap_link *link);

/* Whether the present address has ever answered, and when it did last (clock_seconds()). */
bool coap_link_heard(const struct coap_link *link);
double coap_link_heard_at(const struct coap_link *link);

/* What a request whose time is up before the link was ready ends with. */
enum coap_client_outcome coap_link_stage(const struct coap_link *link, const char **why);

/* Which of the addresses, counted from 0, the present one is. */
unsigned coap_link_index(const struct coap_link *link);

#endif
