#include "service/coap/coap_peer.h"

#include <errno.h>
#include <ev.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/resolve.h"
#include "service/coap/coap_secure.h"
#include "service/env.h"

/* libcoap's own count of copies would go on after the time-out of a request, and it cannot be told
 * to stop for one: so it sends one copy only, and the requests ask for more themselves. Nothing
 * waits in libcoap for another request to end. */
enum { COPIES = 1, REQUESTS_AT_ONCE = 60000 };

/* libcoap reads at most 1,472 bytes and does not see that a datagram was longer. What fills that is
 * refused by being over the MTU. */
enum { MTU = 1471 };

/* The option that Alibaba's cloud adds to responses is critical: unless it is known the response
 * would be dropped. */
enum { VENDOR_OPTION = 2089 };

struct coap_peer {
    const struct service_env *env;
    const struct coap_client_options *options;
    const struct coap_peer_events *events;
    void *ctx;
    coap_context_t *context;
    coap_session_t *session;
    struct coap_secure *secure; /* NULL: plain UDP */
    ev_io io;
    ev_timer kick; /* there is something to do, from the loop */
    bool ready;    /* requests may be sent */
    bool told;     /* up() was called */
    bool broken;
    enum coap_client_outcome outcome; /* once broken */
    char why[240];
};

static struct coap_peer *peer_of(const coap_session_t *session)
{
    return coap_get_app_data(coap_session_get_context(session));
}

static void kick(struct coap_peer *peer)
{
    if (!ev_is_active(&peer->kick)) {
        ev_timer_set(&peer->kick, 0, 0);
        ev_timer_start(peer->env->loop, &peer->kick);
    }
}

/* The first reason is the cause of the others. */
static void set_broken(struct coap_peer *peer, enum coap_client_outcome outcome, const char *why)
{
    if (!peer->broken) {
        peer->broken = true;
        peer->outcome = outcome;
        snprintf(peer->why, sizeof peer->why, "%s", why);
        kick(peer);
    }
}

static int on_event(coap_session_t *session, coap_event_t event)
{
    struct coap_peer *peer = peer_of(session);
    if (!peer || !peer->secure) {
        return 0;
    }
    if (event == COAP_EVENT_DTLS_CONNECTED) {
        coap_session_set_max_retransmit(session, COPIES);
        coap_secure_log(peer->secure, peer->env->log);
        peer->ready = true;
        kick(peer);
    } else if (event == COAP_EVENT_DTLS_ERROR) {
        set_broken(peer, COAP_CLIENT_INSECURE, coap_secure_reason(peer->secure));
    } else if (event == COAP_EVENT_DTLS_CLOSED) {
        /* What an ICMP message ends in, too. */
        bool closed = coap_secure_closed(peer->secure);
        set_broken(peer, peer->ready || !closed ? COAP_CLIENT_UNREACHABLE : COAP_CLIENT_INSECURE,
                   closed ? "the server has closed the DTLS session"
                          : "nobody listens there (ICMP)");
    }
    return 0;
}

static void on_nack(coap_session_t *session, const coap_pdu_t *sent, coap_nack_reason_t reason,
                    coap_mid_t mid)
{
    (void)sent;
    struct coap_peer *peer = peer_of(session);
    if (!peer) {
        return;
    }
    switch (reason) {
    case COAP_NACK_TOO_MANY_RETRIES:
    case COAP_NACK_RST:
        peer->events->unanswered(peer->ctx, mid, reason == COAP_NACK_RST);
        break;
    case COAP_NACK_TLS_FAILED:
        set_broken(peer, COAP_CLIENT_INSECURE, coap_secure_reason(peer->secure));
        break;
    default:
        set_broken(peer, COAP_CLIENT_UNREACHABLE, "nobody listens there (ICMP)");
        break;
    }
}

static coap_response_t on_response(coap_session_t *session, const coap_pdu_t *sent,
                                   const coap_pdu_t *received, coap_mid_t mid)
{
    (void)sent;
    (void)mid;
    struct coap_peer *peer = peer_of(session);
    bool known = peer && peer->events->answer(peer->ctx, received);
    bool refuse = !known && coap_pdu_get_type(received) == COAP_MESSAGE_CON;
    return refuse ? COAP_RESPONSE_FAIL : COAP_RESPONSE_OK;
}

/* The last thing that a callback of the loop does: the peer may be gone then. */
static void tell(struct coap_peer *peer)
{
    if (peer->broken) {
        ev_timer_stop(peer->env->loop, &peer->kick);
        ev_io_stop(peer->env->loop, &peer->io);
        peer->events->down(peer->ctx, peer->outcome, peer->why);
    } else if (peer->ready && !peer->told) {
        peer->told = true;
        peer->events->up(peer->ctx);
    }
}

static void process(struct coap_peer *peer)
{
    if (!peer->broken) {
        /* libcoap asks OpenSSL about errors without having cleared those of others. */
        ERR_clear_error();
        if (coap_io_process(peer->context, COAP_IO_NO_WAIT) < 0) {
            set_broken(peer, COAP_CLIENT_UNREACHABLE, "libcoap cannot go on");
        }
        ERR_clear_error();
    }
    tell(peer);
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    process(io->data);
}

static void on_kick(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    process(timer->data);
}

static void set_address(coap_address_t *to, const struct net_address *from)
{
    coap_address_init(to);
    memcpy(&to->addr, &from->socket, from->len < sizeof to->addr ? from->len : sizeof to->addr);
    to->size = from->len;
}

static coap_session_t *new_session(struct coap_peer *peer, const struct net_address *address)
{
    coap_address_t to;
    set_address(&to, address);
    if (peer->secure) {
        return coap_secure_session(peer->secure, peer->context, &to);
    }
    peer->ready = true;
    return coap_new_client_session(peer->context, NULL, &to, COAP_PROTO_UDP);
}

static void prepare_session(struct coap_peer *peer)
{
    coap_session_t *session = peer->session;
    coap_session_set_nstart(session, REQUESTS_AT_ONCE);
    coap_session_set_mtu(session, MTU);
    coap_session_set_ack_random_factor(session, (coap_fixed_point_t){1, 0});
    /* A DTLS handshake lasts until somebody else ends it. */
    coap_session_set_max_retransmit(session, peer->secure ? UINT16_MAX : COPIES);
}

static void begin(struct coap_peer *peer, const struct net_address *address)
{
    if (peer->options->security != COAP_CLIENT_PLAIN) {
        char why[sizeof peer->why];
        peer->secure = coap_secure_create(peer->options, why, sizeof why);
        if (!peer->secure) {
            set_broken(peer, COAP_CLIENT_INSECURE, why);
            return;
        }
    }
    peer->context = coap_new_context(NULL);
    if (!peer->context) {
        set_broken(peer, COAP_CLIENT_UNREACHABLE, "libcoap has no context: too many open files?");
        return;
    }
    coap_set_app_data(peer->context, peer);
    coap_register_event_handler(peer->context, on_event);
    coap_register_nack_handler(peer->context, on_nack);
    coap_register_response_handler(peer->context, on_response);
    coap_register_option(peer->context, VENDOR_OPTION);
    errno = 0;
    peer->session = new_session(peer, address);
    if (!peer->session) {
        set_broken(peer, COAP_CLIENT_UNREACHABLE,
                   errno ? strerror(errno) : "libcoap makes no session");
        return;
    }
    prepare_session(peer);
    ev_io_set(&peer->io, coap_context_get_coap_fd(peer->context), EV_READ);
    ev_io_start(peer->env->loop, &peer->io);
}

struct coap_peer *coap_peer_create(const struct service_env *env,
                                   const struct coap_client_options *options,
                                   const struct net_address *address,
                                   const struct coap_peer_events *events, void *ctx)
{
    struct coap_peer *peer = mem_zeroed(sizeof *peer);
    peer->env = env;
    peer->options = options;
    peer->events = events;
    peer->ctx = ctx;
    ev_init(&peer->io, on_io);
    peer->io.data = peer;
    ev_init(&peer->kick, on_kick);
    peer->kick.data = peer;
    begin(peer, address);
    kick(peer); /* without a first call of libcoap its timer is not set */
    return peer;
}

void coap_peer_destroy(struct coap_peer *peer)
{
    if (!peer) {
        return;
    }
    ev_io_stop(peer->env->loop, &peer->io);
    ev_timer_stop(peer->env->loop, &peer->kick);
    if (peer->context) {
        coap_set_app_data(peer->context, NULL);
        ERR_clear_error();
        coap_free_context(peer->context);
        ERR_clear_error();
    }
    coap_secure_destroy(peer->secure);
    free(peer);
}

bool coap_peer_is_up(const struct coap_peer *peer)
{
    return peer->ready && peer->told && !peer->broken;
}

coap_mid_t coap_peer_next_mid(struct coap_peer *peer)
{
    return coap_new_message_id(peer->session);
}

void coap_peer_send(struct coap_peer *peer, coap_pdu_t *pdu, double wait)
{
    unsigned ms = (unsigned)(wait * 1000);
    coap_session_set_ack_timeout(
        peer->session, (coap_fixed_point_t){(uint16_t)(ms / 1000), (uint16_t)(ms % 1000)});
    ERR_clear_error();
    errno = 0;
    if (coap_send(peer->session, pdu) == COAP_INVALID_MID) {
        set_broken(peer, COAP_CLIENT_UNREACHABLE, errno ? strerror(errno) : "libcoap cannot send");
    }
    ERR_clear_error();
}
