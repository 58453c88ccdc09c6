/* The socket at which encrypted credentials arrive. Private to lib/net. */
#ifndef NET_PROVISION_UDP_H
#define NET_PROVISION_UDP_H

#include <stdbool.h>
#include <stddef.h>

#include "net/provision_message.h"

struct ev_loop;
struct log;
struct provision_udp;

/* As struct setting's check(): "ADDRESS:PORT" in numbers, IPv6 in brackets; or empty. */
bool provision_udp_check(const char *value, char *why, size_t why_size);

/* Good credentials have come, and are answered. After the first the socket only repeats its answer,
 * for a sender that did not get it, and is closed after some seconds: it calls nothing any more.
 * May destroy the socket. */
typedef void (*provision_udp_given)(void *ctx, const struct provision_credentials *credentials);

/* address must have passed provision_udp_check(), and is not empty; key has PROVISION_KEY_LEN bytes
 * and is copied. NULL with the reason in the log. */
struct provision_udp *provision_udp_open(struct ev_loop *loop, struct log *log, const char *address,
                                         const void *key, provision_udp_given given, void *ctx);
/* NULL is fine. */
void provision_udp_close(struct provision_udp *udp);

/* Where it listens; empty: it does no more. */
const char *provision_udp_address(const struct provision_udp *udp);

#endif
