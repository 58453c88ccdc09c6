/* Private to the MQTT service: a struct mosquitto whose callbacks only take notes. libmosquitto
 * holds locks while it calls back, so nothing may be done there; mqtt_link.c acts on the notes
 * after each call has returned. */
#ifndef SERVICE_MQTT_MQTT_CLIENT_H
#define SERVICE_MQTT_MQTT_CLIENT_H

#include <mosquitto.h>

#include "service/mqtt/mqtt_event.h"
#include "service/mqtt/mqtt_tls.h"

struct log;

struct mqtt_client {
    struct mosquitto *library;
    struct mqtt_tls_side *tls; /* NULL without TLS */
    struct log *log;
    bool probe;
    size_t id_len; /* of the client id in log lines; 0: not known */

    struct mqtt_queue queue;
    bool up;      /* CONNACK 0 is in */
    int connack;  /* CONNACK's code when it is not 0 */
    int error;    /* errno when libmosquitto gave the connection up */
    bool stale;   /* the broker has lost a session that has something half done here */
    bool arrived; /* packets came */
    bool left;    /* packets were sent */
    bool pinged;  /* PINGREQ among them */

    const int *publishing; /* the packet id inside of mosquitto_publish() */
    bool written;          /* that one is on its way already */

    uint16_t *halfway; /* QoS 2 packet ids from the broker that wait for their PUBREL */
    size_t halfway_count;
};

/* NULL if libmosquitto does not take the options. */
struct mqtt_client *mqtt_client_create(const struct mqtt_options *options, bool probe,
                                       struct log *log);
void mqtt_client_destroy(struct mqtt_client *client);

/* Credentials and will, before a connection. */
bool mqtt_client_configure(struct mqtt_client *client, const struct mqtt_options *options);

/* Forgets the notes about the last connection, before the next one. */
void mqtt_client_begin(struct mqtt_client *client);

#endif
