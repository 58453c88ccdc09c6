#include "service/ppp/ppp_ipcp.h"

#include <string.h>

#include "service/ppp/ppp_frame.h"

enum { ADDRESS = 3, DNS_FIRST = 129, DNS_SECOND = 131, SIZE = 4 };

static void wants(void *ctx, struct buf *options)
{
    const struct ppp_ipcp *ipcp = ctx;
    if (!ipcp->silent) {
        buf_add_byte(options, ADDRESS);
        buf_add_byte(options, SIZE + 2);
        buf_add(options, &ipcp->addresses.own, SIZE);
    }
}

static enum ppp_verdict judge_address(struct ppp_option *option, struct in_addr address)
{
    if (option->len != SIZE) {
        return PPP_REJECT;
    }
    if (memcmp(option->value, &address, SIZE) == 0) {
        return PPP_ACK;
    }
    memcpy(option->value, &address, SIZE);
    return PPP_NAK;
}

static enum ppp_verdict judge(void *ctx, struct ppp_option *option)
{
    const struct ppp_ipcp *ipcp = ctx;
    switch (option->type) {
    case ADDRESS:
        return judge_address(option, ipcp->addresses.host);
    case DNS_FIRST:
    case DNS_SECOND: /* a host may want two; there is one */
        return judge_address(option, ipcp->addresses.dns);
    default: /* header compression among them */
        return PPP_REJECT;
    }
}

static void agreed(void *ctx, const struct ppp_option *option)
{
    (void)ctx;
    (void)option;
}

/* Another address for this side cannot be: libslirp has it. It is said again, up to the limit. */
static void refused(void *ctx, const struct ppp_option *option, bool rejected)
{
    struct ppp_ipcp *ipcp = ctx;
    ipcp->silent = ipcp->silent || (rejected && option->type == ADDRESS);
}

static bool other(void *ctx, uint8_t code, uint8_t id, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    (void)code;
    (void)id;
    (void)bytes;
    (void)len;
    return false;
}

static const struct ppp_negotiation_events negotiation_events = {
    .protocol = PPP_IPCP,
    .wants = wants,
    .judge = judge,
    .agreed = agreed,
    .refused = refused,
    .other = other,
};

void ppp_ipcp_init(struct ppp_ipcp *ipcp, struct ev_loop *loop,
                   const struct ppp_addresses *addresses, const struct ppp_layer_events *events,
                   void *ctx)
{
    *ipcp = (struct ppp_ipcp){.addresses = *addresses};
    ppp_negotiation_init(&ipcp->negotiation, loop, &negotiation_events, ipcp, events, ctx);
}

bool ppp_ipcp_is_open(const struct ppp_ipcp *ipcp)
{
    return ipcp->negotiation.state == PPP_OPENED;
}
