/* A port: where a modem's bytes come from and go to. Today a pseudo-terminal with a stable link. It
 * moves bytes and reports who is there; it knows nothing of AT commands. */
#ifndef PORT_PORT_H
#define PORT_PORT_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct log;
struct port;
struct port_watch;
struct settings_group;

/* The settings `[port]`. */
struct port_settings {
    const char *path; /* "pty" */
    const char *link; /* empty: the daemon chooses one */
};
extern const struct settings_group port_settings_group;

/* All of them must be given. They come from the loop or from port_poll(), never from inside another
 * call of this interface. Any of them may call any function of this interface, port_close()
 * included. */
struct port_events {
    /* Bytes from the host; len is at most what input_room() said just before. */
    void (*input)(void *ctx, const char *bytes, size_t len);
    /* How many bytes may be taken from the host now; 0: the port stops reading (they wait in the
     * kernel) until port_resume(). */
    size_t (*input_room)(void *ctx);
    /* The port takes bytes again after port_write() took too few. */
    void (*writable)(void *ctx);
    /* A first host opened the port (before its first input), or the last one closed it. What a host
     * wrote before it closed has been given to input() before; while there is no room for that, the
     * report waits. What the kernel held towards the host that has gone is thrown away by then. */
    void (*present)(void *ctx, bool present);
};

/* Watches opens and closes of all PTYs of a daemon (one inotify descriptor). NULL with the reason
 * in the log. */
struct port_watch *port_watch_create(struct ev_loop *loop, struct log *log);
/* All ports must be closed before. NULL is fine. */
void port_watch_destroy(struct port_watch *watch);

/* Opens a PTY and publishes its client side as the symbolic link; link may be NULL or empty: then
 * only the log names the device. An old link there is replaced; anything else at that path is
 * refused. The mode of the device is 0660. Everything that is pointed to outlives the port, except
 * link. NULL with the reason in the log. */
struct port *port_open_pty(struct ev_loop *loop, struct port_watch *watch, const char *link,
                           const struct port_events *events, void *ctx, struct log *log);

/* Removes the link (if it is still ours) and closes; no event comes any more. NULL is fine. */
void port_close(struct port *port);

/* Writes now what the kernel takes and returns how much that was; fewer than len: writable() comes
 * later, or present(false). While no host is there bytes go nowhere and count as written. */
size_t port_write(struct port *port, const char *bytes, size_t len);

/* Reads at once what is there (before a timer about silence is believed). Runs events. */
void port_poll(struct port *port);

/* input_room() may say more than 0 again. Idempotent, cheap. */
void port_resume(struct port *port);

/* Throws away what the kernel holds towards the host. */
void port_discard_output(struct port *port);

#endif
