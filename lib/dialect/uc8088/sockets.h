/* IPCREATE, IPSEND, IPCLOSE: one TCP and one UDP client. */
#ifndef DIALECT_UC8088_SOCKETS_H
#define DIALECT_UC8088_SOCKETS_H

#include <ev.h>

#include "at/at.h"
#include "base/buf.h"
#include "dialect/intake.h"
#include "service/socket/socket.h"

struct uc;

enum { UC_SOCKETS = 2 };

struct uc_sockets {
    struct uc_socket {
        struct uc *uc;
        struct socket *socket;
        enum { UC_SOCKET_CLOSED, UC_SOCKET_OPENING, UC_SOCKET_OPEN } state;
        enum socket_kind kind;
        char *host; /* as it was given */
        int port;
        unsigned attempts;
        ev_timer retry;
        at_ticket opener;  /* the IPCREATE that waits; 0: none does */
        at_ticket sender;  /* IPSEND */
        struct buf unsent; /* what IPSEND has not got rid of */
    } socket[UC_SOCKETS];  /* by enum socket_kind */
    struct intake intake;
};

void uc_sockets_power_on(struct uc *uc);
void uc_sockets_power_off(struct uc *uc);
/* No data pass any more. */
void uc_sockets_gone(struct uc *uc);

#endif
