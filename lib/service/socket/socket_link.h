/* Private to lib/service: what flows over one descriptor that is connected. */
#ifndef SERVICE_SOCKET_SOCKET_LINK_H
#define SERVICE_SOCKET_SOCKET_LINK_H

#include <ev.h>
#include <stdbool.h>

#include "base/buf.h"

/* As in socket_events. Each comes from the loop, and may call socket_link_detach() and
 * socket_link_orphan(). */
struct socket_link_events {
    size_t (*data)(void *ctx, const char *bytes, size_t len);
    void (*writable)(void *ctx);
    void (*sent)(void *ctx);
    /* The end: error 0: the peer has sent all, and that was delivered; else an errno. */
    void (*ended)(void *ctx, int error);
    /* The link is orphaned, and nothing uses its memory any more. */
    void (*released)(void *ctx);
};

struct socket_link {
    struct ev_loop *loop;
    const struct socket_link_events *events;
    void *ctx;
    int fd; /* -1: none */
    bool datagrams;
    ev_io io;
    ev_timer soon;       /* never started: fed to go on from the loop */
    int watched;         /* the events that io is started for */
    struct buf in;       /* read and not taken */
    struct buf out;      /* taken and not sent; a datagram has its size in front */
    size_t out_bytes;    /* of it: what was given to be sent */
    bool paused;         /* data() took too few */
    bool starved;        /* socket_link_send() took too few */
    bool at_end;         /* nothing more comes from the peer */
    bool broken;         /* nothing more can be sent: reading will find out why */
    unsigned long chain; /* counts descriptors: a callee may have changed it */
    bool busy;           /* inside a call from the loop */
    bool orphaned;
};

void socket_link_init(struct socket_link *link, struct ev_loop *loop,
                      const struct socket_link_events *events, void *ctx);
/* fd is connected, non-blocking, and the link's from now on. */
void socket_link_attach(struct socket_link *link, int fd, bool datagrams);
/* Takes the descriptor and what waits to be sent out; everything else is forgotten. out is to be
 * freed. -1 and nothing in out if there is no descriptor. */
int socket_link_detach(struct socket_link *link, struct buf *out);

/* Its memory will not be wanted any more: released() comes, at once or when that is true. */
void socket_link_orphan(struct socket_link *link);

size_t socket_link_send(struct socket_link *link, const char *bytes, size_t len);
void socket_link_resume(struct socket_link *link);

#endif
