/* A real CoAP server, libcoap's example program, on a free port of 127.0.0.1, DTLS on the next. */
#ifndef TESTS_SERVICE_COAP_SERVER_H
#define TESTS_SERVICE_COAP_SERVER_H

#include <sys/types.h>

struct server {
    pid_t pid;
    int port;
};

/* more: further options of the program, NULL-ended, or NULL. */
struct server *server_create(const char *const *more);
void server_destroy(struct server *server);

/* Ends the program at once, and starts it again at the same port. */
void server_kill(struct server *server);
void server_start(struct server *server, const char *const *more);

/* It stands still: as if its host had gone. */
void server_freeze(struct server *server);

#endif
