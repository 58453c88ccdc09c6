/* What a host's PPP sends. First byte 0: bytes of the line. Else packets: a byte for the protocol,
 * a byte for the length, that many bytes, in good frames; between them what the peer itself has
 * asked for can be acknowledged. No IP packet comes through: libslirp would make sockets of it. */
#include "service/ppp/ppp_frame.h"

#include <ev.h>
#include <string.h>

#include "base/mem.h"
#include "service/ppp/ppp_ipcp.h"
#include "service/ppp/ppp_lcp.h"
#include "tests/fuzz/fuzz.h"

struct lab {
    struct ppp_lcp lcp;
    struct ppp_ipcp ipcp;
    struct buf last; /* packet of the peer */
    uint16_t protocol;
    bool over;
};

static void no_news(void *ctx)
{
    (void)ctx;
}

static void on_lcp_opened(void *ctx)
{
    struct lab *lab = ctx;
    ppp_negotiation_open(&lab->ipcp.negotiation);
}

static void on_lcp_lowered(void *ctx)
{
    struct lab *lab = ctx;
    ppp_negotiation_close(&lab->ipcp.negotiation);
}

static void on_over(void *ctx, bool by_host, const char *why)
{
    (void)by_host;
    struct lab *lab = ctx;
    FUZZ_HOLDS(why);
    lab->over = true;
}

static void on_send(void *ctx, uint16_t protocol, const void *bytes, size_t len)
{
    struct lab *lab = ctx;
    FUZZ_HOLDS(len >= 4 && len <= PPP_MRU); /* RFC 1661 5: code, identifier, length */
    const uint8_t *packet = bytes;
    FUZZ_HOLDS((size_t)(packet[2] << 8 | packet[3]) == len);
    buf_clear(&lab->last);
    buf_add(&lab->last, bytes, len);
    lab->protocol = protocol;
}

static void on_rejected(void *ctx, uint16_t protocol)
{
    (void)ctx;
    (void)protocol;
}

static const struct ppp_layer_events lcp_events = {on_lcp_opened, on_lcp_lowered, on_over, on_send};
static const struct ppp_layer_events ipcp_events = {no_news, no_news, on_over, on_send};

static void take(struct lab *lab, uint16_t protocol, const uint8_t *bytes, size_t len)
{
    if (protocol == PPP_LCP) {
        ppp_negotiation_take(&lab->lcp.negotiation, bytes, len);
    } else if (ppp_lcp_is_open(&lab->lcp) && protocol == PPP_IPCP) {
        ppp_negotiation_take(&lab->ipcp.negotiation, bytes, len);
    } else if (ppp_lcp_is_open(&lab->lcp)) {
        ppp_lcp_reject(&lab->lcp, protocol, bytes, len);
    }
}

/* Answers the peer's last packet with a code. */
static void answer(struct lab *lab, uint8_t code)
{
    size_t len = buf_len(&lab->last);
    uint8_t *copy = (uint8_t *)mem_copy(buf_bytes(&lab->last), len);
    if (len) {
        copy[0] = code;
        take(lab, lab->protocol, copy, len);
    }
    free(copy);
}

static void take_frame(struct lab *lab, uint16_t protocol, struct fuzz_input *input)
{
    size_t len = fuzz_byte(input);
    len = len < input->len ? len : input->len;
    struct buf line = {0};
    struct ppp_frames frames = {.accm = 0};
    struct ppp_packet packet;
    bool found = false;
    ppp_frame_put(&line, 0xffffffff, protocol, input->bytes, len);
    size_t taken = 0;
    while (!found && taken < buf_len(&line)) {
        taken += ppp_frames_take(&frames, (const uint8_t *)buf_bytes(&line) + taken,
                                 buf_len(&line) - taken, &packet, &found);
    }
    FUZZ_HOLDS(found && packet.protocol == protocol && packet.len == len);
    uint8_t *copy = (uint8_t *)mem_copy(packet.bytes, len); /* for the sanitizer */
    FUZZ_HOLDS(len == 0 || memcmp(copy, input->bytes, len) == 0);
    take(lab, protocol, copy, len);
    free(copy);
    buf_free(&line);
    input->bytes += len;
    input->len -= len;
}

static void play_packets(struct fuzz_input *input)
{
    static const uint16_t protocols[] = {PPP_LCP, PPP_IPCP, 0x80fd, 0x8057};
    struct lab lab = {0};
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    const struct ppp_addresses addresses = {
        {htonl(0x0a000002)}, {htonl(0x0a000001)}, {htonl(0x0a000003)}};
    ppp_lcp_init(&lab.lcp, loop, &lcp_events, on_rejected, &lab);
    ppp_ipcp_init(&lab.ipcp, loop, &addresses, &ipcp_events, &lab);
    ppp_negotiation_open(&lab.lcp.negotiation);
    while (input->len && !lab.over) {
        uint8_t what = fuzz_byte(input);
        if (what < 0x80) {
            take_frame(&lab, protocols[what % 4], input);
        } else {
            answer(&lab, what & 0xf);
        }
    }
    ppp_lcp_end(&lab.lcp);
    ppp_negotiation_close(&lab.ipcp.negotiation);
    ev_loop_destroy(loop);
    buf_free(&lab.last);
}

static void play_bytes(struct fuzz_input input)
{
    struct ppp_frames frames = {.accm = 0xffffffff};
    while (input.len) {
        struct ppp_packet packet;
        bool found = false;
        size_t taken = ppp_frames_take(&frames, input.bytes, input.len, &packet, &found);
        FUZZ_HOLDS(taken && taken <= input.len);
        FUZZ_HOLDS(!found || packet.len <= PPP_FRAME_MAX + 4);
        input.bytes += taken;
        input.len -= taken;
    }
}

void fuzz_ppp(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    if (fuzz_byte(&input)) {
        play_packets(&input);
    } else {
        play_bytes(input);
    }
}
