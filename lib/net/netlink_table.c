#include "net/netlink_table.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROWS_MAX = 4096 }; /* of each kind; what a gateway has is far from it */

struct span {
    const unsigned char *at;
    size_t len;
};

/* ---- bytes ---- */

static size_t aligned(size_t len)
{
    return (len + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
}

static void skip(struct span *span, size_t len)
{
    size_t step = aligned(len) < span->len ? aligned(len) : span->len;
    span->at += step;
    span->len -= step;
}

/* The next message of a datagram; false at its end or where it makes no sense. */
static bool next_message(struct span *datagram, struct nlmsghdr *header, struct span *body)
{
    if (datagram->len < sizeof *header) {
        return false;
    }
    memcpy(header, datagram->at, sizeof *header);
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > datagram->len) {
        return false;
    }
    *body = (struct span){datagram->at + sizeof *header, header->nlmsg_len - sizeof *header};
    skip(datagram, header->nlmsg_len);
    return true;
}

static bool take_head(struct span *body, void *head, size_t len)
{
    if (body->len < len) {
        return false;
    }
    memcpy(head, body->at, len);
    skip(body, len);
    return true;
}

static bool next_attribute(struct span *rest, unsigned *type, struct span *value)
{
    struct rtattr head;
    if (rest->len < sizeof head) {
        return false;
    }
    memcpy(&head, rest->at, sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > rest->len) {
        return false;
    }
    *type = (unsigned)(head.rta_type & NLA_TYPE_MASK);
    *value = (struct span){rest->at + sizeof head, head.rta_len - sizeof head};
    skip(rest, head.rta_len);
    return true;
}

static uint32_t number_of(struct span value)
{
    uint32_t number = 0;
    if (value.len >= sizeof number) {
        memcpy(&number, value.at, sizeof number);
    }
    return number;
}

/* ---- rows ---- */

/* Room for one more row, or NULL. */
static void *add_row(void **rows, size_t *count, size_t size)
{
    if (*count == ROWS_MAX) {
        return NULL;
    }
    /* Doubled whenever the count is a power of two. */
    if ((*count & (*count - 1)) == 0) {
        *rows = mem_resize(*rows, (*count ? *count * 2 : 1) * size);
    }
    return (char *)*rows + (*count)++ * size;
}

static void take_link(struct netlink_table *table, struct span body)
{
    struct ifinfomsg head;
    struct netlink_link link = {0};
    unsigned type;
    struct span value;
    if (!take_head(&body, &head, sizeof head)) {
        return;
    }
    link.index = head.ifi_index;
    link.flags = head.ifi_flags;
    while (next_attribute(&body, &type, &value)) {
        if (type == IFLA_IFNAME && value.len && value.len <= sizeof link.name) {
            memcpy(link.name, value.at, value.len);
            link.name[sizeof link.name - 1] = '\0';
        } else if (type == IFLA_ADDRESS && value.len == MAC_LEN && head.ifi_type == ARPHRD_ETHER) {
            memcpy(link.mac, value.at, MAC_LEN);
            link.ethernet = true;
        }
    }
    void *rows = table->links;
    struct netlink_link *row =
        link.name[0] ? add_row(&rows, &table->link_count, sizeof *row) : NULL;
    table->links = rows;
    if (row) {
        *row = link;
    }
}

static void take_address(struct netlink_table *table, struct span body)
{
    struct ifaddrmsg head;
    struct netlink_address address = {0};
    struct span found = {0};
    unsigned type;
    struct span value;
    if (!take_head(&body, &head, sizeof head)) {
        return;
    }
    uint32_t flags = head.ifa_flags;
    while (next_attribute(&body, &type, &value)) {
        if (type == IFA_LOCAL || (type == IFA_ADDRESS && !found.at)) {
            found = value; /* on a point-to-point link IFA_ADDRESS is the other end's */
        } else if (type == IFA_FLAGS) {
            flags = number_of(value);
        }
    }
    size_t wanted = head.ifa_family == AF_INET ? 4 : head.ifa_family == AF_INET6 ? 16 : 0;
    if (!wanted || found.len != wanted || flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) ||
        !inet_ntop(head.ifa_family, found.at, address.text, sizeof address.text)) {
        return;
    }
    address.index = (int)head.ifa_index;
    address.family = head.ifa_family;
    address.scope = head.ifa_scope;
    void *rows = table->addresses;
    struct netlink_address *row = add_row(&rows, &table->address_count, sizeof *row);
    table->addresses = rows;
    if (row) {
        *row = address;
    }
}

/* fe80::/10 and ff00::/8, which every IPv6 interface has. */
static bool local_only(const struct rtmsg *head, struct span destination)
{
    return head->rtm_family == AF_INET6 && head->rtm_dst_len && destination.len == 16 &&
           ((destination.at[0] == 0xfe && (destination.at[1] & 0xc0) == 0x80) ||
            destination.at[0] == 0xff);
}

static int first_hop(struct span hops)
{
    struct rtnexthop hop;
    if (hops.len < sizeof hop) {
        return 0;
    }
    memcpy(&hop, hops.at, sizeof hop);
    return hop.rtnh_ifindex;
}

static void add_route(struct netlink_table *table, const struct netlink_route *route)
{
    for (size_t i = 0; i < table->route_count; i++) {
        struct netlink_route *row = &table->routes[i];
        if (row->index == route->index && row->family == route->family &&
            row->everywhere == route->everywhere) {
            row->metric = row->metric < route->metric ? row->metric : route->metric;
            return;
        }
    }
    void *rows = table->routes;
    struct netlink_route *row = add_row(&rows, &table->route_count, sizeof *row);
    table->routes = rows;
    if (row) {
        *row = *route;
    }
}

static void take_route(struct netlink_table *table, struct span body)
{
    struct rtmsg head;
    struct netlink_route route = {0};
    struct span destination = {0};
    unsigned type;
    struct span value;
    if (!take_head(&body, &head, sizeof head)) {
        return;
    }
    uint32_t number = head.rtm_table;
    while (next_attribute(&body, &type, &value)) {
        switch (type) {
        case RTA_TABLE:
            number = number_of(value);
            break;
        case RTA_OIF:
            route.index = (int)number_of(value);
            break;
        case RTA_MULTIPATH:
            route.index = first_hop(value);
            break;
        case RTA_PRIORITY:
            route.metric = number_of(value);
            break;
        case RTA_DST:
            destination = value;
            break;
        default:
            break;
        }
    }
    bool known = head.rtm_family == AF_INET || head.rtm_family == AF_INET6;
    if (known && number == RT_TABLE_MAIN && head.rtm_type == RTN_UNICAST && route.index > 0 &&
        !(head.rtm_flags & (RTNH_F_DEAD | RTM_F_CLONED)) && !local_only(&head, destination)) {
        route.family = head.rtm_family;
        route.everywhere = head.rtm_dst_len == 0;
        add_route(table, &route);
    }
}

enum netlink_end netlink_table_take(struct netlink_table *table, const void *bytes, size_t len,
                                    uint32_t sequence)
{
    struct span datagram = {bytes, len};
    struct nlmsghdr header;
    struct span body;
    while (next_message(&datagram, &header, &body)) {
        if (header.nlmsg_seq != sequence) {
            continue;
        }
        if (header.nlmsg_flags & NLM_F_DUMP_INTR) {
            return NETLINK_AGAIN;
        }
        switch (header.nlmsg_type) {
        case NLMSG_DONE:
            return NETLINK_DONE;
        case NLMSG_ERROR:
            return NETLINK_FAILED;
        case RTM_NEWLINK:
            take_link(table, body);
            break;
        case RTM_NEWADDR:
            take_address(table, body);
            break;
        case RTM_NEWROUTE:
            take_route(table, body);
            break;
        default:
            break;
        }
    }
    return datagram.len ? NETLINK_FAILED : NETLINK_MORE;
}

void netlink_table_free(struct netlink_table *table)
{
    free(table->links);
    free(table->addresses);
    free(table->routes);
    *table = (struct netlink_table){0};
}

/* ---- one interface ---- */

static const struct netlink_link *link_named(const struct netlink_table *table, const char *name)
{
    for (size_t i = 0; i < table->link_count; i++) {
        if (strcmp(table->links[i].name, name) == 0) {
            return &table->links[i];
        }
    }
    return NULL;
}

static const struct netlink_link *link_of(const struct netlink_table *table, int index)
{
    for (size_t i = 0; i < table->link_count; i++) {
        if (table->links[i].index == index) {
            return &table->links[i];
        }
    }
    return NULL;
}

static const struct netlink_link *link_with_mac(const struct netlink_table *table)
{
    for (size_t i = 0; i < table->link_count; i++) {
        if (table->links[i].ethernet) {
            return &table->links[i];
        }
    }
    return NULL;
}

/* That of the default route with the lowest metric, IPv4 before IPv6. */
static const struct netlink_link *link_of_default(const struct netlink_table *table)
{
    const struct netlink_route *best = NULL;
    for (size_t i = 0; i < table->route_count; i++) {
        const struct netlink_route *route = &table->routes[i];
        if (!route->everywhere || !link_of(table, route->index)) {
            continue;
        }
        if (!best || (best->family == AF_INET6 && route->family == AF_INET) ||
            (best->family == route->family && route->metric < best->metric)) {
            best = route;
        }
    }
    return best ? link_of(table, best->index) : NULL;
}

static bool has_route(const struct netlink_table *table, int index, int family, bool everywhere)
{
    for (size_t i = 0; i < table->route_count; i++) {
        const struct netlink_route *route = &table->routes[i];
        if (route->index == index && route->family == family &&
            (route->everywhere || !everywhere)) {
            return true;
        }
    }
    return false;
}

/* NULL: none that is good beyond the link (loopback's own is). */
static const char *address_of(const struct netlink_table *table, const struct netlink_link *link,
                              int family)
{
    for (size_t i = 0; i < table->address_count; i++) {
        const struct netlink_address *address = &table->addresses[i];
        if (address->index == link->index && address->family == family &&
            (address->scope < RT_SCOPE_LINK || link->flags & IFF_LOOPBACK)) {
            return address->text;
        }
    }
    return NULL;
}

struct netlink_view netlink_table_view(const struct netlink_table *table, const char *name,
                                       const struct netlink_view *before)
{
    static const int families[] = {AF_INET, AF_INET6};
    struct netlink_view view = {0};
    bool any = !*name;
    const struct netlink_link *link = any ? link_of_default(table) : link_named(table, name);
    if (any && !link) {
        link = link_named(table, before->interface);
    }
    if (any && !link) {
        link = link_with_mac(table);
    }
    if (!link) {
        return view;
    }
    memcpy(view.interface, link->name, sizeof view.interface);
    view.has_mac = link->ethernet;
    memcpy(view.mac, link->mac, sizeof view.mac);
    for (size_t i = 0; i < 2 && !view.up && (link->flags & IFF_UP) && (link->flags & IFF_RUNNING);
         i++) {
        const char *ip = address_of(table, link, families[i]);
        if (ip && (link->flags & IFF_LOOPBACK || has_route(table, link->index, families[i], any))) {
            view.up = true;
            snprintf(view.ip, sizeof view.ip, "%s", ip);
        }
    }
    return view;
}
