/* Private to the PPP service: IPCP (RFC 1332), with the addresses of name servers (RFC 1877). */
#ifndef SERVICE_PPP_PPP_IPCP_H
#define SERVICE_PPP_PPP_IPCP_H

#include <netinet/in.h>

#include "service/ppp/ppp_negotiation.h"

struct ppp_addresses {
    struct in_addr host; /* what the host gets */
    struct in_addr own;
    struct in_addr dns;
};

struct ppp_ipcp {
    struct ppp_negotiation negotiation;
    struct ppp_addresses addresses;
    bool silent; /* the host does not want to know our address */
};

void ppp_ipcp_init(struct ppp_ipcp *ipcp, struct ev_loop *loop,
                   const struct ppp_addresses *addresses, const struct ppp_layer_events *events,
                   void *ctx);
bool ppp_ipcp_is_open(const struct ppp_ipcp *ipcp);

#endif
