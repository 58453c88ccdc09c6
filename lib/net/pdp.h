/* The packet service of a cellular module (3GPP TS 27.007 10.1): attached or not, and its PDP
 * contexts. As on LTE, being attached brings the first context, and both are there from the start;
 * or as on GPRS, where each is asked for. Without an active context no data pass: the network is
 * not usable. */
#ifndef NET_PDP_H
#define NET_PDP_H

#include <stdbool.h>
#include <stddef.h>

struct network;
struct pdp;

enum { PDP_CONTEXTS_MAX = 16, PDP_TYPE_MAX = 8, PDP_APN_MAX = 100 };

struct pdp_context {
    char type[PDP_TYPE_MAX + 1]; /* "IP", "IPV6" ... */
    char apn[PDP_APN_MAX + 1];   /* empty: the subscription's */
    bool active; /* as far as the module has a say; pdp_active() asks the network, too */
};

/* network outlives it. Never NULL. */
struct pdp *pdp_create(struct network *network);
/* NULL is fine. */
void pdp_destroy(struct pdp *pdp);
/* From now on as on GPRS: at boot it is not attached and has no context, and attaching brings none.
 * It is as at boot then. */
void pdp_set_gprs(struct pdp *pdp);
/* As at boot. */
void pdp_reset(struct pdp *pdp);

/* Attached, and registered, without which nobody is. */
bool pdp_attached(const struct pdp *pdp);
/* False: there is no network to attach to. Detaching ends all contexts; attaching activates the
 * first one that is defined. */
bool pdp_attach(struct pdp *pdp, bool on);

/* cid 1..PDP_CONTEXTS_MAX here and below; NULL: it is not defined. */
const struct pdp_context *pdp_context(const struct pdp *pdp, int cid);
/* Texts at most as long as their maximum. */
void pdp_define(struct pdp *pdp, int cid, const char *type, const char *apn);
/* An active one is deactivated. */
void pdp_undefine(struct pdp *pdp, int cid);

bool pdp_active(const struct pdp *pdp, int cid);
/* False: it is not defined, or the module is not attached. */
bool pdp_activate(struct pdp *pdp, int cid, bool on);

#endif
