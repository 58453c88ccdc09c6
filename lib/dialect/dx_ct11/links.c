/* QIOPEN, QISEND, QICLOSE, QISTATE: links, and what they receive. */
#include "dialect/dx_ct11/links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "at/stream.h"
#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"

enum {
    HOST_MAX = 255,
    SEND_MAX = 1024,
    PIECE_MAX = 1024, /* of a stream, in one report */
    CONNECT_MS = 20000,
};

/* ---- the numbers ---- */

struct dx_link *dx_link(struct dx *dx, int number)
{
    return &dx->links.link[number - DX_LINK_FIRST];
}

size_t dx_links_used(const struct dx *dx)
{
    size_t used = 0;
    for (int i = 0; i < DX_LINKS; i++) {
        used += dx->links.link[i].state != DX_LINK_FREE;
    }
    return used;
}

static struct dx_link *free_link(struct dx *dx)
{
    int i = 0;
    while (i < DX_LINKS && dx->links.link[i].state != DX_LINK_FREE) {
        i++;
    }
    return i < DX_LINKS ? &dx->links.link[i] : NULL;
}

static bool any_transparent(const struct dx *dx)
{
    int i = 0;
    while (i < DX_LINKS &&
           (dx->links.link[i].state == DX_LINK_FREE || !dx->links.link[i].transparent)) {
        i++;
    }
    return i < DX_LINKS;
}

static void set_free(struct dx_link *link)
{
    link->state = DX_LINK_FREE;
    free(link->host);
    link->host = NULL;
    buf_free(&link->unsent);
}

/* ---- events of a link ---- */

static void connected(void *ctx, const char *address, int local_port)
{
    struct dx_link *link = ctx;
    char line[32];
    (void)address;
    link->state = DX_LINK_OPEN;
    link->local_port = local_port;
    snprintf(line, sizeof line, "CONNECT,ID:%d", link->number);
    if (link->transparent) {
        if (!dx_transparent_open(link, link->opener, line)) {
            dx_link_drop(link);
            at_finish(link->dx->env.at, link->opener, DX_STATE);
        }
    } else if (link->opener) {
        at_finish(link->dx->env.at, link->opener, DX_CONNECT + link->number);
    } else {
        at_urc_line(link->dx->env.at, "%s", line);
    }
}

static void failed(void *ctx, enum socket_failure failure, const char *why)
{
    struct dx_link *link = ctx;
    (void)failure;
    (void)why;
    set_free(link);
    if (link->opener) {
        at_finish(link->dx->env.at, link->opener, DX_NO_SERVER);
    } else {
        dx_simple_failed(link->dx);
    }
}

static void report(void *source, const char *bytes, size_t len)
{
    const struct dx_link *link = source;
    const struct dx *dx = link->dx;
    struct buf line = {0};
    struct buf raw = {0};
    buf_add(&raw, bytes, len);
    if (dx->settings->recv_header) {
        buf_printf(&line, "+QIURC: \"recv\",%d,%zu", link->number, len);
        buf_add_text(&raw, "\r\n");
    }
    at_urc(dx->env.at, &(struct at_urc){.line = dx->settings->recv_header ? buf_bytes(&line) : NULL,
                                        .len = buf_len(&line),
                                        .raw = buf_bytes(&raw),
                                        .raw_len = buf_len(&raw)});
    buf_free(&line);
    buf_free(&raw);
}

/* A datagram is one report. */
static size_t received(void *ctx, const char *bytes, size_t len)
{
    struct dx_link *link = ctx;
    if (link->transparent) {
        return dx_transparent_data(link, bytes, len);
    }
    size_t piece = link->kind == SOCKET_UDP ? len : PIECE_MAX;
    return intake_take(&link->dx->links.intake, bytes, len, piece, report, link);
}

static void resume(void *ctx)
{
    struct dx *dx = ctx;
    for (int i = 0; i < DX_LINKS; i++) {
        struct dx_link *link = &dx->links.link[i];
        if (link->state == DX_LINK_OPEN && !link->transparent) {
            socket_resume(link->socket);
        }
    }
}

/* QISEND's bytes are gone, or not yet all of them, or cannot go any more. */
static at_result send_rest(struct dx_link *link)
{
    size_t len = buf_len(&link->unsent);
    buf_take(&link->unsent, socket_send(link->socket, buf_bytes(&link->unsent), len));
    if (socket_broken(link->socket)) {
        buf_clear(&link->unsent);
        return DX_SEND_FAIL;
    }
    return buf_len(&link->unsent) ? AT_PENDING : DX_SEND_OK;
}

static void writable(void *ctx)
{
    struct dx_link *link = ctx;
    if (link->transparent) {
        at_stream_ready(link->dx->env.at);
        return;
    }
    at_result result = buf_len(&link->unsent) ? send_rest(link) : AT_PENDING;
    if (result != AT_PENDING) {
        at_finish(link->dx->env.at, link->sender, result);
    }
}

/* It is over; the words go behind what is under way. */
static void end(struct dx_link *link, const char *word)
{
    struct at *at = link->dx->env.at;
    bool simple = !link->opener;
    at_fail_data(at, link->sender, DX_SEND_FAIL);
    if (buf_len(&link->unsent) && !link->transparent) {
        at_finish(at, link->sender, DX_SEND_FAIL);
    }
    if (link->transparent && at_stream_state(at) != AT_STREAM_NONE) {
        at_close_stream(at, word, -1);
    } else {
        at_urc_line(at, "%s", word);
    }
    set_free(link);
    if (simple) {
        dx_simple_lost(link->dx);
    }
}

static void closed(void *ctx, enum socket_end how)
{
    (void)how;
    end(ctx, "DISCONNECT");
}

static const struct socket_events events = {
    .connected = connected,
    .failed = failed,
    .data = received,
    .writable = writable,
    .closed = closed,
};

/* ---- opening and closing ---- */

bool dx_link_open(struct dx_link *link, const struct dx_target *target, at_ticket opener)
{
    if (!link->socket) {
        link->socket = socket_create(link->dx->env.services, &events, link);
    }
    if (!socket_open(link->socket, &(struct socket_options){
                                       .kind = target->kind,
                                       .host = target->host,
                                       .port = target->port,
                                       .local_port = target->local_port,
                                       .connect_timeout_ms = CONNECT_MS,
                                   })) {
        return false;
    }
    link->state = DX_LINK_OPENING;
    link->kind = target->kind;
    link->transparent = target->transparent;
    link->host = mem_string(target->host);
    link->port = target->port;
    link->opener = opener;
    link->sender = 0;
    return true;
}

void dx_link_drop(struct dx_link *link)
{
    socket_close(link->socket);
    set_free(link);
}

void dx_link_close(struct dx_link *link)
{
    if (link->state == DX_LINK_OPEN) {
        socket_close(link->socket);
        end(link, link->kind == SOCKET_TCP ? "DISCONNECT" : "UDP_CLOSE");
    } else {
        dx_link_drop(link);
    }
}

/* ---- QIOPEN ---- */

static const char *const kinds[] = {[SOCKET_TCP] = "TCP", [SOCKET_UDP] = "UDP", NULL};

const struct at_param dx_target_params[5] = {
    {.name = "type", .type = AT_CHOICE, .choices = kinds},
    {.name = "serverIP", .type = AT_STRING, .max = HOST_MAX, .valid = text_not_empty},
    {.name = "serverPort", .type = AT_INT, .min = 1, .max = 65535},
    {.name = "localPort", .type = AT_INT, .max = 65535},
    {.name = "mode", .type = AT_INT, .max = 1},
};

static struct dx_target target_of(const struct at_call *call)
{
    return (struct dx_target){
        .kind = (enum socket_kind)call->params[0].number,
        .host = call->params[1].text,
        .port = (int)call->params[2].number,
        .local_port = (int)call->params[3].number,
        .transparent = call->params[4].number == 1,
    };
}

static at_result open_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    const struct dx_target target = target_of(call);
    struct dx_link *link = free_link(dx);
    /* Data mode is one link's, and a flow of messages may have it. */
    bool taken = target.transparent &&
                 (dx_links_used(dx) > 0 || at_stream_state(call->at) != AT_STREAM_NONE);
    if (dx_simple(dx) == DX_SIMPLE_CLIENT || !link || taken || any_transparent(dx)) {
        return DX_STATE;
    }
    return dx_link_open(link, &target, call->ticket) ? AT_PENDING : DX_STATE;
}

/* ---- QISEND ---- */

static at_result send_set(void *ctx, struct at_call *call)
{
    struct dx_link *link = dx_link(ctx, (int)call->params[0].number);
    const struct at_value *len = &call->params[1];
    if (link->state != DX_LINK_OPEN || link->transparent) {
        return DX_STATE;
    }
    if (!len->present && link->kind == SOCKET_TCP) {
        return DX_LENGTH;
    }
    link->sender = call->ticket;
    at_open_data(call, len->present ? AT_END_COUNT : AT_END_SUB,
                 len->present ? (size_t)len->number : SEND_MAX, AT_PROMPT_OK_CHEVRON);
    return AT_DATA;
}

/* A link that was lost has failed the data phase. */
static at_result send_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    struct dx_link *link = dx_link(ctx, (int)call->params[0].number);
    buf_clear(&link->unsent);
    buf_add(&link->unsent, bytes, len);
    at_result result = send_rest(link);
    if (result == AT_PENDING && link->kind == SOCKET_UDP) { /* the network takes none now */
        buf_clear(&link->unsent);
        return DX_SEND_FAIL;
    }
    return result;
}

/* ---- QICLOSE, QISTATE ---- */

static at_result close_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    struct dx_link *link = dx_link(dx, (int)call->params[0].number);
    if (link->state == DX_LINK_FREE) {
        return DX_STATE;
    }
    dx_link_close(link);
    dx_simple_stop(dx);
    return AT_OK;
}

static at_result state(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    for (int i = 0; i < DX_LINKS; i++) {
        const struct dx_link *link = &dx->links.link[i];
        if (link->state == DX_LINK_OPEN) {
            at_info(call->at, call->ticket, "+QISTATE:%d,\"%s\",\"%s\",%d,%d", link->number,
                    kinds[link->kind], link->host, link->port, link->local_port);
        }
    }
    return AT_OK;
}

/* ---- life ---- */

void dx_links_power_on(struct dx *dx)
{
    struct dx_links *links = &dx->links;
    for (int i = 0; i < DX_LINKS; i++) {
        links->link[i].dx = dx;
        links->link[i].number = DX_LINK_FIRST + i;
    }
    intake_init(&links->intake, &dx->env, resume, dx);
    ev_timer_init(&links->simple, dx_simple_tick, 0., 0.);
    links->simple.data = dx;
}

void dx_links_power_off(struct dx *dx)
{
    struct dx_links *links = &dx->links;
    intake_end(&links->intake);
    ev_timer_stop(dx_loop(dx), &links->simple);
    for (int i = 0; i < DX_LINKS; i++) {
        socket_destroy(links->link[i].socket);
        set_free(&links->link[i]);
    }
    dx_fields_free(&links->client);
    *links = (struct dx_links){0};
}

/* ---- the table ---- */

#define LINK                                                                                       \
    {                                                                                              \
        .name = "link_num", .type = AT_INT, .min = DX_LINK_FIRST, .max = DX_LINK_LAST              \
    }

static const struct at_param send_params[] = {
    LINK,
    {.name = "length", .type = AT_INT, .min = 1, .max = SEND_MAX, .flags = AT_OPTIONAL},
};
static const struct at_param close_params[] = {LINK};

static const struct at_command rows[] = {
    {.name = "+QIOPEN",
     .forms = AT_SET,
     AT_PARAMS(dx_target_params),
     .set = open_set,
     .help = "open a TCP or UDP link, in mode 1 a transparent one"},
    {.name = "+QISEND",
     .forms = AT_SET,
     AT_PARAMS(send_params),
     .set = send_set,
     .data = send_data,
     .help = "send data over a link"},
    {.name = "+QICLOSE",
     .forms = AT_SET,
     AT_PARAMS(close_params),
     .set = close_set,
     .help = "close a link"},
    {.name = "+QISTATE", .forms = AT_EXECUTE, .execute = state, .help = "the links"},
    {.name = "O",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     .execute = dx_ato,
     .help = "back to the data mode that +++ has left"},
};

const struct at_table dx_links_table = {rows, sizeof rows / sizeof *rows};
