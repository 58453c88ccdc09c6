#include "net/pdp.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/network.h"

struct pdp {
    struct network *network;
    bool gprs;
    bool attached;                                  /* as far as the module has a say */
    struct pdp_context *contexts[PDP_CONTEXTS_MAX]; /* NULL: not defined; most never are */
};

/* ---- what it means for the network ---- */

static void tell(const struct pdp *pdp)
{
    bool data = false;
    for (int i = 0; i < PDP_CONTEXTS_MAX; i++) {
        data = data || (pdp->contexts[i] && pdp->contexts[i]->active);
    }
    network_set_data(pdp->network, pdp->attached && data);
}

static bool registered(const struct pdp *pdp)
{
    enum network_registration registration = network_registration(pdp->network);
    return registration == NETWORK_HOME || registration == NETWORK_ROAMING;
}

static void forget(struct pdp *pdp, int index)
{
    free(pdp->contexts[index]);
    pdp->contexts[index] = NULL;
}

/* ---- life ---- */

void pdp_reset(struct pdp *pdp)
{
    for (int i = 0; i < PDP_CONTEXTS_MAX; i++) {
        forget(pdp, i);
    }
    if (!pdp->gprs) {
        pdp_define(pdp, 1, "IP", "");
        pdp->contexts[0]->active = true;
    }
    pdp->attached = !pdp->gprs;
    tell(pdp);
}

void pdp_set_gprs(struct pdp *pdp)
{
    pdp->gprs = true;
    pdp_reset(pdp);
}

struct pdp *pdp_create(struct network *network)
{
    struct pdp *pdp = mem_zeroed(sizeof *pdp);
    pdp->network = network;
    pdp_reset(pdp);
    return pdp;
}

void pdp_destroy(struct pdp *pdp)
{
    for (int i = 0; pdp && i < PDP_CONTEXTS_MAX; i++) {
        forget(pdp, i);
    }
    free(pdp);
}

/* ---- attach ---- */

bool pdp_attached(const struct pdp *pdp)
{
    return pdp->attached && registered(pdp);
}

static void first_context(struct pdp *pdp)
{
    for (int i = 0; i < PDP_CONTEXTS_MAX; i++) {
        if (pdp->contexts[i]) {
            pdp->contexts[i]->active = true;
            return;
        }
    }
}

bool pdp_attach(struct pdp *pdp, bool on)
{
    if (on && !registered(pdp)) {
        return false;
    }
    if (on && !pdp->attached && !pdp->gprs) {
        first_context(pdp);
    }
    for (int i = 0; !on && i < PDP_CONTEXTS_MAX; i++) {
        if (pdp->contexts[i]) {
            pdp->contexts[i]->active = false;
        }
    }
    pdp->attached = on;
    tell(pdp);
    return true;
}

/* ---- contexts ---- */

const struct pdp_context *pdp_context(const struct pdp *pdp, int cid)
{
    return cid >= 1 && cid <= PDP_CONTEXTS_MAX ? pdp->contexts[cid - 1] : NULL;
}

void pdp_define(struct pdp *pdp, int cid, const char *type, const char *apn)
{
    struct pdp_context **place = &pdp->contexts[cid - 1];
    *place = *place ? *place : mem_zeroed(sizeof **place);
    struct pdp_context *context = *place;
    snprintf(context->type, sizeof context->type, "%s", type);
    snprintf(context->apn, sizeof context->apn, "%s", apn);
}

void pdp_undefine(struct pdp *pdp, int cid)
{
    forget(pdp, cid - 1);
    tell(pdp);
}

bool pdp_active(const struct pdp *pdp, int cid)
{
    const struct pdp_context *context = pdp_context(pdp, cid);
    return context && context->active && pdp_attached(pdp);
}

bool pdp_activate(struct pdp *pdp, int cid, bool on)
{
    if (!pdp_context(pdp, cid) || (on && !pdp_attached(pdp))) {
        return false;
    }
    pdp->contexts[cid - 1]->active = on;
    tell(pdp);
    return true;
}
