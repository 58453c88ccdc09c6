/* The control socket: JSON lines for atmodemctl and whoever else may talk to the daemon. The
 * protocol is in docs/control-protocol.md. A client that floods or stalls costs itself, not the
 * modems. */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

struct control;
struct ev_loop;
struct fleet;
struct log;
struct places;

/* Listens on RUNTIME/control. group: name of a group whose members may connect, "" for none but the
 * daemon's own user and root. NULL with the reason in the log. */
struct control *control_create(struct ev_loop *loop, const struct places *places,
                               struct fleet *fleet, const char *group, struct log *log);
/* Closes all clients, removes the socket. NULL is fine. */
void control_destroy(struct control *control);

/* The fleet has changed: consoles are joined to the modems that have their names now. */
void control_refresh(struct control *control);

#endif
