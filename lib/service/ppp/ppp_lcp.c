#include "service/ppp/ppp_lcp.h"

#include <string.h>
#include <sys/random.h>

#include "service/ppp/ppp_frame.h"

enum { MRU = 1, ACCM = 2, MAGIC = 5, PFC = 7, ACFC = 8 };

enum { MRU_MIN = 128, LOOPS_MAX = 4 /* before Max-Failure would reject the option */ };

#define ALL_CONTROLS 0xffffffffU

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put32(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t fresh_magic(void)
{
    uint32_t magic = 0;
    if (getrandom(&magic, sizeof magic, GRND_NONBLOCK) != sizeof magic || !magic) {
        magic = 0x41540d0a;
    }
    return magic;
}

/* ---- options ---- */

static void want(const struct ppp_lcp *lcp, struct buf *options, uint8_t type, uint32_t value,
                 uint8_t size)
{
    uint8_t bytes[4];
    if (!(lcp->unwanted >> type & 1)) {
        put32(bytes, value);
        buf_add_byte(options, (char)type);
        buf_add_byte(options, (char)(size + 2));
        buf_add(options, bytes, size);
    }
}

static void wants(void *ctx, struct buf *options)
{
    const struct ppp_lcp *lcp = ctx;
    want(lcp, options, ACCM, 0, 4);
    want(lcp, options, MAGIC, lcp->magic, 4);
    want(lcp, options, PFC, 0, 0);
    want(lcp, options, ACFC, 0, 0);
}

static enum ppp_verdict judge_mru(struct ppp_option *option)
{
    if (option->len != 2) {
        return PPP_REJECT;
    }
    if ((option->value[0] << 8 | option->value[1]) < MRU_MIN) {
        option->value[0] = 0;
        option->value[1] = MRU_MIN;
        return PPP_NAK;
    }
    return PPP_ACK;
}

/* Our own number: this side hears itself (RFC 1661 6.4). */
static enum ppp_verdict judge_magic(struct ppp_lcp *lcp, struct ppp_option *option)
{
    if (option->len != 4) {
        return PPP_REJECT;
    }
    uint32_t magic = get32(option->value);
    if (magic && magic != lcp->magic) {
        lcp->loops = 0;
        return PPP_ACK;
    }
    put32(option->value, fresh_magic());
    if (magic && ++lcp->loops == LOOPS_MAX) {
        ppp_negotiation_fail(&lcp->negotiation, "the line sends back what it gets");
    }
    return PPP_NAK;
}

static enum ppp_verdict judge(void *ctx, struct ppp_option *option)
{
    switch (option->type) {
    case MRU:
        return judge_mru(option);
    case ACCM:
        return option->len == 4 ? PPP_ACK : PPP_REJECT;
    case MAGIC:
        return judge_magic(ctx, option);
    case PFC:
    case ACFC:
        return option->len == 0 ? PPP_ACK : PPP_REJECT;
    default: /* authentication and quality among them: nobody here has a name or counts */
        return PPP_REJECT;
    }
}

static void agreed(void *ctx, const struct ppp_option *option)
{
    struct ppp_lcp *lcp = ctx;
    if (!option) {
        lcp->host_accm = ALL_CONTROLS;
        lcp->host_mru = PPP_MRU;
    } else if (option->type == ACCM) {
        lcp->host_accm = get32(option->value);
    } else if (option->type == MRU) {
        uint16_t mru = (uint16_t)(option->value[0] << 8 | option->value[1]);
        lcp->host_mru = mru < PPP_MRU ? mru : PPP_MRU;
    }
}

static void refused(void *ctx, const struct ppp_option *option, bool rejected)
{
    struct ppp_lcp *lcp = ctx;
    if (option->type == MAGIC && !rejected) {
        lcp->magic = fresh_magic();
    } else if (option->type < 8 * sizeof lcp->unwanted) {
        /* Nothing else of what is wanted is worth a bargain. */
        lcp->unwanted |= 1U << option->type;
    }
}

/* ---- other packets ---- */

static bool other(void *ctx, uint8_t code, uint8_t id, const uint8_t *bytes, size_t len)
{
    struct ppp_lcp *lcp = ctx;
    uint8_t reply[PPP_MRU];
    switch (code) {
    case PPP_PROTO_REJ:
        if (len >= 2 && ppp_lcp_is_open(lcp)) {
            lcp->rejected(lcp->ctx, (uint16_t)(bytes[0] << 8 | bytes[1]));
        }
        return true;
    case PPP_ECHO_REQ:
        if (len >= 4 && len <= sizeof reply && ppp_lcp_is_open(lcp)) {
            bool magic = !(lcp->unwanted >> MAGIC & 1);
            memcpy(reply, bytes, len);
            put32(reply, magic ? lcp->magic : 0);
            ppp_negotiation_send(&lcp->negotiation, PPP_ECHO_REPLY, id, reply, len);
        }
        return true;
    case PPP_ECHO_REPLY:
    case PPP_DISCARD:
        return true;
    default:
        return false;
    }
}

void ppp_lcp_reject(struct ppp_lcp *lcp, uint16_t protocol, const uint8_t *bytes, size_t len)
{
    uint8_t packet[PPP_MRU - 4];
    size_t fits = len < sizeof packet - 2 ? len : sizeof packet - 2;
    fits = fits + 6 <= lcp->host_mru ? fits : lcp->host_mru - 6U;
    packet[0] = (uint8_t)(protocol >> 8);
    packet[1] = (uint8_t)protocol;
    if (fits) {
        memcpy(packet + 2, bytes, fits);
    }
    ppp_negotiation_send(&lcp->negotiation, PPP_PROTO_REJ, lcp->reject_id++, packet, fits + 2);
}

void ppp_lcp_terminate(struct ppp_lcp *lcp)
{
    ppp_negotiation_send(&lcp->negotiation, PPP_TERM_REQ, ++lcp->negotiation.id, NULL, 0);
}

static const struct ppp_negotiation_events negotiation_events = {
    .protocol = PPP_LCP,
    .wants = wants,
    .judge = judge,
    .agreed = agreed,
    .refused = refused,
    .other = other,
};

void ppp_lcp_init(struct ppp_lcp *lcp, struct ev_loop *loop, const struct ppp_layer_events *events,
                  void (*rejected)(void *ctx, uint16_t protocol), void *ctx)
{
    *lcp = (struct ppp_lcp){.rejected = rejected, .ctx = ctx};
    lcp->magic = fresh_magic();
    lcp->host_accm = ALL_CONTROLS;
    lcp->host_mru = PPP_MRU;
    ppp_negotiation_init(&lcp->negotiation, loop, &negotiation_events, lcp, events, ctx);
}

void ppp_lcp_end(struct ppp_lcp *lcp)
{
    ppp_negotiation_close(&lcp->negotiation);
}

bool ppp_lcp_is_open(const struct ppp_lcp *lcp)
{
    return lcp->negotiation.state == PPP_OPENED;
}
