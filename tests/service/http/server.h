/* An HTTP server of which a test decides every byte: it listens on 127.0.0.1, runs on the test's
 * loop, keeps what it is asked and gives answers as they are written down, one a request. */
#ifndef TESTS_SERVICE_HTTP_SERVER_H
#define TESTS_SERVICE_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct server;

enum server_when {
    SERVER_AT_REQUEST, /* the whole request is in */
    SERVER_AT_HEAD,    /* its head is in; nothing more is read */
    SERVER_AT_ACCEPT,
};

enum server_then { SERVER_KEEP, SERVER_CLOSE, SERVER_RESET, SERVER_FLOOD };

struct server_answer {
    const char *bytes; /* NULL: none */
    size_t len;        /* 0: as a string */
    enum server_when when;
    enum server_then then;
    const char *flood; /* sent again and again with SERVER_FLOOD */
    double drip_s;     /* one byte each so many seconds; 0: all at once */
    double sip_s;      /* the request is read in pieces, with so many seconds between */
};

struct server *server_create(struct ev_loop *loop);
void server_destroy(struct server *server);

/* The answers to the next requests in their order; the last one stays. They outlive the server. */
void server_script(struct server *server, const struct server_answer *answers, size_t count);
/* The only one from now on is this text, and the connection is kept. */
void server_says(struct server *server, const char *text);

int server_port(const struct server *server);
/* "http://127.0.0.1:PORT" PATH, valid until the next call. */
const char *server_url(struct server *server, const char *path);

/* Connections taken up to now, and those of them that are still open. */
unsigned server_accepted(const struct server *server);
unsigned server_open(const struct server *server);
/* Requests up to now, and the last of them: head and body as they came. */
unsigned server_requests(const struct server *server);
const char *server_request(struct server *server, size_t *len);
bool server_was_asked(struct server *server, const char *text);
/* Bytes that left the server up to now. */
size_t server_sent(const struct server *server);

/* Closes all connections from here. */
void server_hang_up(struct server *server);

#endif
