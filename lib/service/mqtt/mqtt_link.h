/* Private to the MQTT service: one libmosquitto client on the loop. It connects to one number at a
 * time, owns the watcher on the socket and the keep-alive timer, and reports by events. All calls
 * into libmosquitto are here and in mqtt_client.c. */
#ifndef SERVICE_MQTT_MQTT_LINK_H
#define SERVICE_MQTT_MQTT_LINK_H

#include "service/mqtt/mqtt_event.h"

struct mqtt_link;
struct service_env;

/* options must outlive it (or be replaced). probe: leaves at the CONNACK without acknowledging
 * anything. */
struct mqtt_link *mqtt_link_create(const struct service_env *env,
                                   const struct mqtt_options *options, bool probe,
                                   mqtt_event_handler handler, void *ctx);
/* Also from inside an event. Writes no DISCONNECT. */
void mqtt_link_destroy(struct mqtt_link *link);

/* Reads certificates and sets credentials and will from (new) options that describe the same
 * session. False with a reason: they are bad. Before each series of mqtt_link_connect(). */
bool mqtt_link_prepare(struct mqtt_link *link, const struct mqtt_options *options, char *why,
                       size_t why_size);

/* Begins to connect to a number; the outcome is UP or DOWN. */
void mqtt_link_connect(struct mqtt_link *link, const char *address, int port);
/* Ends the connection without an event; mqtt_link_connect() may follow. */
void mqtt_link_abort(struct mqtt_link *link);
/* Writes DISCONNECT, then comes CLOSED. */
void mqtt_link_disconnect(struct mqtt_link *link);

/* Between UP and the moment at which DOWN is put into the queue. */
bool mqtt_link_up(const struct mqtt_link *link);
/* True if the next connection could finish what this one left half done: a QoS 2 message from the
 * broker without its PUBREL. */
bool mqtt_link_unfinished(const struct mqtt_link *link);
/* After DOWN: the broker has lost that session, so what is half done would get mixed up with its
 * new packet ids; only a new link may connect again. */
bool mqtt_link_stale(const struct mqtt_link *link);
/* Which step is under way, for people. */
const char *mqtt_link_stage(const struct mqtt_link *link);

/* The packet id that the next request will have. */
uint16_t mqtt_link_next_id(const struct mqtt_link *link);
/* Passes over one packet id. */
bool mqtt_link_skip_id(struct mqtt_link *link);

/* As the calls of mqtt.h. False: libmosquitto refuses the arguments. */
bool mqtt_link_publish(struct mqtt_link *link, const char *topic, const void *bytes, size_t len,
                       int qos, bool retain, uint16_t *packet_id, bool *written);
bool mqtt_link_subscribe(struct mqtt_link *link, const char *filter, int qos, uint16_t *packet_id);
bool mqtt_link_unsubscribe(struct mqtt_link *link, const char *filter, uint16_t *packet_id);

#endif
