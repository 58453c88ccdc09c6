/* The far end, played packet by packet: a listener on 127.0.0.1 that serves one connection at a
 * time and writes down what comes:
 *
 *     CONNECT CLEAN WILL      SUBSCRIBE ID    PUBLISH DUP QOS ID    PUBACK ID ...
 *     PINGREQ  DISCONNECT     END (the client has closed)
 */
#ifndef TESTS_SERVICE_MQTT_PEER_H
#define TESTS_SERVICE_MQTT_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct bench;
struct peer;

struct peer *peer_create(struct bench *bench);
/* Makes one that accepts, connects to it and takes the lines of both. */
struct peer *peer_connect(struct bench *bench);
void peer_destroy(struct peer *peer);
int peer_port(const struct peer *peer);
/* How many connections there were. */
int peer_connections(const struct peer *peer);

/* A peer that is not MQTT: what comes is kept as it is (there is still END). */
void peer_play_dumb(struct peer *peer);
/* Sent to each new connection at once; bytes outlive the peer. */
void peer_greet(struct peer *peer, const void *bytes, size_t len);
/* CONNECT is answered so, and with code < 0 not at all (as at first). After a CONNECT without clean
 * session the session is present. */
void peer_answer_connect(struct peer *peer, int code, bool session_present);
/* Each CONNECT is answered with these bytes in one piece; they outlive the peer. */
void peer_answer_connect_with(struct peer *peer, const void *bytes, size_t len);
/* While true, what comes is left in the kernel. */
void peer_pause(struct peer *peer, bool pause);

/* Takes what is in the kernel without running the loop. */
void peer_drain(struct peer *peer);

void peer_send(struct peer *peer, const void *bytes, size_t len);
/* A packet with a packet id and nothing else, or with one more byte (last >= 0). */
void peer_send_ack(struct peer *peer, unsigned char type, unsigned id, int last);
void peer_close(struct peer *peer);
void peer_reset(struct peer *peer);

/* Waits for the next packet and takes it: it must be this line. */
void peer_expect(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Of a dumb peer: whether these bytes were among what came over the present connection. */
bool peer_received(const struct peer *peer, const char *text);
/* The lines that are not taken yet. */
const char *peer_lines(struct peer *peer);

#endif
