/* Something between a client and a broker: a port on 127.0.0.2 that first swallows every SYN, as a
 * dead address does, and then passes bytes on to the same port on 127.0.0.1. */
#ifndef TESTS_SERVICE_MQTT_RELAY_H
#define TESTS_SERVICE_MQTT_RELAY_H

struct ev_loop;
struct relay;

struct relay *relay_create(struct ev_loop *loop, int port);
void relay_destroy(struct relay *relay);
/* From now on connections come about: the kernel sends SYN again after a second. */
void relay_open(struct relay *relay);

#endif
