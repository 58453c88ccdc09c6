/* Private to the MQTT service: one connection to a broker by name, kept over its losses. Looks the
 * name up (network.redirect applied) and tries each address with a fair part of the time. */
#ifndef SERVICE_MQTT_MQTT_DIAL_H
#define SERVICE_MQTT_MQTT_DIAL_H

#include "service/mqtt/mqtt_event.h"

struct mqtt_dial;
struct mqtt_link;
struct service_env;

/* options must outlive it, or be replaced by mqtt_dial_start(). The handler gets all events of the
 * link, but DOWN of an address only when there is none left. */
struct mqtt_dial *mqtt_dial_create(const struct service_env *env, bool probe,
                                   mqtt_event_handler handler, void *ctx);
/* Also from inside an event. Writes no DISCONNECT. */
void mqtt_dial_destroy(struct mqtt_dial *dial);

/* Begins an attempt, ending one that is under way; the outcome is UP or DOWN within the options'
 * connect_timeout_ms. While env->network is not usable it is DOWN at once, and what is up when that
 * goes is cut without a DISCONNECT, then DOWN. Options other than before must describe the same
 * session (mqtt_options_same_session()), or mqtt_dial_forget() comes first. */
void mqtt_dial_start(struct mqtt_dial *dial, const struct mqtt_options *options);
/* Ends the attempt or the connection without an event. */
void mqtt_dial_stop(struct mqtt_dial *dial);

/* True if the next connection to the same session could finish something: a QoS 2 message from the
 * broker without its PUBREL. */
bool mqtt_dial_unfinished(const struct mqtt_dial *dial);
/* While no connection is up or tried: drops what the last one left half done. */
void mqtt_dial_forget(struct mqtt_dial *dial);

/* The link that is up, or NULL. */
struct mqtt_link *mqtt_dial_link(const struct mqtt_dial *dial);

#endif
