/* A peer on 127.0.0.1 that answers with what a test wants, on the test's own loop. */
#ifndef TESTS_SERVICE_COAP_PEER_H
#define TESTS_SERVICE_COAP_PEER_H

#include <ev.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CON, NON, ACK, RST };
enum { PEER_OPTIONS = 32 };

struct option {
    unsigned number;
    const void *bytes;
    size_t len;
};

struct message {
    int type;
    unsigned code; /* as on the wire */
    uint16_t mid;
    uint8_t token[8];
    size_t token_len;
    struct option options[PEER_OPTIONS];
    size_t option_count;
    const void *bytes;
    size_t len;
};

struct peer {
    struct ev_loop *loop;
    int fd;
    int port;
    ev_io io;
    struct sockaddr_storage from; /* who sent last */
    socklen_t from_len;
    unsigned received; /* datagrams */
    char raw[2048];    /* the last one */
    size_t raw_len;
    struct message last; /* points into raw; type -1: not CoAP */
    /* Called for each datagram; NULL: silence. */
    void (*answer)(struct peer *peer, const struct message *message);
    void *ctx;
    unsigned step;     /* for answer() to count with */
    unsigned expected; /* datagrams, for peer_has_received() */
};

/* ip: "127.0.0.1", "::1", ...; port 0: a free one. */
struct peer *peer_create(struct ev_loop *loop, const char *ip, int port);
/* NULL is fine. */
void peer_destroy(struct peer *peer);

/* To who sent last. */
void peer_send(struct peer *peer, const struct message *message);
void peer_send_raw(struct peer *peer, const void *bytes, size_t len);

/* The piggy-backed response to a message: without options, text as payload. */
struct message peer_response(const struct message *to, unsigned code, const char *text);
/* An empty ACK or RST. */
struct message peer_empty(const struct message *to, int type);

/* The value of an option that is a number, or -1. */
long peer_number(const struct message *message, unsigned number);

/* A block option in four bytes of the caller's. */
struct option peer_block(unsigned number, unsigned block, bool more, unsigned szx,
                         uint8_t value[4]);

/* For bench_until(): whether as many datagrams have come as are expected. */
bool peer_has_received(void *peer);

/* Answers each CON with the ACK 2.05 "x", for struct peer. */
void peer_answer_x(struct peer *peer, const struct message *message);

#endif
