/* Who among the clients looks at which modem: consoles, and monitors of their lines. Private to the
 * control socket. */
#ifndef DAEMON_CONTROL_WATCH_H
#define DAEMON_CONTROL_WATCH_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct control_client;
struct control_turn;
struct fleet;
struct log;

struct control {
    struct ev_loop *loop;
    struct fleet *fleet;
    bool (*reload)(void *ctx, char **error);
    void *reload_ctx;
    struct log *log;
    char *path;
    int fd;
    ev_io incoming;
    bool listening;
    ev_timer retry; /* accepts again, after there was no descriptor for a client */
    bool grouped;   /* members of a group may connect: the file's mode is theirs */
    struct control_client *clients;
    size_t count;
    struct control_turn *turns; /* console lines that have no result yet */
};

/* A console line of a client, the modem's number of it: its result will be told to the client. */
void control_turn_add(struct control_client *client, uint64_t number);
/* The client goes: results are nobody's any more. */
void control_turns_forget(struct control *control, const struct control_client *client);

#endif
