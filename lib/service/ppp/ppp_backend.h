/* Private to the PPP service: what is behind its interface, one of two kinds, and what that may
 * call. */
#ifndef SERVICE_PPP_PPP_BACKEND_H
#define SERVICE_PPP_PPP_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "service/ppp/ppp.h"
#include "service/ppp/ppp_ipcp.h"

struct ppp_backend {
    /* How many bytes of the host were taken; with fewer than len ppp_backend_ready() comes. */
    size_t (*input)(void *self, const char *bytes, size_t len);
    /* The queue towards the host was full or nearly so, and is not any more. */
    void (*drained)(void *self);
    void (*destroy)(void *self);
};

/* Either never returns NULL. */
void *ppp_peer_create(struct ppp *ppp, const struct service_env *env,
                      const struct ppp_settings *settings, const struct ppp_addresses *addresses);
extern const struct ppp_backend ppp_peer_backend;

void *ppp_program_create(struct ppp *ppp, const struct service_env *env,
                         const struct ppp_settings *settings,
                         const struct ppp_addresses *addresses);
extern const struct ppp_backend ppp_program_backend;

/* ---- ppp.c; none of these calls back at once ---- */

/* Where bytes for the host are added, then ppp_queued(). */
struct buf *ppp_queue(struct ppp *ppp);
void ppp_queued(struct ppp *ppp);
/* Nothing should be added that can wait. (Half of PPP_QUEUE_MAX.) */
bool ppp_crowded(const struct ppp *ppp);
bool ppp_full(const struct ppp *ppp);
/* The backend takes bytes of the host again. */
void ppp_backend_ready(struct ppp *ppp);
void ppp_end(struct ppp *ppp, enum ppp_end end, const char *why);

#endif
