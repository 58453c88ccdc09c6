/* What the dumps of rtnetlink(7) say: links, addresses and routes, and what follows from them for
 * one interface. No sockets. Private to lib/net. */
#ifndef NET_NETLINK_TABLE_H
#define NET_NETLINK_TABLE_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/mac.h"

struct netlink_link {
    int index;
    unsigned flags; /* IFF_... */
    bool ethernet;  /* it has a MAC of six bytes, also Wi-Fi */
    unsigned char mac[MAC_LEN];
    char name[IF_NAMESIZE];
};

struct netlink_address {
    int index; /* of its link */
    int family;
    unsigned char scope; /* enum rt_scope_t */
    char text[INET6_ADDRSTRLEN];
};

/* That there is a route, of the main table; equal ones are one. */
struct netlink_route {
    int index; /* of the link that it goes out by */
    int family;
    bool everywhere; /* a default route */
    uint32_t metric;
};

/* All zero is an empty table. */
struct netlink_table {
    struct netlink_link *links;
    struct netlink_address *addresses;
    struct netlink_route *routes;
    size_t link_count, address_count, route_count;
};

enum netlink_end {
    NETLINK_MORE,   /* the dump goes on */
    NETLINK_DONE,   /* its end */
    NETLINK_AGAIN,  /* the kernel's tables changed meanwhile: it is to be made again */
    NETLINK_FAILED, /* an error, or bytes that make no sense */
};

/* Takes up what one datagram of the dump with this sequence number says; what belongs to another,
 * what is not understood and what is cut short is left out. */
enum netlink_end netlink_table_take(struct netlink_table *table, const void *bytes, size_t len,
                                    uint32_t sequence);
void netlink_table_free(struct netlink_table *table);

/* One interface. */
struct netlink_view {
    char interface[IF_NAMESIZE]; /* empty: there is none */
    bool up;                     /* it runs, and has an address and a route */
    char ip[INET6_ADDRSTRLEN];   /* if up: IPv4 if it can be, else IPv6 */
    bool has_mac;
    unsigned char mac[MAC_LEN];
};

/* The interface of this name; if it is empty, that of the best default route, else the one of the
 * view before, else the first with a MAC. Then only a default route counts as route. Loopback needs
 * none. */
struct netlink_view netlink_table_view(const struct netlink_table *table, const char *name,
                                       const struct netlink_view *before);

#endif
