/* What all back ends share: the flow of bytes over one descriptor. Private to lib/port. A back end
 * embeds struct port as its first member and says when a host arrives. */
#ifndef PORT_PORT_BACKEND_H
#define PORT_PORT_BACKEND_H

#include <ev.h>
#include <sys/types.h>

#include "port/port.h"

struct pacing;

/* Those that may be NULL say so. */
struct port_ops {
    /* The end of input is read (error 0): the host has gone, or the descriptor is dead. The back
     * end makes the line ready for the next host and calls port_set_present(). */
    void (*ended)(struct port *port, int error);
    /* Bytes are about to be written. NULL: nothing. */
    void (*before_output)(struct port *port);
    /* As write(2). */
    ssize_t (*write)(struct port *port, const char *bytes, size_t len);
    /* Whether nobody is there to read what is written; asked when the kernel takes no more. NULL:
     * a write fails then. */
    bool (*deserted)(const struct port *port);
    /* NULL: it cannot be done. */
    void (*discard_output)(struct port *port);
    /* The speed that the host has set on its side; 0 or NULL: none. */
    int (*host_speed)(const struct port *port);
    /* port->line is another one. NULL: it is only remembered. */
    void (*line_changed)(struct port *port);
    /* Bytes were read and are about to be given to input(); may report who is there. NULL: nothing.
     */
    void (*before_input)(struct port *port);
    /* Frees what the back end holds, but neither the struct nor the descriptor. */
    void (*close)(struct port *port);
};

struct port {
    const struct port_ops *ops;
    struct ev_loop *loop;
    const struct port_events *events;
    void *ctx;
    struct log *log;
    struct port_line line;
    struct pacing *pacing; /* NULL: as fast as the kernel goes */
    int fd;                /* -1: none, and nobody is present */
    ev_io io;
    int watched;      /* the events that io is started for, 0: stopped */
    bool present;     /* as last reported */
    bool paused;      /* input_room() was 0 */
    bool blocked;     /* a write was short: writable() is owed */
    bool input_held;  /* not read until port_hold_input(port, false) */
    bool output_held; /* not written until port_release_output() */
    bool closed;      /* by port_close(); the memory goes with the last call */
    unsigned calls;   /* under way that may run handlers */
};

/* Fills in the shared part; there is no descriptor yet. */
void port_init(struct port *port, const struct port_ops *ops, const struct port_env *env,
               const struct port_settings *settings);

/* Gives the port a descriptor (non-blocking, the port's own from now on), and takes it away and
 * closes it. Whoever does so reports it by port_set_present(). */
void port_attach(struct port *port, int fd);
void port_detach(struct port *port);

/* Around everything that may run handlers: any of them may close the port, and its memory stays
 * until the outermost leave. After a handler look at port->closed. */
void port_enter(struct port *port);
void port_leave(struct port *port);

/* Begins or ends reading and reports it. Runs a handler. */
void port_set_present(struct port *port, bool present);

/* Leaves input in the kernel, or goes on reading it. */
void port_hold_input(struct port *port, bool hold);

/* Takes no more output, or goes on. The release runs a handler. */
void port_hold_output(struct port *port);
void port_release_output(struct port *port);

/* One for each kind of path. NULL with the reason in the log. */
struct port *pty_open(const struct port_env *env, const struct port_settings *settings,
                      const char *link);
struct port *serial_open(const struct port_env *env, const struct port_settings *settings);
struct port *tcp_open(const struct port_env *env, const struct port_settings *settings);

#endif
