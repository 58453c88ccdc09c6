/* Private to the CoAP service: what the parts of a client share. */
#ifndef SERVICE_COAP_COAP_STATE_H
#define SERVICE_COAP_COAP_STATE_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/network.h"
#include "service/coap/coap_client.h"
#include "service/coap/coap_link.h"
#include "service/coap/coap_request.h"

/* A link that takes no new requests but still has some. */
struct coap_retired {
    struct coap_retired *next;
    struct coap_link *link;
};

struct coap_client {
    const struct service_env *env;
    struct coap_client_options options;
    struct coap_request *requests; /* in the order in which they were sent */
    size_t count;
    struct coap_link *link; /* for new requests; NULL: to be made */
    struct coap_retired *retired;
    unsigned first; /* of the addresses, the one to begin with */
    ev_timer work;  /* never started: an event on it has the loop do what there is to do */
    ev_timer idle;
    struct network_listener network;
    bool cut;            /* the network has gone; the loop has not seen to it yet */
    bool *gone;          /* set by coap_client_destroy() inside a callback */
    uint16_t random[32]; /* of which so many are left: tokens to be */
    size_t random_count;
    char warned[300]; /* the last failure that was told as a warning */
};

/* ---- coap_client.c ---- */

/* Has the loop look after the requests. */
void coap_client_need_work(struct coap_client *client);

/* ---- coap_outcome.c ---- */

/* Ends a request; its callback comes from the loop. */
void coap_outcome_set(struct coap_request *request, enum coap_client_outcome outcome,
                      const char *why);

/* Calls back for all that have ended. False: the client is gone. */
bool coap_outcome_deliver(struct coap_client *client);

/* Logs why the server cannot be reached: loud when somebody waits for it and it is new. */
void coap_outcome_log(struct coap_client *client, bool waited_for, const char *why);

/* ---- coap_ways.c ---- */

/* A token that no request under way has. */
uint16_t coap_ways_new_token(struct coap_client *client);

/* Finds a link for each request, and sends what is due. */
void coap_ways_go(struct coap_client *client);

/* A request has ended without an answer: is its session still good? */
void coap_ways_doubt(struct coap_client *client, const struct coap_request *request);

/* Ends links that nobody needs; the one for new requests only if it is not ready. */
void coap_ways_tidy(struct coap_client *client);

/* Ends all of them. */
void coap_ways_end(struct coap_client *client);

#endif
