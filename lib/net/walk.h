/* An attempt to reach somebody by name: the name is looked up (network.redirect applied), then its
 * addresses are offered one after the other, each with a fair part of the time that is left. */
#ifndef NET_WALK_H
#define NET_WALK_H

#include <stdbool.h>

#include "net/resolve.h"

struct redirect;
struct walk;

enum walk_failure {
    WALK_UNRESOLVED, /* the name has no address */
    WALK_LATE,       /* no time is left: for the look-up, or for the other addresses */
    WALK_EXHAUSTED,  /* no address is left; why is empty: whoever tried them knows more */
};

/* Any of them may call any function of this interface, walk_destroy() included. The first comes
 * from the loop; walk_next() may call address() or failed() at once. */
struct walk_events {
    /* Try this one; then walk_next() or walk_stop(). */
    void (*address)(void *ctx, const struct net_address *address);
    /* The time for the present address is over: give it up, then as above. */
    void (*late)(void *ctx);
    /* It has ended. */
    void (*failed)(void *ctx, enum walk_failure failure, const char *why);
};

/* All that is pointed to outlives the walk. */
struct walk *walk_create(struct ev_loop *loop, struct resolver *resolver,
                         const struct walk_events *events, void *ctx);
/* NULL is fine. */
void walk_destroy(struct walk *walk);

/* Begins, ending what was under way. redirect may be NULL; neither it nor host need outlive the
 * call.
 */
void walk_start(struct walk *walk, const struct redirect *redirect, const char *host, int port,
                double seconds);
/* The present address is no good: the next one. */
void walk_next(struct walk *walk);
/* Ends it without an event. */
void walk_stop(struct walk *walk);

/* Valid from the start on: the port after network.redirect. */
int walk_port(const struct walk *walk);
/* While an address is tried: which, and whether others are left. */
const struct net_address *walk_address(const struct walk *walk);
bool walk_more(const struct walk *walk);

#endif
