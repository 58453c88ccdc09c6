/* The built-in peer: frames to protocols, and the order in which these come up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/ppp/ppp_backend.h"
#include "service/ppp/ppp_frame.h"
#include "service/ppp/ppp_lcp.h"
#include "service/ppp/ppp_net.h"

struct ppp_peer {
    struct ppp *ppp;
    const struct service_env *env;
    const struct ppp_settings *settings;
    struct ppp_addresses addresses;
    struct ppp_frames frames;
    struct ppp_lcp lcp;
    struct ppp_ipcp ipcp;
    struct ppp_net *net; /* stays when IPCP begins anew */
    bool ended;
};

#define ALL_CONTROLS 0xffffffffU

/* ---- out ---- */

/* LCP is always sent so that everybody can read it (RFC 1662 7). */
static void send_packet(void *ctx, uint16_t protocol, const void *bytes, size_t len)
{
    struct ppp_peer *peer = ctx;
    if (!ppp_full(peer->ppp)) {
        ppp_frame_put(ppp_queue(peer->ppp),
                      protocol == PPP_LCP ? ALL_CONTROLS : peer->lcp.host_accm, protocol, bytes,
                      len);
        ppp_queued(peer->ppp);
    }
}

static void send_ip(void *ctx, const uint8_t *packet, size_t len)
{
    struct ppp_peer *peer = ctx;
    if (ppp_ipcp_is_open(&peer->ipcp)) {
        send_packet(peer, PPP_IP, packet, len);
    }
    ppp_net_hold(peer->net, ppp_crowded(peer->ppp));
}

static void end(struct ppp_peer *peer, enum ppp_end how, const char *why)
{
    if (!peer->ended) {
        peer->ended = true;
        if (how == PPP_ENDED_FAILED) {
            ppp_lcp_terminate(&peer->lcp);
        }
        ppp_lcp_end(&peer->lcp);
        ppp_negotiation_close(&peer->ipcp.negotiation);
        ppp_end(peer->ppp, how, why);
    }
}

/* ---- IPCP ---- */

static void on_ipcp_opened(void *ctx)
{
    struct ppp_peer *peer = ctx;
    log_write(peer->env->log, LEVEL_STATE, "ppp: the host has its address");
    if (!peer->net) {
        const struct ppp_net_options options = {
            .addresses = peer->addresses,
            .mtu = peer->lcp.host_mru,
            .loopback = peer->settings->loopback,
        };
        peer->net = ppp_net_create(peer->env->loop, peer->env->log, &options, send_ip, peer);
    }
}

static void on_ipcp_lowered(void *ctx)
{
    struct ppp_peer *peer = ctx;
    log_write(peer->env->log, LEVEL_STATE, "ppp: the host's address is gone");
}

static void on_ipcp_over(void *ctx, bool by_host, const char *why)
{
    struct ppp_peer *peer = ctx;
    if (by_host) {
        ppp_negotiation_wait(&peer->ipcp.negotiation); /* LCP's end follows, or it begins anew */
    } else {
        end(peer, PPP_ENDED_FAILED, why);
    }
}

static const struct ppp_layer_events ipcp_events = {on_ipcp_opened, on_ipcp_lowered, on_ipcp_over,
                                                    send_packet};

/* ---- LCP ---- */

static void on_lcp_opened(void *ctx)
{
    struct ppp_peer *peer = ctx;
    log_write(peer->env->log, LEVEL_STATE, "ppp: the link is up");
    peer->frames.accm = peer->lcp.unwanted >> 2 & 1 ? ALL_CONTROLS : 0;
    ppp_negotiation_open(&peer->ipcp.negotiation);
}

static void on_lcp_lowered(void *ctx)
{
    struct ppp_peer *peer = ctx;
    peer->frames.accm = ALL_CONTROLS;
    ppp_negotiation_close(&peer->ipcp.negotiation);
}

static void on_lcp_over(void *ctx, bool by_host, const char *why)
{
    end(ctx, by_host ? PPP_ENDED_BY_HOST : PPP_ENDED_FAILED, why);
}

static void on_rejected(void *ctx, uint16_t protocol)
{
    if (protocol == PPP_IPCP || protocol == PPP_IP) {
        end(ctx, PPP_ENDED_FAILED, "the host takes no IP");
    }
}

static const struct ppp_layer_events lcp_events = {on_lcp_opened, on_lcp_lowered, on_lcp_over,
                                                   send_packet};

/* ---- in ---- */

static void take_packet(struct ppp_peer *peer, const struct ppp_packet *packet)
{
    if (packet->protocol == PPP_LCP) {
        ppp_negotiation_take(&peer->lcp.negotiation, packet->bytes, packet->len);
    } else if (!ppp_lcp_is_open(&peer->lcp)) {
        return; /* RFC 1661 3.4 */
    } else if (packet->protocol == PPP_IPCP) {
        ppp_negotiation_take(&peer->ipcp.negotiation, packet->bytes, packet->len);
    } else if (packet->protocol == PPP_IP) {
        if (ppp_ipcp_is_open(&peer->ipcp)) {
            ppp_net_input(peer->net, packet->bytes, packet->len);
        }
    } else {
        ppp_lcp_reject(&peer->lcp, packet->protocol, packet->bytes, packet->len);
    }
}

static size_t input(void *self, const char *bytes, size_t len)
{
    struct ppp_peer *peer = self;
    size_t done = 0;
    while (done < len && !peer->ended && !ppp_full(peer->ppp)) {
        struct ppp_packet packet;
        bool found = false;
        done += ppp_frames_take(&peer->frames, (const uint8_t *)bytes + done, len - done, &packet,
                                &found);
        if (found) {
            take_packet(peer, &packet);
        }
    }
    return peer->ended ? len : done;
}

static void drained(void *self)
{
    struct ppp_peer *peer = self;
    if (peer->net) {
        ppp_net_hold(peer->net, false);
    }
}

/* ---- life ---- */

void *ppp_peer_create(struct ppp *ppp, const struct service_env *env,
                      const struct ppp_settings *settings, const struct ppp_addresses *addresses)
{
    struct ppp_peer *peer = mem_zeroed(sizeof *peer);
    peer->ppp = ppp;
    peer->env = env;
    peer->settings = settings;
    peer->addresses = *addresses;
    peer->frames.accm = ALL_CONTROLS;
    ppp_lcp_init(&peer->lcp, env->loop, &lcp_events, on_rejected, peer);
    ppp_ipcp_init(&peer->ipcp, env->loop, addresses, &ipcp_events, peer);
    ppp_negotiation_open(&peer->lcp.negotiation);
    return peer;
}

static void destroy(void *self)
{
    struct ppp_peer *peer = self;
    ppp_lcp_end(&peer->lcp);
    ppp_negotiation_close(&peer->ipcp.negotiation);
    if (peer->frames.bad) {
        log_write(peer->env->log, LEVEL_INFO, "ppp: %llu frames of the host were spoilt",
                  (unsigned long long)peer->frames.bad);
    }
    ppp_net_destroy(peer->net);
    free(peer);
}

const struct ppp_backend ppp_peer_backend = {input, drained, destroy};
