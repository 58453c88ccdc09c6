/* Opens and closes of device nodes, by inotify. Private to lib/port.
 *
 * inotify joins equal events that follow each other unread, so two opens in a row may be told as
 * one: events say that something happened, not how many hosts there are. */
#ifndef PORT_WATCH_H
#define PORT_WATCH_H

#include <stdbool.h>

struct port_watch;
struct watched;

enum watch_event {
    WATCH_OPENED,
    WATCH_CLOSED,
    WATCH_LOST, /* the kernel dropped events, perhaps of this node */
};

/* Called from the loop or from watch_drain(). Must neither add nor remove watches. */
typedef void (*watch_function)(void *ctx, enum watch_event event);

/* NULL with errno set. */
struct watched *watch_add(struct port_watch *watch, const char *path, watch_function function,
                          void *ctx);
/* What happens to the node while it is muted is not told. Neither adds nor removes a watch, so no
 * limit of the system can be in the way. */
void watch_mute(struct port_watch *watch, struct watched *watched, bool muted);

/* Tells at once what is there to be told, of all nodes. False if there was nothing. */
bool watch_drain(struct port_watch *watch);

/* NULL is fine. */
void watch_remove(struct port_watch *watch, struct watched *watched);

#endif
