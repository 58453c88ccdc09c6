/* IPCREATE, IPSEND, IPCLOSE, and what sockets receive. */
#include "dialect/uc8088/sockets.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"

enum {
    HOST_MAX = 255,
    SEND_MAX = 1024,
    PIECE_MAX = 1460, /* of a stream, in one report */
    ATTEMPTS = 3,
    ATTEMPT_MS = 10000,
};
static const double retry_s = .5;

static const char *const kinds[] = {[SOCKET_TCP] = "TCP", [SOCKET_UDP] = "UDP", NULL};

static struct uc_socket *socket_of(struct uc *uc, const struct at_call *call)
{
    return &uc->sockets.socket[call->params[0].number];
}

/* ---- opening ---- */

static void set_closed(struct uc_socket *own)
{
    ev_timer_stop(uc_loop(own->uc), &own->retry);
    own->state = UC_SOCKET_CLOSED;
    own->opener = 0;
    free(own->host);
    own->host = NULL;
    buf_free(&own->unsent);
}

static void attempt(struct uc_socket *own)
{
    own->attempts++;
    socket_open(own->socket, &(struct socket_options){
                                 .kind = own->kind,
                                 .host = own->host,
                                 .port = own->port,
                                 .connect_timeout_ms = ATTEMPT_MS,
                             });
}

static void retry(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    attempt(timer->data);
}

/* TCP tells behind the OK; of UDP the OK itself tells. */
static void connected(void *ctx, const char *address, int local_port)
{
    struct uc_socket *own = ctx;
    (void)address;
    (void)local_port;
    own->state = UC_SOCKET_OPEN;
    if (own->kind == SOCKET_TCP) {
        at_urc_line(own->uc->env.at, "CONNECT OK");
    } else {
        at_finish(own->uc->env.at, own->opener, AT_OK);
    }
}

static void give_up(struct uc_socket *own, at_result result)
{
    struct at *at = own->uc->env.at;
    at_ticket opener = own->opener;
    set_closed(own);
    if (own->kind == SOCKET_TCP) {
        at_urc_line(at, "CONNECT FAIL");
    } else {
        at_finish(at, opener, result);
    }
}

static void failed(void *ctx, enum socket_failure failure, const char *why)
{
    struct uc_socket *own = ctx;
    (void)why;
    if (own->attempts < ATTEMPTS) {
        ev_timer_set(&own->retry, retry_s, 0.);
        ev_timer_start(uc_loop(own->uc), &own->retry);
    } else {
        give_up(own, failure == SOCKET_FAILED_TIMEOUT ? CME_NETWORK_TIMEOUT : CME_NO_NETWORK);
    }
}

static at_result create_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    const struct uc_socket *own = uc->sockets.socket;
    at_info(call->at, call->ticket, "+IPCREATE: %d,%d", own[SOCKET_TCP].state == UC_SOCKET_OPEN,
            own[SOCKET_UDP].state == UC_SOCKET_OPEN);
    return AT_OK;
}

static at_result create_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_socket *own = socket_of(uc, call);
    if (own->state != UC_SOCKET_CLOSED) {
        return CME_NOT_ALLOWED;
    }
    at_result result = uc_activate_any(uc, call);
    if (result != AT_OK) {
        return result;
    }
    own->state = UC_SOCKET_OPENING;
    own->host = mem_string(call->params[1].text);
    own->port = (int)call->params[2].number;
    own->attempts = 0;
    own->opener = call->ticket;
    attempt(own);
    return own->kind == SOCKET_TCP ? AT_OK : AT_PENDING;
}

/* ---- what comes ---- */

static void report(void *source, const char *bytes, size_t len)
{
    const struct uc_socket *own = source;
    struct buf line = {0};
    buf_printf(&line, "+IPRECV=\"%s\",%zu,", kinds[own->kind], len);
    buf_add(&line, bytes, len);
    at_urc(own->uc->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}

/* A datagram is one report. */
static size_t received(void *ctx, const char *bytes, size_t len)
{
    struct uc_socket *own = ctx;
    size_t piece = own->kind == SOCKET_UDP ? len : PIECE_MAX;
    return intake_take(&own->uc->sockets.intake, bytes, len, piece, report, own);
}

static void resume(void *ctx)
{
    struct uc *uc = ctx;
    for (int i = 0; i < UC_SOCKETS; i++) {
        if (uc->sockets.socket[i].state == UC_SOCKET_OPEN) {
            socket_resume(uc->sockets.socket[i].socket);
        }
    }
}

/* ---- IPSEND ---- */

static at_result send_rest(struct uc_socket *own)
{
    size_t len = buf_len(&own->unsent);
    buf_take(&own->unsent, socket_send(own->socket, buf_bytes(&own->unsent), len));
    return buf_len(&own->unsent) ? AT_PENDING : AT_OK;
}

static void writable(void *ctx)
{
    struct uc_socket *own = ctx;
    if (buf_len(&own->unsent) && send_rest(own) == AT_OK) {
        at_finish(own->uc->env.at, own->sender, AT_OK);
    }
}

/* A decimal number up to the bound of data; -1: it is none. */
static long length_of(const struct at_value *value)
{
    char *end = NULL;
    long length = strtol(value->text, &end, 10);
    bool good = end != value->text && !*end && length >= 0 && length <= SEND_MAX;
    return good ? length : -1;
}

static at_result send_set(void *ctx, struct at_call *call)
{
    struct uc_socket *own = socket_of(ctx, call);
    const struct at_value *data = &call->params[call->params[2].present ? 2 : 1];
    long len = call->params[2].present ? length_of(&call->params[1]) : 0;
    if (len < 0) {
        return UC_PARAMETER;
    }
    if ((size_t)len > data->len) {
        return UC_CORRUPTED;
    }
    if (own->state != UC_SOCKET_OPEN) {
        return CME_NOT_ALLOWED;
    }
    size_t count = len ? (size_t)len : data->len;
    buf_clear(&own->unsent);
    buf_add(&own->unsent, data->text, count);
    own->sender = call->ticket;
    at_result result = send_rest(own);
    if (result == AT_PENDING && own->kind == SOCKET_UDP) { /* the network takes none now */
        buf_clear(&own->unsent);
        return CME_NO_NETWORK;
    }
    at_info(call->at, call->ticket, "+IPSEND=%zu", count);
    return result;
}

/* ---- the end ---- */

static void closed(void *ctx, enum socket_end how)
{
    struct uc_socket *own = ctx;
    (void)how;
    if (buf_len(&own->unsent)) {
        at_finish(own->uc->env.at, own->sender, CME_NOT_ALLOWED);
    }
    set_closed(own);
}

static const struct socket_events events = {
    .connected = connected,
    .failed = failed,
    .data = received,
    .writable = writable,
    .closed = closed,
};

static at_result close_set(void *ctx, struct at_call *call)
{
    struct uc_socket *own = socket_of(ctx, call);
    if (own->state == UC_SOCKET_CLOSED) {
        return UC_IP_CLOSE_FAIL;
    }
    socket_close(own->socket);
    set_closed(own);
    return AT_OK;
}

void uc_sockets_gone(struct uc *uc)
{
    for (int i = 0; i < UC_SOCKETS; i++) {
        struct uc_socket *own = &uc->sockets.socket[i];
        socket_close(own->socket);
        if (own->state == UC_SOCKET_OPENING) {
            give_up(own, CME_NO_NETWORK);
        } else if (own->state == UC_SOCKET_OPEN) {
            closed(own, SOCKET_ENDED_NETWORK);
        }
    }
}

/* ---- life ---- */

void uc_sockets_power_on(struct uc *uc)
{
    struct uc_sockets *sockets = &uc->sockets;
    for (int i = 0; i < UC_SOCKETS; i++) {
        struct uc_socket *own = &sockets->socket[i];
        own->uc = uc;
        own->kind = (enum socket_kind)i;
        own->socket = socket_create(uc->env.services, &events, own);
        ev_timer_init(&own->retry, retry, 0., 0.);
        own->retry.data = own;
    }
    intake_init(&sockets->intake, &uc->env, resume, uc);
}

void uc_sockets_power_off(struct uc *uc)
{
    intake_end(&uc->sockets.intake);
    for (int i = 0; i < UC_SOCKETS; i++) {
        socket_destroy(uc->sockets.socket[i].socket);
        set_closed(&uc->sockets.socket[i]);
    }
    uc->sockets = (struct uc_sockets){0};
}

/* ---- the table ---- */

#define MODEM                                                                                      \
    {                                                                                              \
        .name = "modem", .type = AT_CHOICE, .choices = kinds, .flags = AT_TRIM                     \
    }
static const struct at_param create_params[] = {
    MODEM,
    {.name = "address",
     .type = AT_STRING,
     .max = HOST_MAX,
     .flags = AT_TRIM,
     .valid = text_not_empty},
    {.name = "port", .type = AT_INT, .min = 1, .max = 65535},
};
static const struct at_param send_params[] = {
    MODEM,
    {.name = "len", .type = AT_STRING, .max = SEND_MAX},
    {.name = "data", .type = AT_STRING, .max = SEND_MAX, .flags = AT_OPTIONAL | AT_EMPTY},
};
static const struct at_param close_params[] = {MODEM};

static const struct at_command rows[] = {
    {.name = "+IPCREATE",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(create_params),
     .guard = uc_needs_power,
     .test = "+IPCREATE: mode(TCP/UDP),ip/address,port",
     .read = create_read,
     .set = create_set,
     .help = "open a TCP or UDP socket"},
    {.name = "+IPSEND",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(send_params),
     .test = "+IPSEND: mode(TCP/UDP),data",
     .set = send_set,
     .help = "send data over a socket"},
    {.name = "+IPCLOSE",
     .flags = AT_WHOLE_LINE,
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(close_params),
     .test = "+IPCLOSE: mode(TCP/UDP)",
     .set = close_set,
     .help = "close a socket"},
};

const struct at_table uc_sockets_table = {rows, sizeof rows / sizeof *rows};
