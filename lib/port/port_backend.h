/* What all back ends share: the flow of bytes over one descriptor. Private to lib/port. A back end
 * embeds struct port as its first member and says when a host arrives. */
#ifndef PORT_PORT_BACKEND_H
#define PORT_PORT_BACKEND_H

#include <ev.h>

#include "port/port.h"

struct port_ops {
    /* The end of input is read: the host has gone, or the descriptor is dead. The back end makes
     * the line ready for the next host and calls port_set_present(). */
    void (*ended)(struct port *port);
    /* Whether nobody is there to read what is written; asked when the kernel takes no more. */
    bool (*deserted)(const struct port *port);
    /* Called before each write. */
    void (*before_write)(struct port *port);
    void (*discard_output)(struct port *port);
    /* Frees what the back end holds, but neither the struct nor the descriptor. */
    void (*close)(struct port *port);
};

struct port {
    const struct port_ops *ops;
    struct ev_loop *loop;
    const struct port_events *events;
    void *ctx;
    struct log *log;
    int fd;
    ev_io io;
    int watched;    /* the events that io is started for, 0: stopped */
    bool present;   /* as last reported */
    bool paused;    /* input_room() was 0 */
    bool blocked;   /* a write was short: writable() is owed */
    bool closed;    /* by port_close(); the memory goes with the last call */
    unsigned calls; /* under way that may run handlers */
};

/* Fills in the shared part. The descriptor is non-blocking and belongs to the port from now on. */
void port_init(struct port *port, const struct port_ops *ops, struct ev_loop *loop, int fd,
               const struct port_events *events, void *ctx, struct log *log);

/* Around everything that may run handlers: any of them may close the port, and its memory stays
 * until the outermost leave. After a handler look at port->closed. */
void port_enter(struct port *port);
void port_leave(struct port *port);

/* Begins or ends reading and reports it. Runs a handler. */
void port_set_present(struct port *port, bool present);

#endif
