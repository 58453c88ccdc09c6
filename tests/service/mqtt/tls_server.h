/* A TLS server for one connection, which says on its output what it is sent, and sends in one
 * record what is written to its input: `openssl s_server`. */
#ifndef TESTS_SERVICE_MQTT_TLS_SERVER_H
#define TESTS_SERVICE_MQTT_TLS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct tls_server {
    pid_t pid;
    int input;
    int output; /* does not block */
};

/* Shows server.pem of the folder. */
struct tls_server tls_server_start(const char *folder, int port);
/* Whether the CONNECT of a client has come; takes it. */
bool tls_server_has_connect(const struct tls_server *server);
/* Whether the connection, and with it the server, has ended. */
bool tls_server_has_ended(const struct tls_server *server);

#endif
