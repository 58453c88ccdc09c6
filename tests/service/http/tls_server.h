/* tls_server.py as a process, with certificates of a folder (tests/support/certs.h). */
#ifndef TESTS_SERVICE_HTTP_TLS_SERVER_H
#define TESTS_SERVICE_HTTP_TLS_SERVER_H

#include <sys/types.h>

struct tls_server {
    pid_t pid;
    int port;
};

/* certificate: "server", "wrong", ...; up to four options, NULL at the end. */
struct tls_server tls_server_start(const char *folder, const char *certificate,
                                   const char *const *options);
void tls_server_stop(struct tls_server *server);

/* "https://HOST:PORT" PATH; the caller frees. */
char *tls_server_url(const struct tls_server *server, const char *host, const char *path);

#endif
