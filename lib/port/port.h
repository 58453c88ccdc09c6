/* A port: where a modem's bytes come from and go to, a pseudo-terminal with a stable link, a serial
 * device or a TCP listener. It moves bytes and reports who is there; it knows nothing of AT
 * commands. */
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
    const char *path; /* "pty", "/..." or "tcp:..." */
    const char *link; /* empty: the daemon chooses one */
    int baud;
    const char *format; /* "8N1" */
    int flow;           /* enum port_flow */
    bool pace;
};
extern const struct settings_group port_settings_group;

enum port_flow { PORT_FLOW_NONE, PORT_FLOW_RTSCTS };

/* How a serial line carries its bytes. */
struct port_line {
    int baud;      /* 300..4000000 */
    int data_bits; /* 7 or 8 */
    char parity;   /* 'N', 'O' or 'E' */
    int stop_bits; /* 1 or 2 */
    enum port_flow flow;
};

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
     * report waits. What the kernel held towards the host that has gone is thrown away by then. At
     * the far end of a serial line a host counts as present as long as the device is there. */
    void (*present)(void *ctx, bool present);
};

/* Watches opens and closes of all PTYs of a daemon (one inotify descriptor). NULL with the reason
 * in the log. */
struct port_watch *port_watch_create(struct ev_loop *loop, struct log *log);
/* All ports must be closed before. NULL is fine. */
void port_watch_destroy(struct port_watch *watch);

/* What a port works with; all that is pointed to outlives the port. */
struct port_env {
    struct ev_loop *loop;
    struct port_watch *watch;
    const struct port_events *events;
    void *ctx; /* of the events */
    struct log *log;
};

/* Opens what settings->path names. NULL with the reason in the log. Neither settings nor link need
 * to outlive the call.
 *
 * "pty": publishes the client side of a PTY as the symbolic link; link may be NULL or empty: then
 * only the log names the device. An old link there is replaced; anything else at that path is
 * refused. The mode of the device is 0660.
 *
 * A device: one that is not there is waited for, and one that goes is taken again when it is back.
 * One that somebody else has locked, or that is no serial line, is refused.
 *
 * "tcp:HOST:PORT": listens there, for one client at a time; the log names the port.
 *
 * Only a PTY has a link. If settings->link asks for one elsewhere, a warning says so. */
struct port *port_open(const struct port_env *env, const struct port_settings *settings,
                       const char *link);

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

/* Changes speed and format. On a serial device all that port_write() has taken leaves at the old
 * speed first; what is written from now on waits for the new one. Elsewhere there is no line whose
 * speed could change: it is remembered, and obeyed by port.pace where a host has set no speed. */
void port_set_line(struct port *port, const struct port_line *line);

/* As set last; at first as the settings say. */
const struct port_line *port_line(const struct port *port);

#endif
