/* Private to the PPP service: HDLC-like framing of octets (RFC 1662). */
#ifndef SERVICE_PPP_PPP_FRAME_H
#define SERVICE_PPP_PPP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    PPP_MRU = 1500,
    /* What is taken: some send more than they may. Address, control, protocol and FCS come on top.
     */
    PPP_FRAME_MAX = 2048,
    PPP_FRAME_FLAG = 0x7e,
};

enum ppp_protocol {
    PPP_IP = 0x0021,
    PPP_IPCP = 0x8021,
    PPP_LCP = 0xc021,
};

/* All zero, but for accm, is a fresh one. */
struct ppp_frames {
    uint32_t accm; /* control characters that the host escapes: bare ones are noise */
    uint8_t bytes[PPP_FRAME_MAX + 6];
    size_t len;
    bool in_frame; /* a flag has come: what is before the first one is none of ours */
    bool escape;
    bool spoilt;  /* too long, or aborted */
    uint64_t bad; /* frames thrown away for their FCS or length */
};

/* A whole, good frame; its bytes are valid until the next one. */
struct ppp_packet {
    uint16_t protocol;
    const uint8_t *bytes;
    size_t len;
};

/* Takes bytes up to the end of a frame; how many. *found tells whether there is one. */
size_t ppp_frames_take(struct ppp_frames *frames, const uint8_t *bytes, size_t len,
                       struct ppp_packet *packet, bool *found);

/* Adds a frame to out, with flags around, address and control, no field compressed. */
void ppp_frame_put(struct buf *out, uint32_t accm, uint16_t protocol, const void *bytes,
                   size_t len);

#endif
