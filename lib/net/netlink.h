/* One network interface of the host as the kernel tells of it (rtnetlink(7)): its state, address
 * and MAC now, and that they have changed. Private to lib/net. */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "net/netlink_table.h"

struct ev_loop;
struct log;
struct netlink;

/* From the loop, when something of the host's network has changed: the view may be another than
 * before. May destroy the object. */
typedef void (*netlink_changed)(void *ctx);

/* interface: its name, or empty for that of the default route. The view is there on return. Never
 * NULL: what does not work is in the log, and then the view stays as it is. */
struct netlink *netlink_create(struct ev_loop *loop, struct log *log, const char *interface,
                               netlink_changed changed, void *ctx);
/* NULL is fine. */
void netlink_destroy(struct netlink *netlink);

const struct netlink_view *netlink_view(const struct netlink *netlink);

#endif
