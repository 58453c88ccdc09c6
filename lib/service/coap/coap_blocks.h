/* Private to the CoAP service: the steps of one request, block by block (RFC 7959), as pure logic:
 * what the next datagram carries, and what a response means for it. */
#ifndef SERVICE_COAP_COAP_BLOCKS_H
#define SERVICE_COAP_COAP_BLOCKS_H

#include <coap3/coap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "service/coap/coap_client.h"

struct coap_blocks {
    const char *body; /* of the request; the owner's */
    size_t len;
    bool fits;     /* the smallest block does */
    unsigned szx;  /* of its blocks, 0..6 */
    bool upload;   /* it goes block by block */
    size_t offset; /* of the present block */
    bool download; /* the response comes block by block */
    unsigned down_szx;

    /* The response so far. */
    int code; /* as in struct coap_client_response */
    struct buf answer;
    struct coap_client_option *options; /* of its first datagram, without Block1 and Block2 */
    size_t option_count;
    uint8_t etag[8];
    size_t etag_len;
};

/* room: bytes of a datagram that blocks and payload may take. body outlives it. */
void coap_blocks_init(struct coap_blocks *blocks, const void *body, size_t len, size_t room);
void coap_blocks_free(struct coap_blocks *blocks);

/* From the beginning, with nothing of a response. */
void coap_blocks_restart(struct coap_blocks *blocks);

/* The present step: its options, in order of their numbers, and its part of the body. */
struct coap_blocks_step {
    struct {
        coap_option_num_t number;
        uint8_t bytes[4];
        size_t len;
    } options[2];
    size_t option_count;
    const char *bytes;
    size_t len;
};
struct coap_blocks_step coap_blocks_step(const struct coap_blocks *blocks);

enum coap_step {
    COAP_STEP_NEXT,   /* another datagram is to be sent */
    COAP_STEP_DONE,   /* the response is whole */
    COAP_STEP_BROKEN, /* it cannot be put together: *why */
};

/* Takes the response to the datagram of the present step. */
enum coap_step coap_blocks_take(struct coap_blocks *blocks, const coap_pdu_t *pdu,
                                const char **why);

#endif
