#include "service/ppp/ppp_negotiation.h"

#include <string.h>

#include "service/ppp/ppp_frame.h"

enum {
    HEAD = 4,
    REQUESTS_MAX = 10, /* Max-Configure */
    NAKS_MAX = 5,      /* Max-Failure */
    TURNED_MAX = 30,
};

static const double restart_s = 3.;

/* ---- out ---- */

void ppp_negotiation_send(struct ppp_negotiation *negotiation, uint8_t code, uint8_t id,
                          const void *bytes, size_t len)
{
    uint8_t packet[PPP_MRU];
    size_t fits = len < sizeof packet - HEAD ? len : sizeof packet - HEAD;
    packet[0] = code;
    packet[1] = id;
    packet[2] = (uint8_t)((fits + HEAD) >> 8);
    packet[3] = (uint8_t)(fits + HEAD);
    if (fits) {
        memcpy(packet + HEAD, bytes, fits);
    }
    negotiation->layer->send(negotiation->layer_ctx, negotiation->events->protocol, packet,
                             fits + HEAD);
}

static void send_request(struct ppp_negotiation *negotiation, bool anew)
{
    struct buf options = {0};
    negotiation->events->wants(negotiation->ctx, &options);
    if (anew) {
        negotiation->left = REQUESTS_MAX;
    }
    negotiation->id++;
    negotiation->left--;
    ppp_negotiation_send(negotiation, PPP_CONF_REQ, negotiation->id, buf_bytes(&options),
                         buf_len(&options));
    buf_free(&options);
    ev_timer_stop(negotiation->loop, &negotiation->timer);
    ev_now_update(negotiation->loop);
    ev_timer_set(&negotiation->timer, restart_s, 0.);
    ev_timer_start(negotiation->loop, &negotiation->timer);
}

/* ---- states ---- */

static void enter_open(struct ppp_negotiation *negotiation)
{
    negotiation->state = PPP_OPENED;
    negotiation->naks = negotiation->turned = 0;
    ev_timer_stop(negotiation->loop, &negotiation->timer);
    negotiation->layer->opened(negotiation->layer_ctx);
}

/* Begins anew, as one that was open or has stopped. */
static void renew(struct ppp_negotiation *negotiation)
{
    bool was_open = negotiation->state == PPP_OPENED;
    negotiation->state = PPP_REQ_SENT;
    if (was_open) {
        negotiation->layer->lowered(negotiation->layer_ctx);
    }
    send_request(negotiation, true);
}

static void end(struct ppp_negotiation *negotiation, bool by_host, const char *why)
{
    bool was_open = negotiation->state == PPP_OPENED;
    ppp_negotiation_close(negotiation);
    if (was_open) {
        negotiation->layer->lowered(negotiation->layer_ctx);
    }
    negotiation->layer->over(negotiation->layer_ctx, by_host, why);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct ppp_negotiation *negotiation = timer->data;
    if (!negotiation->left) {
        negotiation->state = PPP_STOPPED; /* the host has not begun yet: it may */
        return;
    }
    if (negotiation->state == PPP_ACK_RCVD) {
        negotiation->state = PPP_REQ_SENT;
    }
    send_request(negotiation, false);
}

/* ---- the host's request ---- */

/* The next option; false at the end, or if it is none (*good false). */
static bool next_option(const uint8_t **at, const uint8_t *end, struct ppp_option *option,
                        bool *good)
{
    size_t left = (size_t)(end - *at);
    *good = !left || (left >= 2 && (*at)[1] >= 2 && (*at)[1] <= left);
    if (!left || !*good) {
        return false;
    }
    option->type = (*at)[0];
    option->len = (uint8_t)((*at)[1] - 2);
    memcpy(option->value, *at + 2, option->len);
    *at += (*at)[1];
    return true;
}

static void add_option(struct buf *buf, const struct ppp_option *option)
{
    buf_add_byte(buf, (char)option->type);
    buf_add_byte(buf, (char)(option->len + 2));
    buf_add(buf, option->value, option->len);
}

/* True if it was acknowledged; *good is false if it is no request. */
static bool answer_request(struct ppp_negotiation *negotiation, uint8_t id, const uint8_t *bytes,
                           size_t len, bool *good)
{
    struct buf naks = {0};
    struct buf rejects = {0};
    struct ppp_option option;
    for (const uint8_t *at = bytes; next_option(&at, bytes + len, &option, good);) {
        struct ppp_option better = option;
        enum ppp_verdict verdict = negotiation->events->judge(negotiation->ctx, &better);
        if (verdict == PPP_NAK && negotiation->naks >= NAKS_MAX) {
            verdict = PPP_REJECT;
        }
        if (verdict != PPP_ACK) {
            add_option(verdict == PPP_NAK ? &naks : &rejects,
                       verdict == PPP_NAK ? &better : &option);
        }
    }
    *good = *good && negotiation->state != PPP_CLOSED; /* judging may have been the end of it */
    bool all = *good && !buf_len(&naks) && !buf_len(&rejects);
    if (*good && buf_len(&rejects)) {
        ppp_negotiation_send(negotiation, PPP_CONF_REJ, id, buf_bytes(&rejects), buf_len(&rejects));
    } else if (*good && buf_len(&naks)) {
        negotiation->naks++;
        ppp_negotiation_send(negotiation, PPP_CONF_NAK, id, buf_bytes(&naks), buf_len(&naks));
    } else if (*good) {
        ppp_negotiation_send(negotiation, PPP_CONF_ACK, id, bytes, len);
    }
    buf_free(&naks);
    buf_free(&rejects);
    return all;
}

static void agree(struct ppp_negotiation *negotiation, const uint8_t *bytes, size_t len)
{
    struct ppp_option option;
    bool good;
    negotiation->events->agreed(negotiation->ctx, NULL);
    for (const uint8_t *at = bytes; next_option(&at, bytes + len, &option, &good);) {
        negotiation->events->agreed(negotiation->ctx, &option);
    }
}

static void on_request(struct ppp_negotiation *negotiation, uint8_t id, const uint8_t *bytes,
                       size_t len)
{
    bool good = true;
    if (negotiation->state == PPP_OPENED || negotiation->state == PPP_STOPPED) {
        renew(negotiation);
    }
    bool all = answer_request(negotiation, id, bytes, len, &good);
    if (all) {
        agree(negotiation, bytes, len);
        if (negotiation->state == PPP_ACK_RCVD) {
            enter_open(negotiation);
        } else {
            negotiation->state = PPP_ACK_SENT;
        }
    } else if (good && negotiation->state == PPP_ACK_SENT) {
        negotiation->state = PPP_REQ_SENT;
    }
}

/* ---- the host's answers ---- */

static void on_ack(struct ppp_negotiation *negotiation)
{
    switch (negotiation->state) {
    case PPP_REQ_SENT:
        negotiation->state = PPP_ACK_RCVD;
        negotiation->left = REQUESTS_MAX;
        break;
    case PPP_ACK_SENT:
        enter_open(negotiation);
        break;
    case PPP_ACK_RCVD: /* a second one for the same request */
    case PPP_OPENED:
        renew(negotiation);
        break;
    default:
        break;
    }
}

static void on_refusal(struct ppp_negotiation *negotiation, const uint8_t *bytes, size_t len,
                       bool rejected)
{
    struct ppp_option option;
    bool good;
    if (negotiation->state == PPP_STOPPED) {
        return;
    }
    if (++negotiation->turned > TURNED_MAX) {
        end(negotiation, false, "the two sides do not agree");
        return;
    }
    for (const uint8_t *at = bytes; next_option(&at, bytes + len, &option, &good);) {
        negotiation->events->refused(negotiation->ctx, &option, rejected);
    }
    if (negotiation->state == PPP_OPENED || negotiation->state == PPP_ACK_RCVD) {
        renew(negotiation);
    } else {
        send_request(negotiation, true);
    }
}

static void on_answer(struct ppp_negotiation *negotiation, uint8_t code, uint8_t id,
                      const uint8_t *bytes, size_t len)
{
    if (id != negotiation->id) {
        return;
    }
    if (code == PPP_CONF_ACK) {
        on_ack(negotiation);
    } else {
        on_refusal(negotiation, bytes, len, code == PPP_CONF_REJ);
    }
}

static void on_code_reject(struct ppp_negotiation *negotiation, const uint8_t *bytes, size_t len)
{
    if (len && bytes[0] >= PPP_CONF_REQ && bytes[0] <= PPP_CODE_REJ) {
        end(negotiation, false, "the host rejects what every PPP must know");
    }
}

void ppp_negotiation_take(struct ppp_negotiation *negotiation, const uint8_t *bytes, size_t len)
{
    if (negotiation->state == PPP_CLOSED || len < HEAD) {
        return;
    }
    uint8_t code = bytes[0];
    uint8_t id = bytes[1];
    size_t said = (size_t)(bytes[2] << 8 | bytes[3]);
    if (said < HEAD || said > len) {
        return;
    }
    const uint8_t *data = bytes + HEAD;
    size_t data_len = said - HEAD;
    switch (code) {
    case PPP_CONF_REQ:
        on_request(negotiation, id, data, data_len);
        break;
    case PPP_CONF_ACK:
    case PPP_CONF_NAK:
    case PPP_CONF_REJ:
        on_answer(negotiation, code, id, data, data_len);
        break;
    case PPP_TERM_REQ:
        ppp_negotiation_send(negotiation, PPP_TERM_ACK, id, NULL, 0);
        end(negotiation, true, "the host ends it");
        break;
    case PPP_TERM_ACK: /* to nothing that was asked: the host has no such connection */
        if (negotiation->state == PPP_OPENED) {
            renew(negotiation);
        }
        break;
    case PPP_CODE_REJ:
        on_code_reject(negotiation, data, data_len);
        break;
    default:
        if (!negotiation->events->other(negotiation->ctx, code, id, data, data_len)) {
            ppp_negotiation_send(negotiation, PPP_CODE_REJ, negotiation->reject++, bytes, said);
        }
        break;
    }
}

/* ---- life ---- */

void ppp_negotiation_init(struct ppp_negotiation *negotiation, struct ev_loop *loop,
                          const struct ppp_negotiation_events *events, void *ctx,
                          const struct ppp_layer_events *layer, void *layer_ctx)
{
    *negotiation = (struct ppp_negotiation){
        .loop = loop, .events = events, .ctx = ctx, .layer = layer, .layer_ctx = layer_ctx};
    ev_timer_init(&negotiation->timer, on_timer, 0., 0.);
    negotiation->timer.data = negotiation;
}

void ppp_negotiation_open(struct ppp_negotiation *negotiation)
{
    negotiation->state = PPP_REQ_SENT;
    negotiation->naks = negotiation->turned = 0;
    send_request(negotiation, true);
}

void ppp_negotiation_close(struct ppp_negotiation *negotiation)
{
    negotiation->state = PPP_CLOSED;
    ev_timer_stop(negotiation->loop, &negotiation->timer);
}

void ppp_negotiation_wait(struct ppp_negotiation *negotiation)
{
    ppp_negotiation_close(negotiation);
    negotiation->state = PPP_STOPPED;
}

void ppp_negotiation_fail(struct ppp_negotiation *negotiation, const char *why)
{
    end(negotiation, false, why);
}
