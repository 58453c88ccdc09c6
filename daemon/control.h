/* The control socket: JSON lines for atmodemctl and whoever else may talk to the daemon. The
 * protocol is in docs/control-protocol.md. A client that floods or stalls costs itself, not the
 * modems. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <stdbool.h>

struct control;
struct ev_loop;
struct fleet;
struct log;
struct places;

/* All that is pointed to outlives the control socket. */
struct control_options {
    struct ev_loop *loop;
    const struct places *places;
    struct fleet *fleet;
    const char
        *group; /* whose members may connect; "": nobody but the daemon's own user and root */
    /* Reads the configuration again; false with an error that the caller frees. */
    bool (*reload)(void *ctx, char **error);
    void *reload_ctx;
};

/* Listens on RUNTIME/control. NULL with the reason in the log. */
struct control *control_create(const struct control_options *options, struct log *log);
/* Closes all clients, removes the socket. NULL is fine. */
void control_destroy(struct control *control);

/* The fleet or the clients have changed: consoles and monitors are joined to the modems that have
 * their names now. */
void control_refresh(struct control *control);

#endif
