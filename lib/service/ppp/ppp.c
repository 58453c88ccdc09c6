#include "service/ppp/ppp.h"

#include <arpa/inet.h>
#include <ev.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/network.h"
#include "service/env.h"
#include "service/gate.h"
#include "service/ppp/ppp_backend.h"

struct ppp {
    const struct service_env *env;
    const struct ppp_events *events;
    void *ctx;
    const struct ppp_backend *backend;
    void *self; /* the backend's; NULL after the end */
    struct gate gate;
    struct buf out; /* for the host */
    bool held;      /* output() took too few */
    bool crowded;   /* the backend has seen it so */
    bool starved;   /* ppp_input() took too few */
    bool ready;     /* the backend takes bytes again */
    bool over;
    enum ppp_end end;
    char *why;
    ev_timer soon; /* never started: fed to tell what happened, from the loop */
    bool *gone;    /* on the stack of on_soon() */
};

const char *ppp_end_text(enum ppp_end end)
{
    static const char *const texts[] = {
        [PPP_ENDED_BY_HOST] = "host",    [PPP_ENDED_FAILED] = "failed",
        [PPP_ENDED_PROGRAM] = "program", [PPP_ENDED_START] = "start",
        [PPP_ENDED_NETWORK] = "network",
    };
    return texts[end];
}

static void look_soon(struct ppp *ppp)
{
    ev_feed_event(ppp->env->loop, &ppp->soon, EV_CUSTOM);
}

/* ---- what the backend calls ---- */

struct buf *ppp_queue(struct ppp *ppp)
{
    return &ppp->out;
}

void ppp_queued(struct ppp *ppp)
{
    ppp->crowded = ppp->crowded || ppp_crowded(ppp);
    if (!ppp->held) {
        look_soon(ppp);
    }
}

bool ppp_crowded(const struct ppp *ppp)
{
    return buf_len(&ppp->out) >= PPP_QUEUE_MAX / 2;
}

bool ppp_full(const struct ppp *ppp)
{
    return buf_len(&ppp->out) >= PPP_QUEUE_MAX;
}

void ppp_backend_ready(struct ppp *ppp)
{
    ppp->ready = true;
    look_soon(ppp);
}

void ppp_end(struct ppp *ppp, enum ppp_end end, const char *why)
{
    if (!ppp->over) {
        ppp->over = true;
        ppp->end = end;
        ppp->why = mem_string(why);
        look_soon(ppp);
    }
}

/* ---- events ---- */

/* False if the callee has destroyed it. */
static bool offer(struct ppp *ppp, const bool *gone)
{
    while (buf_len(&ppp->out) && !ppp->held) {
        size_t len = buf_len(&ppp->out);
        size_t taken = ppp->events->output(ppp->ctx, buf_bytes(&ppp->out), len);
        if (*gone) {
            return false;
        }
        buf_take(&ppp->out, taken < len ? taken : len);
        ppp->held = taken < len;
    }
    return true;
}

static void close_backend(struct ppp *ppp)
{
    gate_ignore(&ppp->gate);
    if (ppp->self) {
        void *self = ppp->self;
        ppp->self = NULL;
        ppp->backend->destroy(self);
    }
}

static void tell_end(struct ppp *ppp)
{
    const struct ppp_events *events = ppp->events;
    char *why = ppp->why;
    ppp->why = NULL;
    close_backend(ppp);
    ev_clear_pending(ppp->env->loop, &ppp->soon);
    log_write(ppp->env->log, LEVEL_STATE, "ppp: ended (%s): %s", ppp_end_text(ppp->end), why);
    events->ended(ppp->ctx, ppp->end, why);
    free(why);
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct ppp *ppp = timer->data;
    bool gone = false;
    ppp->gone = &gone;
    if (!offer(ppp, &gone)) {
        return;
    }
    ppp->gone = NULL;
    if (ppp->over) {
        if (ppp->self || ppp->why) {
            tell_end(ppp);
        }
        return;
    }
    if (ppp->crowded && buf_len(&ppp->out) < PPP_QUEUE_MAX / 4) {
        ppp->crowded = false;
        ppp->ready = true;
        ppp->backend->drained(ppp->self);
    }
    if (ppp->ready && ppp->starved && !ppp->over) {
        ppp->ready = ppp->starved = false;
        ppp->events->ready(ppp->ctx);
    }
}

static void on_network(void *ctx)
{
    ppp_end(ctx, PPP_ENDED_NETWORK, NETWORK_MISSING);
}

/* ---- life ---- */

/* Two others of the 8 addresses around the host's. */
static void derive(struct ppp_addresses *addresses, const char *address)
{
    uint32_t last = 6;
    if (inet_pton(AF_INET, address, &addresses->host) != 1) {
        addresses->host.s_addr =
            htonl(0x0a40400d); /* 10.64.64.13: it is checked where it comes from */
    }
    uint32_t host = ntohl(addresses->host.s_addr);
    uint32_t base = host & ~7U;
    last -= base + last == host;
    addresses->own.s_addr = htonl(base + last--);
    last -= base + last == host;
    addresses->dns.s_addr = htonl(base + last);
}

struct ppp *ppp_create(const struct service_env *env, const struct ppp_settings *settings,
                       const char *address, const struct ppp_events *events, void *ctx)
{
    struct ppp *ppp = mem_zeroed(sizeof *ppp);
    struct ppp_addresses addresses;
    ppp->env = env;
    ppp->events = events;
    ppp->ctx = ctx;
    ev_timer_init(&ppp->soon, on_soon, 0., 0.);
    ppp->soon.data = ppp;
    gate_init(&ppp->gate, env, on_network, ppp);
    gate_watch(&ppp->gate);
    derive(&addresses, address);
    bool program = *settings->command != '\0';
    ppp->backend = program ? &ppp_program_backend : &ppp_peer_backend;
    ppp->self = program ? ppp_program_create(ppp, env, settings, &addresses)
                        : ppp_peer_create(ppp, env, settings, &addresses);
    return ppp;
}

void ppp_destroy(struct ppp *ppp)
{
    if (!ppp) {
        return;
    }
    if (ppp->gone) {
        *ppp->gone = true;
    }
    close_backend(ppp);
    gate_end(&ppp->gate);
    ev_clear_pending(ppp->env->loop, &ppp->soon);
    buf_free(&ppp->out);
    free(ppp->why);
    free(ppp);
}

size_t ppp_input(struct ppp *ppp, const char *bytes, size_t len)
{
    if (ppp->over) {
        return 0;
    }
    ppp->ready = false;
    size_t taken = ppp->backend->input(ppp->self, bytes, len);
    ppp->starved = ppp->starved || taken < len;
    return taken;
}

void ppp_resume(struct ppp *ppp)
{
    if (ppp->held) {
        ppp->held = false;
        look_soon(ppp);
    }
}
