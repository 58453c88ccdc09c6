/* Private to the CoAP service: one request or ping of a client. */
#ifndef SERVICE_COAP_COAP_REQUEST_H
#define SERVICE_COAP_COAP_REQUEST_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/coap/coap_blocks.h"
#include "service/coap/coap_client.h"
#include "service/coap/coap_peer.h"

struct coap_link;

struct coap_request {
    struct coap_request *next; /* in the client's list */
    struct coap_client *client;
    struct coap_link *link; /* NULL: none yet, or none any more */
    coap_client_done done;
    void *ctx;
    ev_timer timer;
    double deadline; /* clock_seconds() */

    /* What is sent. */
    bool ping;
    enum coap_client_method method;
    bool confirmable;
    char *body;
    struct coap_client_option *options; /* in order of their numbers */
    size_t option_count;
    struct coap_blocks blocks;

    /* How far it is. */
    uint16_t number; /* that its user knows; the token of the first datagram */
    uint16_t token;  /* of the present step: each block has its own */
    coap_mid_t mid;  /* of the present step, COAP_INVALID_MID: not sent yet */
    bool due;        /* the present step is to be sent (again) */
    unsigned round;  /* how often libcoap has given up the present step */
    double pace;     /* seconds to the first copy of a CON */
    double sent_at;  /* clock_seconds() of the present step */
    bool unattended; /* libcoap holds a CON of it for longer than it lives */

    bool finished;
    enum coap_client_outcome outcome;
    char why[300];
};

/* A copy of what is asked; host is for Uri-Host. The timer is not set. */
struct coap_request *coap_request_create(const struct coap_client_request *asked, const char *host);
struct coap_request *coap_request_create_ping(void);
void coap_request_destroy(struct coap_request *request);

/* Whether a block of it fits into one datagram. */
bool coap_request_fits(const struct coap_request *request);

/* From the beginning. */
void coap_request_restart(struct coap_request *request);

/* Sends what is due. False: libcoap does not take it. */
bool coap_request_transmit(struct coap_request *request, struct coap_peer *peer);

/* libcoap has given up the present step: there may be more to send, then it is due. */
void coap_request_unanswered(struct coap_request *request);

/* "GET /path" without the query, which may be secret; at most size bytes. */
const char *coap_request_text(const struct coap_request *request, char *text, size_t size);

#endif
