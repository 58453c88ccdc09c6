/* Data mode: the line belongs to a transparent link. */
#include "at/stream.h"
#include "dialect/dx_ct11/instance.h"

enum { BURST_MS = 20, DATAGRAM_MAX = 1460 };

/* ---- bytes of the host ---- */

static void send_datagram(struct dx_link *link)
{
    socket_send(link->socket, buf_bytes(&link->unsent), buf_len(&link->unsent));
    buf_clear(&link->unsent);
}

/* A burst is a datagram. */
static void add_to_burst(struct dx_link *link, const char *bytes, size_t len)
{
    while (len) {
        size_t room = DATAGRAM_MAX - buf_len(&link->unsent);
        size_t now = len < room ? len : room;
        buf_add(&link->unsent, bytes, now);
        bytes += now;
        len -= now;
        if (buf_len(&link->unsent) == DATAGRAM_MAX) {
            send_datagram(link);
        }
    }
}

static size_t input(void *ctx, const char *bytes, size_t len)
{
    struct dx_link *link = ctx;
    if (link->kind == SOCKET_TCP) {
        return socket_send(link->socket, bytes, len);
    }
    add_to_burst(link, bytes, len);
    return len;
}

static void silent(void *ctx)
{
    struct dx_link *link = ctx;
    if (link->kind == SOCKET_UDP && buf_len(&link->unsent)) {
        send_datagram(link);
    }
}

/* ---- bytes of the peer ---- */

static void writable(void *ctx)
{
    const struct dx_link *link = ctx;
    socket_resume(link->socket);
}

size_t dx_transparent_data(struct dx_link *link, const char *bytes, size_t len)
{
    return at_stream_write(link->dx->env.at, bytes, len);
}

/* ---- in and out ---- */

/* ATZ hangs up; a restart does so silently. */
static void left(void *ctx, enum at_stream_left how)
{
    struct dx_link *link = ctx;
    if (how != AT_LEFT_RESET) {
        return;
    }
    if (link->dx->reboot.state == REBOOT_NONE) {
        dx_link_close(link);
    } else {
        dx_link_drop(link);
    }
}

static const struct at_stream_events events = {
    .input = input, .silent = silent, .writable = writable, .left = left};

bool dx_transparent_open(struct dx_link *link, at_ticket ticket, const char *line)
{
    struct at *at = link->dx->env.at;
    const struct at_stream stream = {
        .events = &events,
        .ctx = link,
        .guard_ms = (unsigned)link->dx->settings->escape_guard_ms,
        .burst_ms = link->kind == SOCKET_UDP ? BURST_MS : 0,
        .stays = !link->opener,
    };
    if (!at_open_stream(at, ticket, &stream, line, -1)) {
        return false;
    }
    return !ticket || at_finish(at, ticket, AT_STREAM);
}

/* No answer but the data. What the peer sent meanwhile is read again. */
at_result dx_ato(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (!at_resume_stream(call->at, call->ticket, NULL, -1)) {
        return DX_STATE;
    }
    for (int i = 0; i < DX_LINKS; i++) {
        if (dx->links.link[i].state == DX_LINK_OPEN) {
            socket_resume(dx->links.link[i].socket);
        }
    }
    return AT_STREAM;
}
