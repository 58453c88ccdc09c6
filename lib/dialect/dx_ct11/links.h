/* Sockets: QIOPEN's links, and the one of SIMPLECLIENT. */
#ifndef DIALECT_DX_CT11_LINKS_H
#define DIALECT_DX_CT11_LINKS_H

#include <ev.h>

#include "at/at.h"
#include "base/buf.h"
#include "dialect/dx_ct11/fields.h"
#include "dialect/intake.h"
#include "service/socket/socket.h"

struct dx;

enum { DX_LINK_FIRST = 3, DX_LINK_LAST = 20, DX_LINKS = DX_LINK_LAST - DX_LINK_FIRST + 1 };

/* What QIOPEN and SIMPLECLIENT are given. */
struct dx_target {
    enum socket_kind kind;
    const char *host;
    int port, local_port;
    bool transparent;
};

struct dx_link {
    struct dx *dx;
    int number;
    struct socket *socket;
    enum { DX_LINK_FREE, DX_LINK_OPENING, DX_LINK_OPEN } state;
    enum socket_kind kind;
    bool transparent;
    char *host; /* as it was given */
    int port;
    int local_port;    /* the real one */
    at_ticket opener;  /* QIOPEN; 0: SIMPLECLIENT's link */
    at_ticket sender;  /* QISEND */
    struct buf unsent; /* what QISEND has not got rid of; of a burst that may become a datagram */
};

struct dx_links {
    struct dx_link link[DX_LINKS];
    struct intake intake;
    struct dx_fields client; /* SIMPLECLIENT */
    ev_timer simple;         /* its next attempt, or ERROR=104 */
};

void dx_links_power_on(struct dx *dx);
void dx_links_power_off(struct dx *dx);

/* Links that are open or being opened. */
size_t dx_links_used(const struct dx *dx);
struct dx_link *dx_link(struct dx *dx, int number);

/* Opens it; opener 0: for nobody's command. False: it is in use. */
bool dx_link_open(struct dx_link *link, const struct dx_target *target, at_ticket opener);
/* Ends it, and tells: DISCONNECT or UDP_CLOSE. */
void dx_link_close(struct dx_link *link);

/* The same without a word. */
void dx_link_drop(struct dx_link *link);

/* transparent.c: the line is handed to a link, as the outcome of a command or, with ticket 0, by
 * itself. */
bool dx_transparent_open(struct dx_link *link, at_ticket ticket, const char *line);
/* Of the peer: how many bytes were taken. */
size_t dx_transparent_data(struct dx_link *link, const char *bytes, size_t len);
at_result dx_ato(void *ctx, struct at_call *call);

/* simple.c: what becomes of SIMPLECLIENT's link. */
void dx_simple_begin(struct dx *dx);
void dx_simple_failed(struct dx *dx);
void dx_simple_lost(struct dx *dx);
void dx_simple_stop(struct dx *dx);
void dx_simple_tick(struct ev_loop *loop, ev_timer *timer, int events);

/* The parameters that QIOPEN and SIMPLECLIENT have. */
extern const struct at_param dx_target_params[5];

#endif
